package dev.tautline.sctp;

import static dev.tautline.sctp.HandPeer.EXTENSIONS;
import static dev.tautline.sctp.HandPeer.INITIAL_TSN;
import static dev.tautline.sctp.HandPeer.data;
import static dev.tautline.sctp.HandPeer.only;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tautline.sctp.AssociationEvent.MessageReceived;
import dev.tautline.sctp.AssociationEvent.StreamsAdded;
import dev.tautline.sctp.packet.CookieEchoChunk;
import dev.tautline.sctp.packet.InitAckChunk;
import dev.tautline.sctp.packet.InitBody;
import dev.tautline.sctp.packet.ReconfigChunk;
import dev.tautline.sctp.packet.ReconfigParameter;
import dev.tautline.sctp.packet.ReconfigParameter.AddStreams;
import dev.tautline.sctp.packet.ReconfigParameter.AddStreams.Direction;
import dev.tautline.sctp.packet.ReconfigParameter.Response;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Streams added at the peer's wish, RFC 6525 sections 5.2.5 and 5.2.6. */
class AddStreamsTest {
  private final HandPeer peer = withStreams(10);

  /** An association with a peer that has so many streams each way. */
  private static HandPeer withStreams(int streams) {
    AssociationOptions options =
        AssociationOptions.rfc().toBuilder().incomingStreams(100).outgoingStreams(100).build();
    var peer = new HandPeer(options);
    var init =
        new InitBody(HandPeer.TAG, HandPeer.WINDOW, streams, streams, INITIAL_TSN, EXTENSIONS);
    InitBody ack = only(peer.sendInit(init), InitAckChunk.class).body();
    peer.peerTag = ack.initiateTag();
    peer.peerInitialTsn = ack.initialTsn();
    peer.send(new CookieEchoChunk(HandPeer.cookieOf(ack)));
    peer.drainEvents();
    peer.events.clear();
    return peer;
  }

  private List<ReconfigParameter> ask(ReconfigParameter request) {
    var answers = new ArrayList<ReconfigParameter>();
    for (ReconfigChunk chunk :
        HandPeer.all(peer.send(new ReconfigChunk(List.of(request))), ReconfigChunk.class)) {
      answers.addAll(chunk.parameters());
    }
    return answers;
  }

  @Test
  void thePeersNewStreamsCanBeUsed() {
    peer.send(data(INITIAL_TSN, 10, 0, 5));
    assertThat(peer.drops(DropReason.INVALID_STREAM)).isEqualTo(1);

    // Peer -> RE-CONFIG (ADD OUTGOING STREAMS 5) -> Z
    // Peer <- RE-CONFIG (RESPONSE performed) <- Z
    assertThat(ask(new AddStreams(Direction.OUTGOING, INITIAL_TSN, 5)))
        .containsExactly(Response.of(INITIAL_TSN, Response.PERFORMED));

    assertThat(peer.events(StreamsAdded.class)).containsExactly(new StreamsAdded(10, 15));
    peer.send(data(INITIAL_TSN + 1, 14, 0, 5));
    assertThat(peer.events(MessageReceived.class)).hasSize(1);
    peer.send(data(INITIAL_TSN + 2, 15, 0, 5));
    assertThat(peer.drops(DropReason.INVALID_STREAM)).isEqualTo(2);
  }

  @Test
  void aRepeatedRequestAddsStreamsOnce() {
    var request = new AddStreams(Direction.OUTGOING, INITIAL_TSN, 5);

    ask(request);

    assertThat(ask(request)).containsExactly(Response.of(INITIAL_TSN, Response.PERFORMED));
    assertThat(peer.events(StreamsAdded.class)).containsExactly(new StreamsAdded(10, 15));
  }

  @Test
  void moreStreamsThanTheOptionsAllowAreDenied() {
    assertThat(ask(new AddStreams(Direction.OUTGOING, INITIAL_TSN, 91)))
        .containsExactly(Response.of(INITIAL_TSN, Response.DENIED));
    assertThat(ask(new AddStreams(Direction.INCOMING, INITIAL_TSN + 1, 91)))
        .containsExactly(Response.of(INITIAL_TSN + 1, Response.DENIED));
    assertThat(ask(new AddStreams(Direction.OUTGOING, INITIAL_TSN + 2, 0)))
        .containsExactly(Response.of(INITIAL_TSN + 2, Response.NOTHING_TO_DO));
    assertThat(peer.events(StreamsAdded.class)).isEmpty();
  }

  @Test
  void streamsOfOursAreAddedByOurOwnRequest() {
    assertThat(peer.userSends(12, 5)).isEqualTo(SendResult.UNKNOWN_STREAM);

    // Peer -> RE-CONFIG (ADD INCOMING STREAMS 5) -> Z
    // Peer <- RE-CONFIG (RESPONSE performed) <- Z
    // Peer <- RE-CONFIG (ADD OUTGOING STREAMS 5) <- Z
    List<ReconfigParameter> answers = ask(new AddStreams(Direction.INCOMING, INITIAL_TSN, 5));
    var own = new AddStreams(Direction.OUTGOING, peer.peerInitialTsn, 5);
    assertThat(answers)
        .containsExactlyInAnyOrder(Response.of(INITIAL_TSN, Response.PERFORMED), own);
    // Another one waits until the peer has answered ours.
    assertThat(ask(new AddStreams(Direction.INCOMING, INITIAL_TSN + 1, 5)))
        .containsExactly(Response.of(INITIAL_TSN + 1, Response.REQUEST_ALREADY_IN_PROGRESS));
    assertThat(peer.userSends(12, 5)).isEqualTo(SendResult.UNKNOWN_STREAM);

    // Peer -> RE-CONFIG (RESPONSE performed) -> Z
    ask(Response.of(peer.peerInitialTsn, Response.PERFORMED));

    assertThat(peer.events(StreamsAdded.class)).containsExactly(new StreamsAdded(15, 10));
    assertThat(peer.userSends(14, 5)).isEqualTo(SendResult.ACCEPTED);
    assertThat(peer.userSends(15, 5)).isEqualTo(SendResult.UNKNOWN_STREAM);
  }

  @Test
  void aRequestOfOursThatIsRefusedChangesNothing() {
    ask(new AddStreams(Direction.INCOMING, INITIAL_TSN, 5));

    ask(Response.of(peer.peerInitialTsn, Response.DENIED));

    assertThat(peer.events(StreamsAdded.class)).isEmpty();
    assertThat(peer.userSends(12, 5)).isEqualTo(SendResult.UNKNOWN_STREAM);
  }

  @Test
  void aLostAnswerToOurRequestIsAskedForAgain() {
    ask(new AddStreams(Direction.INCOMING, INITIAL_TSN, 5));

    ReconfigChunk again = only(peer.nextPackets(), ReconfigChunk.class);

    assertThat(again.parameters())
        .containsExactly(new AddStreams(Direction.OUTGOING, peer.peerInitialTsn, 5));
  }
}
