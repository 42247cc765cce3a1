package dev.tautline.sctp;

import static dev.tautline.sctp.HandPeer.EXTENSIONS;
import static dev.tautline.sctp.HandPeer.INITIAL_TSN;
import static dev.tautline.sctp.HandPeer.all;
import static dev.tautline.sctp.HandPeer.data;
import static dev.tautline.sctp.HandPeer.only;
import static dev.tautline.sctp.HandPeer.sack;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tautline.sctp.AssociationEvent.IncomingStreamsReset;
import dev.tautline.sctp.AssociationEvent.MessageReceived;
import dev.tautline.sctp.AssociationEvent.OutgoingStreamsReset;
import dev.tautline.sctp.AssociationEvent.StreamsResetFailed;
import dev.tautline.sctp.packet.DataChunk;
import dev.tautline.sctp.packet.Octets;
import dev.tautline.sctp.packet.Parameter;
import dev.tautline.sctp.packet.ReconfigChunk;
import dev.tautline.sctp.packet.ReconfigParameter;
import dev.tautline.sctp.packet.ReconfigParameter.AddStreams;
import dev.tautline.sctp.packet.ReconfigParameter.IncomingReset;
import dev.tautline.sctp.packet.ReconfigParameter.OutgoingReset;
import dev.tautline.sctp.packet.ReconfigParameter.Response;
import dev.tautline.sctp.packet.ReconfigParameter.TsnReset;
import dev.tautline.sctp.scenario.Scenarios;
import dev.tautline.sctp.scenario.Seeds;
import dev.tautline.testkit.SimulatedNetwork;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** RFC 6525. */
@Scenarios
class StreamResetTest {
  private final HandPeer peer = HandPeer.established();

  private ReconfigParameter parameter(List<byte[]> packets) {
    return only(packets, ReconfigChunk.class).parameters().get(0);
  }

  private List<byte[]> ask(ReconfigParameter request) {
    return peer.send(new ReconfigChunk(List.of(request)));
  }

  private int answerTo(ReconfigParameter request) {
    return ((Response) parameter(ask(request))).result();
  }

  private OutgoingReset theirReset(int number, int lastTsn, Integer... streams) {
    return new OutgoingReset(
        INITIAL_TSN + number, peer.peerInitialTsn - 1, lastTsn, List.of(streams));
  }

  // --- our streams ---

  @Test
  void asksAtOnceWhenNothingIsOutstanding() {
    peer.association.resetStreams(0, new int[] {3, 5});

    var request = (OutgoingReset) parameter(peer.poll());

    assertThat(request.requestSequence()).isEqualTo(peer.peerInitialTsn);
    assertThat(request.lastTsn()).isEqualTo(peer.peerInitialTsn - 1);
    assertThat(request.streamIds()).containsExactly(3, 5);
    ask(Response.of(request.requestSequence(), Response.PERFORMED));
    assertThat(peer.events).containsExactly(new OutgoingStreamsReset(List.of(3, 5)));
  }

  @Test
  void waitsUntilAllDataOfTheStreamIsAcknowledged() {
    peer.userSends(3, 100);
    peer.association.resetStreams(0, new int[] {3});

    assertThat(all(peer.poll(), ReconfigChunk.class)).isEmpty();

    var request = (OutgoingReset) parameter(peer.send(sack(peer.peerInitialTsn, HandPeer.WINDOW)));
    assertThat(request.lastTsn()).isEqualTo(peer.peerInitialTsn);
  }

  @Test
  void holdsBackWhatIsSentAfterTheResetAndNumbersItFromZero() {
    peer.userSends(3, 100);
    peer.association.resetStreams(0, new int[] {3});
    peer.userSends(3, 200);
    assertThat(all(peer.poll(), DataChunk.class)).hasSize(1);
    var request = (OutgoingReset) parameter(peer.send(sack(peer.peerInitialTsn, HandPeer.WINDOW)));

    List<byte[]> after = ask(Response.of(request.requestSequence(), Response.PERFORMED));

    DataChunk next = only(after, DataChunk.class);
    assertThat(next.ssn()).isZero();
    assertThat(next.payload().length()).isEqualTo(200);
  }

  @Test
  void otherStreamsGoOnMeanwhile() {
    peer.association.resetStreams(0, new int[] {3});
    peer.poll();
    peer.userSends(4, 10);

    only(peer.poll(), DataChunk.class);
  }

  @Test
  void repeatsAnUnansweredRequestUnchanged() {
    peer.association.resetStreams(0, new int[] {3});
    ReconfigParameter first = parameter(peer.poll());

    assertThat(parameter(peer.nextPackets())).isEqualTo(first);
    assertThat(parameter(peer.nextPackets())).isEqualTo(first);
  }

  @Test
  void asksAgainWithTheSameNumberAfterInProgress() {
    peer.association.resetStreams(0, new int[] {3});
    var first = (OutgoingReset) parameter(peer.poll());

    assertThat(ask(Response.of(first.requestSequence(), Response.IN_PROGRESS))).isEmpty();
    assertThat(parameter(peer.nextPackets())).isEqualTo(first);
    ask(Response.of(first.requestSequence(), Response.PERFORMED));

    assertThat(peer.events).containsExactly(new OutgoingStreamsReset(List.of(3)));
  }

  @Test
  void aDeniedResetIsReportedAndTheStreamGoesOn() {
    peer.userSends(3, 10);
    peer.poll();
    peer.send(sack(peer.peerInitialTsn, HandPeer.WINDOW));
    peer.association.resetStreams(0, new int[] {3});
    var request = (OutgoingReset) parameter(peer.poll());

    ask(Response.of(request.requestSequence(), Response.DENIED));

    assertThat(peer.events(StreamsResetFailed.class).get(0).streamIds()).containsExactly(3);
    peer.userSends(3, 10);
    assertThat(only(peer.poll(), DataChunk.class).ssn()).isEqualTo(1);
  }

  @Test
  void hasOneRequestUnderWayAtATime() {
    peer.association.resetStreams(0, new int[] {3});
    var first = (OutgoingReset) parameter(peer.poll());
    peer.association.resetStreams(0, new int[] {4});
    peer.association.resetStreams(0, new int[] {5});
    assertThat(peer.poll()).isEmpty();

    var second =
        (OutgoingReset)
            parameter(ask(Response.of(first.requestSequence(), Response.NOTHING_TO_DO)));

    assertThat(second.requestSequence()).isEqualTo(first.requestSequence() + 1);
    assertThat(second.streamIds()).containsExactly(4, 5);
  }

  @Test
  void aResponseWithAnotherNumberIsIgnored() {
    peer.association.resetStreams(0, new int[] {3});
    var request = (OutgoingReset) parameter(peer.poll());

    ask(Response.of(request.requestSequence() + 1, Response.PERFORMED));
    ask(Response.of(request.requestSequence() - 1, Response.PERFORMED));

    assertThat(peer.events).isEmpty();
  }

  @Test
  void failsWhenThePeerCannotResetStreams() {
    var without =
        new Parameter(Parameter.SUPPORTED_EXTENSIONS, Octets.copyOf(new byte[] {(byte) 0xc0}));
    HandPeer old = HandPeer.established(AssociationOptions.rfc(), List.of(without));
    old.association.resetStreams(0, new int[] {3});

    assertThat(old.poll()).isEmpty();
    assertThat(old.events(StreamsResetFailed.class)).hasSize(1);
  }

  @Test
  void triesWhenThePeerDidNotSayWhatItCan() {
    HandPeer plain = HandPeer.established(AssociationOptions.forDataChannels(), List.of());
    plain.association.resetStreams(0, new int[] {3});
    int requests = all(plain.poll(), ReconfigChunk.class).size();
    while (plain.events(StreamsResetFailed.class).isEmpty()) {
      requests += all(plain.nextTimer(), ReconfigChunk.class).size();
    }

    assertThat(requests).isEqualTo(1 + 20);
  }

  // --- the peer's streams ---

  @Test
  void performsThePeersResetAndTellsAfterTheData() {
    peer.send(data(INITIAL_TSN, 3, 0, 5));

    assertThat(answerTo(theirReset(0, INITIAL_TSN, 3))).isEqualTo(Response.PERFORMED);

    assertThat(peer.events.get(0)).isInstanceOf(MessageReceived.class);
    assertThat(peer.events.get(1)).isEqualTo(new IncomingStreamsReset(List.of(3)));
    // The stream is used anew from SSN 0.
    peer.send(data(INITIAL_TSN + 1, 3, 0, 5));
    assertThat(peer.events(MessageReceived.class)).hasSize(2);
  }

  @Test
  void aResetOfAllStreamsHasAnEmptyList() {
    answerTo(theirReset(0, INITIAL_TSN - 1));

    assertThat(peer.events).containsExactly(new IncomingStreamsReset(List.of()));
  }

  @Test
  void putsAResetOffUntilAllDataBeforeItCame() {
    assertThat(answerTo(theirReset(0, INITIAL_TSN, 3))).isEqualTo(Response.IN_PROGRESS);
    assertThat(peer.events).isEmpty();
    peer.send(data(INITIAL_TSN, 3, 0, 5));

    // Under the same number it is judged anew.
    assertThat(answerTo(theirReset(0, INITIAL_TSN, 3))).isEqualTo(Response.PERFORMED);
    assertThat(peer.events(IncomingStreamsReset.class)).hasSize(1);
  }

  @Test
  void takesAPutOffResetUnderTheNextNumberToo() {
    // As dcSCTP asks again.
    assertThat(answerTo(theirReset(0, INITIAL_TSN, 3))).isEqualTo(Response.IN_PROGRESS);
    peer.send(data(INITIAL_TSN, 3, 0, 5));

    assertThat(answerTo(theirReset(1, INITIAL_TSN, 3))).isEqualTo(Response.PERFORMED);
  }

  @Test
  void aRepeatedRequestGetsItsAnswerAgainAndIsNotPerformedAgain() {
    answerTo(theirReset(0, INITIAL_TSN - 1, 3));
    peer.send(data(INITIAL_TSN, 3, 0, 5));

    assertThat(answerTo(theirReset(0, INITIAL_TSN - 1, 3))).isEqualTo(Response.PERFORMED);
    peer.send(data(INITIAL_TSN + 1, 3, 1, 5));

    assertThat(peer.events(IncomingStreamsReset.class)).hasSize(1);
    assertThat(peer.events(MessageReceived.class)).hasSize(2);
  }

  @Test
  void aNumberOutOfTurnIsBad() {
    assertThat(answerTo(theirReset(1, INITIAL_TSN - 1, 3))).isEqualTo(Response.BAD_SEQUENCE_NUMBER);
    assertThat(answerTo(theirReset(-5, INITIAL_TSN - 1, 3)))
        .isEqualTo(Response.BAD_SEQUENCE_NUMBER);
    assertThat(peer.events).isEmpty();
  }

  @Test
  void aStreamThatDoesNotExistIsWrong() {
    HandPeer few =
        HandPeer.established(
            AssociationOptions.rfc().toBuilder().incomingStreams(4).build(), EXTENSIONS);
    var request = new OutgoingReset(INITIAL_TSN, 0, INITIAL_TSN - 1, List.of(4));

    List<byte[]> answer = few.send(new ReconfigChunk(List.of(request)));

    assertThat(((Response) parameter(answer)).result()).isEqualTo(Response.WRONG_SSN);
  }

  @Test
  void resetsOurStreamWhenThePeerAsksForIt() {
    peer.userSends(3, 10);
    peer.poll();
    peer.send(sack(peer.peerInitialTsn, HandPeer.WINDOW));

    List<ReconfigChunk> answer =
        all(ask(new IncomingReset(INITIAL_TSN, List.of(3))), ReconfigChunk.class);

    var parameters = answer.stream().flatMap(c -> c.parameters().stream()).toList();
    assertThat(parameters).contains(Response.of(INITIAL_TSN, Response.PERFORMED));
    OutgoingReset own =
        parameters.stream()
            .filter(OutgoingReset.class::isInstance)
            .map(OutgoingReset.class::cast)
            .findFirst()
            .orElseThrow();
    assertThat(own.responseSequence()).isEqualTo(INITIAL_TSN);
    assertThat(own.streamIds()).containsExactly(3);
  }

  @Test
  void anIncomingResetOfUnusedStreamsHasNothingToDo() {
    assertThat(answerTo(new IncomingReset(INITIAL_TSN, List.of(3))))
        .isEqualTo(Response.NOTHING_TO_DO);
  }

  @Test
  void tsnResetAndMoreStreamsThanTheOptionsAllowAreDenied() {
    HandPeer few =
        HandPeer.established(
            AssociationOptions.rfc().toBuilder().incomingStreams(1000).build(), EXTENSIONS);
    var out = AddStreams.Direction.OUTGOING;
    var requests =
        List.of(
            new TsnReset(INITIAL_TSN),
            new AddStreams(out, INITIAL_TSN + 1, 24),
            new AddStreams(out, INITIAL_TSN + 2, 65_000),
            new AddStreams(AddStreams.Direction.INCOMING, INITIAL_TSN + 3, 24));

    List<Integer> results =
        requests.stream()
            .map(r -> ((Response) parameter(few.send(new ReconfigChunk(List.of(r))))).result())
            .toList();

    assertThat(results)
        .containsExactly(Response.DENIED, Response.DENIED, Response.DENIED, Response.DENIED);
  }

  @Test
  void streamsAreReusedAgainAndAgainOverALossyPath() {
    var net = SimulatedNetwork.seeded(Seeds.of(7)).oneWayDelay(Duration.ofMillis(10)).loss(0.1);
    var sim = SctpSim.on(net, AssociationOptions.forDataChannels()).connected();
    for (int round = 0; round < 30; round++) {
      int expected = round + 1;
      SctpSim.send(sim.a, 1, "round " + round);
      // Bulk beside it: its data is always in flight when the request goes.
      SctpSim.send(sim.a, 2, new byte[50_000], SendOptions.RELIABLE_UNORDERED);
      sim.a.core().resetStreams(sim.a.nowNanos(), new int[] {1});
      boolean done =
          net.runUntil(
              () -> sim.a.events(OutgoingStreamsReset.class).size() == expected,
              Duration.ofMinutes(1));
      assertThat(done).as(net::trace).isTrue();
    }

    net.runFor(Duration.ofSeconds(30));
    assertThat(sim.z.events(IncomingStreamsReset.class)).as(net::trace).hasSize(30);
    List<MessageReceived> rounds =
        sim.z.events(MessageReceived.class).stream().filter(m -> m.streamId() == 1).toList();
    assertThat(rounds).hasSize(30);
  }
}
