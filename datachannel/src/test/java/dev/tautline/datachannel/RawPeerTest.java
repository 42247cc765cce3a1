package dev.tautline.datachannel;

import static dev.tautline.datachannel.PeerPair.LOOPBACK;
import static dev.tautline.datachannel.PeerPair.get;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.tautline.datachannel.dcep.ChannelType;
import dev.tautline.datachannel.dcep.DcepMessage;
import dev.tautline.datachannel.dcep.Ppid;
import dev.tautline.ice.IceState;
import dev.tautline.sctp.AssociationEvent;
import dev.tautline.sctp.AssociationEvent.IncomingStreamsReset;
import dev.tautline.sctp.AssociationEvent.MessageReceived;
import dev.tautline.sctp.AssociationEvent.OutgoingStreamsReset;
import dev.tautline.sctp.SendOptions;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a peer may send that no stack of good manners would. */
@Timeout(60)
class RawPeerTest {
  private static Tautline tautline;
  private PeerConnection connection;
  private RawPeer raw;
  private final BlockingQueue<DataChannel> channels = new LinkedBlockingQueue<>();
  private final List<String> log = new CopyOnWriteArrayList<>();

  @BeforeAll
  static void create() {
    tautline = Tautline.create();
  }

  @AfterAll
  static void closeRuntime() {
    tautline.close();
  }

  @BeforeEach
  void connect() {
    connection = tautline.createPeerConnection(LOOPBACK);
    connection.onDataChannel(
        c -> {
          c.onMessage(m -> log.add(c.label() + ": " + m));
          c.onClosing(() -> log.add(c.label() + " closing"));
          c.onError(e -> log.add(c.label() + " error " + e.code()));
          c.onClose(() -> log.add(c.label() + " close"));
          channels.add(c);
        });
    raw = new RawPeer();
  }

  @AfterEach
  void close() {
    raw.close();
    connection.close();
  }

  private static byte[] open(String label, ChannelType type) {
    return new DcepMessage.Open(type, 256, 0, label, "").toBytes();
  }

  private static byte[] open(String label) {
    return open(label, ChannelType.RELIABLE);
  }

  private DataChannel nextChannel() throws InterruptedException {
    DataChannel channel = channels.poll(10, TimeUnit.SECONDS);
    assertThat(channel).as("no channel within 10 s").isNotNull();
    return channel;
  }

  private <T extends AssociationEvent> T next(Class<T> type, Predicate<T> wanted)
      throws InterruptedException {
    AssociationEvent event;
    while ((event = raw.events.poll(10, TimeUnit.SECONDS)) != null) {
      if (type.isInstance(event) && wanted.test(type.cast(event))) {
        return type.cast(event);
      }
    }
    throw new AssertionError("no such " + type.getSimpleName() + " within 10 s");
  }

  private void stillWorks(int streamId) throws InterruptedException {
    raw.send(streamId, Ppid.DCEP, open("still"));
    assertThat(nextChannel().label()).isEqualTo("still");
    assertThat(connection.connectionState()).isEqualTo(PeerConnectionState.CONNECTED);
  }

  @Test
  void openIsAcknowledgedAndDataMayFollowAtOnce() throws InterruptedException {
    raw.connect(connection);
    raw.send(1, Ppid.DCEP, open("a"));
    raw.send(1, Ppid.STRING, "at once");

    assertThat(nextChannel().id()).hasValue(1);
    MessageReceived ack = next(MessageReceived.class, m -> m.streamId() == 1);
    assertThat(ack.ppid()).isEqualTo(Ppid.DCEP);
    assertThat(ack.payload()).containsExactly(2);
    await().until(() -> log.contains("a: at once"));
  }

  @Test
  void dataBeforeItsOpenWaits() throws InterruptedException {
    raw.connect(connection);
    raw.send(
        3, Ppid.STRING, "early".getBytes(StandardCharsets.UTF_8), SendOptions.RELIABLE_UNORDERED);
    raw.send(5, Ppid.STRING, "nobody's");
    raw.send(3, Ppid.DCEP, open("late", ChannelType.RELIABLE_UNORDERED));

    assertThat(nextChannel().label()).isEqualTo("late");
    await().until(() -> log.contains("late: early"));
    assertThat(channels).isEmpty();
  }

  @Test
  void dataBeforeItsOpenIsBounded() throws InterruptedException {
    raw.connect(connection);
    for (int i = 0; i < 100; i++) {
      raw.send(7, Ppid.BINARY, new byte[8000]);
    }
    await().until(() -> get(connection.getStats()).messagesDropped() == 92);
    raw.send(7, Ppid.DCEP, open("late"));
    nextChannel();

    await().until(() -> log.size() == 8);
    // What was dropped left the window, so that more can come.
    for (int i = 0; i < 1000; i++) {
      raw.send(7, Ppid.BINARY, new byte[8192]);
    }
    await().until(() -> log.size() == 1008);
  }

  @Test
  void openOfOurParityIsRefusedByResettingTheStream() throws InterruptedException {
    raw.connect(connection);
    raw.send(2, Ppid.DCEP, open("wrong"));

    assertThat(next(IncomingStreamsReset.class, r -> true).streamIds()).containsExactly(2);
    assertThat(channels).isEmpty();
    stillWorks(1);
  }

  @Test
  void malformedOpensCloseTheirStreamOnly() throws InterruptedException {
    raw.connect(connection);
    raw.send(1, Ppid.DCEP, new byte[] {3, 0, 1});
    assertThat(next(IncomingStreamsReset.class, r -> true).streamIds()).containsExactly(1);
    raw.send(3, Ppid.DCEP, new byte[] {3, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0});
    assertThat(next(IncomingStreamsReset.class, r -> true).streamIds()).containsExactly(3);
    raw.send(5, Ppid.DCEP, new byte[] {77});
    assertThat(next(IncomingStreamsReset.class, r -> true).streamIds()).containsExactly(5);

    stillWorks(7);
  }

  @Test
  void aSecondOpenOnAChannelClosesIt() throws InterruptedException {
    raw.connect(connection);
    raw.send(1, Ppid.DCEP, open("a"));
    DataChannel channel = nextChannel();
    raw.send(1, Ppid.DCEP, open("b"));

    assertThat(next(IncomingStreamsReset.class, r -> true).streamIds()).containsExactly(1);
    raw.reset(1);
    get(channel.closed());
    stillWorks(3);
  }

  @Test
  void acknowledgementsForNothingAndUnknownPayloadsAreDropped() throws InterruptedException {
    raw.connect(connection);
    raw.send(9, Ppid.DCEP, new byte[] {2});
    raw.send(1, Ppid.DCEP, open("a"));
    raw.send(1, 52, new byte[] {1});
    raw.send(1, 54, new byte[] {1});
    raw.send(1, 4711, new byte[] {1});
    raw.send(1, Ppid.STRING, "fine");

    nextChannel();
    await().until(() -> log.contains("a: fine"));
    assertThat(log).containsExactly("a: fine");
    assertThat(get(connection.getStats()).messagesDropped()).isEqualTo(3);
  }

  @Test
  void whatIsNotUtf8IsReplaced() throws InterruptedException {
    raw.connect(connection);
    raw.send(1, Ppid.DCEP, open("a"));
    raw.send(1, Ppid.STRING, new byte[] {'x', (byte) 0xff, 'y', (byte) 0xc3});

    nextChannel();
    await().until(() -> log.contains("a: x\ufffdy\ufffd"));
  }

  @Test
  void emptyMessagesTravelAsOneByte() throws InterruptedException {
    raw.connect(connection);
    raw.send(1, Ppid.DCEP, open("a"));
    raw.send(1, Ppid.STRING_EMPTY, new byte[1]);
    raw.send(1, Ppid.BINARY_EMPTY, new byte[1]);
    DataChannel channel = nextChannel();
    channel.send("");
    channel.send(new byte[0]);

    await().until(() -> log.size() == 2);
    assertThat(log).containsExactly("a: ", "a: Binary[0 bytes]");
    MessageReceived string = next(MessageReceived.class, m -> m.ppid() == Ppid.STRING_EMPTY);
    assertThat(string.payload()).containsExactly(0);
    MessageReceived binary = next(MessageReceived.class, m -> m.ppid() == Ppid.BINARY_EMPTY);
    assertThat(binary.payload()).containsExactly(0);
  }

  @Test
  void aResetStreamIsAnsweredWithAResetAfterItsDataWasDelivered() throws InterruptedException {
    raw.connect(connection);
    raw.send(1, Ppid.DCEP, open("a"));
    raw.send(1, Ppid.STRING, "last words");
    raw.reset(1);

    DataChannel channel = nextChannel();
    next(OutgoingStreamsReset.class, r -> r.streamIds().contains(1));
    next(IncomingStreamsReset.class, r -> r.streamIds().contains(1));
    get(channel.closed());
    assertThat(log).containsExactly("a: last words", "a closing", "a close");
    // And the id can be used again.
    raw.send(1, Ppid.DCEP, open("b"));
    assertThat(nextChannel().label()).isEqualTo("b");
  }

  @Test
  void whatItSaidOfItsLargestMessageCounts() {
    raw.connect(connection, offer -> offer.replace("max-message-size:262144", "x-none:1"));
    assertThat(connection.sctp().maxMessageSize()).isEqualTo(65_536);
  }

  @Test
  void aLargestMessageOfZeroMeansAny() {
    raw.connect(
        connection, offer -> offer.replace("max-message-size:262144", "max-message-size:0"));
    assertThat(connection.sctp().maxMessageSize()).isEqualTo(16 << 20);
  }

  @Test
  void anOrderlyShutdownClosesTheChannelsWithoutAnError() throws InterruptedException {
    raw.connect(connection);
    raw.send(1, Ppid.DCEP, open("a"));
    DataChannel channel = nextChannel();
    raw.with(a -> a.shutdown(raw.nowNanos()));

    get(channel.closed());
    assertThat(log).containsExactly("a close");
    await().until(() -> connection.connectionState() == PeerConnectionState.FAILED);
    assertThat(connection.failure().orElseThrow().code())
        .isEqualTo(PeerConnectionException.Code.PEER_CLOSED);
  }

  @Test
  void anAbortIsAnErrorOfEachChannel() throws InterruptedException {
    raw.connect(connection);
    raw.send(1, Ppid.DCEP, open("a"));
    DataChannel channel = nextChannel();
    raw.sayGoodbye();

    get(channel.closed());
    assertThat(log).containsExactly("a error SCTP_FAILURE", "a close");
  }

  @Test
  void aPeerThatClosesIsNotCheckedForConsentAnyMore() throws InterruptedException {
    raw.connect(connection);
    raw.sayGoodbye();

    await().until(() -> connection.connectionState() == PeerConnectionState.FAILED);
    var state = new CompletableFuture<IceState>();
    connection.transport().execute(() -> state.complete(connection.transport().agent().state()));
    assertThat(get(state)).isEqualTo(IceState.CLOSED);
  }

  @Test
  void anAbortOfOursReachesThePeerWithItsCause() throws InterruptedException {
    smallWindow();
    connection.onDataChannel(channels::add);
    raw.connect(connection);
    raw.send(1, Ppid.DCEP, open("a"));
    nextChannel();
    // An incomplete message that no window of ours can hold.
    raw.send(1, Ppid.BINARY, new byte[200_000]);

    AssociationEvent.Aborted aborted = next(AssociationEvent.Aborted.class, e -> true);
    assertThat(aborted.origin()).isEqualTo(AssociationEvent.Origin.PEER);
    assertThat(aborted.causeCode()).as("out of resource").isEqualTo(4);
  }

  private void smallWindow() {
    connection.close();
    connection =
        tautline.createPeerConnection(
            PeerConnectionOptions.builder()
                .loopback(Loopback.ONLY)
                .maxMessageSize(1200)
                .receiveWindowBytes(64 << 10)
                .build());
  }

  @Test
  void unreadMessagesOfAChannelThatEndedDoNotBlockTheOthers() throws InterruptedException {
    smallWindow();
    connection.onDataChannel(channels::add);
    raw.connect(connection);
    raw.send(1, Ppid.DCEP, open("nobody reads it"));
    // The last one that the window takes: after it there is no room for another.
    for (int i = 0; i < 61; i++) {
      raw.send(1, Ppid.BINARY, new byte[1000]);
    }
    raw.reset(1);
    DataChannel unread = nextChannel();
    get(unread.closed());

    raw.send(3, Ppid.DCEP, open("b"));
    nextChannel().onMessage(m -> log.add("b"));
    for (int i = 0; i < 60; i++) {
      raw.send(3, Ppid.BINARY, new byte[1000]);
    }
    await().until(() -> log.size() == 60);
    // A handler that comes late gets them all the same.
    unread.onMessage(m -> log.add("late"));
    await().until(() -> log.size() == 121);
  }

  @Test
  void channelsThatEndedBeforeAnybodyAskedAreForgotten() throws InterruptedException {
    connection.close();
    connection = tautline.createPeerConnection(LOOPBACK);
    raw.connect(connection);
    raw.send(1, Ppid.DCEP, open("gone"));
    raw.reset(1);
    next(IncomingStreamsReset.class, e -> true);
    raw.send(3, Ppid.DCEP, open("here"));
    next(MessageReceived.class, m -> m.streamId() == 3);
    await().until(() -> get(connection.getStats()).channels().size() == 1);

    connection.onDataChannel(channels::add);
    assertThat(nextChannel().label()).isEqualTo("here");
  }

  @Test
  void aHandlerThatThrowsMissesNoneOfTheMessagesThatWaited() throws InterruptedException {
    connection.onDataChannel(channels::add);
    raw.connect(connection);
    raw.send(1, Ppid.DCEP, open("a"));
    raw.send(1, Ppid.STRING, "1");
    raw.send(1, Ppid.STRING, "2");
    raw.send(1, Ppid.STRING, "3");
    DataChannel channel = nextChannel();
    await().until(() -> get(connection.getStats()).channels().get(0).messagesReceived() == 3);

    channel.onMessage(
        m -> {
          log.add(m.toString());
          throw new IllegalStateException("the test's");
        });
    await().until(() -> log.size() == 3);
  }

  @Test
  void closingOursTellsThePeerTwice() throws InterruptedException {
    raw.connect(connection);

    connection.close();

    AssociationEvent.Aborted aborted = next(AssociationEvent.Aborted.class, e -> true);
    assertThat(aborted.causeCode()).isEqualTo(12);
    assertThat(aborted.origin()).isEqualTo(AssociationEvent.Origin.PEER);
    get(raw.dtlsClosed);
  }

  @Test
  void channelsAboveTheLimitAreRefused() throws InterruptedException {
    connection.close();
    connection =
        tautline.createPeerConnection(
            PeerConnectionOptions.builder().loopback(Loopback.ONLY).maxChannels(3).build());
    connection.onDataChannel(channels::add);
    raw.connect(connection);
    for (int i = 0; i < 5; i++) {
      raw.send(2 * i + 1, Ppid.DCEP, open("c" + i));
    }

    assertThat(next(IncomingStreamsReset.class, r -> true).streamIds()).contains(7);
    await().until(() -> channels.size() == 3);
  }

  @Test
  void thousandsOfHostileOpensAreSurvived() throws InterruptedException {
    raw.connect(connection);
    var ended = new CompletableFuture<Void>();
    connection.onConnectionStateChange(s -> ended.complete(null));
    for (int i = 0; i < 5000; i++) {
      raw.send(i % 65_000, Ppid.DCEP, open("\u202e\r\n evil " + i));
    }
    await().until(() -> get(connection.getStats()).channels().size() == 1024);

    assertThat(ended).isNotDone();
    assertThat(connection.connectionState()).isEqualTo(PeerConnectionState.CONNECTED);
  }
}
