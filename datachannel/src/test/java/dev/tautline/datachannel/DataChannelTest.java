package dev.tautline.datachannel;

import static dev.tautline.datachannel.PeerPair.get;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class DataChannelTest {
  private static Tautline tautline;
  private PeerPair pair;
  private final BlockingQueue<DataChannel> incoming = new LinkedBlockingQueue<>();

  @BeforeAll
  static void create() {
    tautline = Tautline.create();
  }

  @AfterAll
  static void close() {
    tautline.close();
  }

  @BeforeEach
  void pair() {
    pair = new PeerPair(tautline);
    pair.b.onDataChannel(incoming::add);
  }

  @AfterEach
  void closePair() {
    pair.close();
  }

  private DataChannel open(String label, DataChannelOptions options) {
    DataChannel channel = pair.a.createDataChannel(label, options);
    if (pair.a.signalingState() == SignalingState.STABLE
        && pair.a.connectionState() == PeerConnectionState.NEW) {
      pair.connect();
    }
    return get(channel.opened());
  }

  private DataChannel open(String label) {
    return open(label, DataChannelOptions.defaults());
  }

  private DataChannel nextIncoming() {
    return next(incoming);
  }

  private static <T> T next(BlockingQueue<T> queue) {
    try {
      T value = queue.poll(20, TimeUnit.SECONDS);
      assertThat(value).as("nothing came within 20 s").isNotNull();
      return value;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  private static BlockingQueue<DataChannelMessage> messages(DataChannel channel) {
    BlockingQueue<DataChannelMessage> messages = new LinkedBlockingQueue<>();
    channel.onMessage(messages::add);
    return messages;
  }

  private static void refuses(DataChannelException.Code code, ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            DataChannelException.class, e -> assertThat(e.code()).isEqualTo(code));
  }

  @Test
  void carriesStringsBytesAndEmptyMessagesInOrder() {
    DataChannel a = open("chat");
    DataChannel b = nextIncoming();
    var received = messages(b);
    byte[] large = new byte[262_144];
    new Random(1).nextBytes(large);

    a.send("héllo 🎈");
    a.send(new byte[] {1, 2, 3});
    a.send("");
    a.send(new byte[0]);
    a.send(large);
    a.send(ByteBuffer.wrap(new byte[] {9, 8, 7, 6}, 1, 2));
    a.send(ByteBuffer.allocateDirect(2).put((byte) 5).flip());

    assertThat(next(received)).isEqualTo(new DataChannelMessage.Text("héllo 🎈", 11));
    assertThat(next(received)).isEqualTo(new DataChannelMessage.Binary(new byte[] {1, 2, 3}));
    assertThat(next(received)).isEqualTo(new DataChannelMessage.Text("", 0));
    assertThat(next(received)).isEqualTo(new DataChannelMessage.Binary(new byte[0]));
    assertThat(next(received)).isEqualTo(new DataChannelMessage.Binary(large));
    assertThat(next(received)).isEqualTo(new DataChannelMessage.Binary(new byte[] {8, 7}));
    assertThat(next(received)).isEqualTo(new DataChannelMessage.Binary(new byte[] {5}));
    await().until(() -> a.bufferedAmount() == 0);
  }

  @Test
  void aLoneSurrogateBecomesTheReplacementCharacter() {
    DataChannel a = open("chat");
    var received = messages(nextIncoming());

    a.send("x\ud83dy");

    assertThat(next(received)).hasToString("x\ufffdy");
  }

  @Test
  void theCallersArrayMayChangeAfterSend() {
    DataChannel a = open("chat");
    var received = messages(nextIncoming());
    byte[] data = new byte[100_000];

    a.send(data);
    Arrays.fill(data, (byte) 1);

    assertThat(next(received)).isEqualTo(new DataChannelMessage.Binary(new byte[100_000]));
  }

  @Test
  void thePeerSeesWhatTheMakerSaid() {
    open(
        "lossy",
        DataChannelOptions.builder()
            .ordered(false)
            .maxRetransmits(3)
            .protocol("proto")
            .priority(DataChannelPriority.HIGH)
            .build());
    DataChannel lossy = nextIncoming();
    open("timed", DataChannelOptions.builder().maxPacketLifeTime(Duration.ofMillis(250)).build());
    DataChannel timed = nextIncoming();

    assertThat(lossy.label()).isEqualTo("lossy");
    assertThat(lossy.protocol()).isEqualTo("proto");
    assertThat(lossy.ordered()).isFalse();
    assertThat(lossy.maxRetransmits()).hasValue(3);
    assertThat(lossy.maxPacketLifeTime()).isEmpty();
    assertThat(lossy.negotiated()).isFalse();
    assertThat(timed.ordered()).isTrue();
    assertThat(timed.maxPacketLifeTime()).contains(Duration.ofMillis(250));
    assertThat(timed.maxRetransmits()).isEmpty();
  }

  @Test
  void unorderedAndPartiallyReliableChannelsCarryMessages() {
    for (var options :
        List.of(
            DataChannelOptions.builder().ordered(false),
            DataChannelOptions.builder().ordered(false).maxRetransmits(0),
            DataChannelOptions.builder().maxPacketLifeTime(Duration.ofSeconds(5)))) {
      DataChannel a = open("x", options.build());
      var received = messages(nextIncoming());
      List<String> sent = new ArrayList<>();
      for (int i = 0; i < 50; i++) {
        sent.add("message " + i);
        a.send(sent.get(i));
      }
      List<String> got = new ArrayList<>();
      for (int i = 0; i < 50; i++) {
        got.add(next(received).toString());
      }
      assertThat(got).containsExactlyInAnyOrderElementsOf(sent);
    }
  }

  @Test
  void negotiatedChannelsAreMadeOnBothSides() {
    var options = DataChannelOptions.builder().negotiated(42).build();
    DataChannel b = pair.b.createDataChannel("b's name", options);
    var atB = messages(b);
    DataChannel a = open("a's name", options);
    var atA = messages(a);
    get(b.opened());

    a.send("to b");
    b.send("to a");

    assertThat(next(atB)).hasToString("to b");
    assertThat(next(atA)).hasToString("to a");
    assertThat(a.id()).hasValue(42);
    assertThat(b.negotiated()).isTrue();
    assertThat(incoming).isEmpty();
  }

  @Test
  void dtlsClientTakesEvenIdsAndServerOddOnes() {
    DataChannel early = pair.a.createDataChannel("early");
    assertThat(early.id()).isEmpty();
    pair.connect();
    get(early.opened());
    // b answered, so it is the DTLS client.
    assertThat(early.id()).hasValue(1);
    assertThat(pair.a.createDataChannel("next").id()).hasValue(3);
    assertThat(pair.b.createDataChannel("b").id()).hasValue(0);
    assertThat(pair.b.createDataChannel("b2").id()).hasValue(2);
  }

  @Test
  void hundredsOfChannelsFromBothSides() {
    pair.a.createDataChannel("first");
    pair.connect();
    Map<String, DataChannel> atA = new ConcurrentHashMap<>();
    Map<String, DataChannel> atB = new ConcurrentHashMap<>();
    pair.a.onDataChannel(
        c -> {
          atA.put(c.label(), c);
          c.onMessage(m -> c.send("echo " + m));
        });
    pair.b.onDataChannel(
        c -> {
          atB.put(c.label(), c);
          c.onMessage(m -> c.send("echo " + m));
        });
    BlockingQueue<String> echoes = new LinkedBlockingQueue<>();
    for (int i = 0; i < 250; i++) {
      for (PeerConnection side : List.of(pair.a, pair.b)) {
        DataChannel channel = side.createDataChannel(side.id() + i);
        channel.onMessage(m -> echoes.add(m.toString()));
        channel.onOpen(() -> channel.send(channel.label()));
      }
    }
    for (int i = 0; i < 500; i++) {
      assertThat(next(echoes)).startsWith("echo pc-");
    }

    assertThat(atA).hasSize(250);
    assertThat(atB.keySet()).hasSizeGreaterThanOrEqualTo(250);
    assertThat(atA.values()).allMatch(c -> c.id().orElseThrow() % 2 == 0);
  }

  @Test
  void theEventsOfAnIncomingChannelComeInOrder() {
    List<String> events = new CopyOnWriteArrayList<>();
    var done = new CompletableFuture<Void>();
    pair.b.onDataChannel(
        channel -> {
          events.add("datachannel " + channel.readyState());
          channel.onMessage(
              m -> {
                events.add("message " + m);
                if (m.toString().equals("2")) {
                  done.complete(null);
                }
              });
          channel.onOpen(() -> events.add("open"));
        });
    DataChannel a = pair.a.createDataChannel("x");
    a.onOpen(
        () -> {
          a.send("1");
          a.send("2");
        });
    pair.connect();
    get(done);

    assertThat(events).containsExactly("datachannel open", "open", "message 1", "message 2");
  }

  @Test
  void messagesWaitForTheirHandler() {
    DataChannel a = open("x");
    DataChannel b = nextIncoming();
    for (int i = 0; i < 10; i++) {
      a.send("m" + i);
    }
    await().until(() -> get(pair.b.getStats()).channels().get(0).messagesReceived() == 10);

    var received = messages(b);

    for (int i = 0; i < 10; i++) {
      assertThat(next(received)).hasToString("m" + i);
    }
  }

  @Test
  void unreadMessagesFillTheReceiveWindowAndStopTheSender() {
    DataChannel a = open("x");
    DataChannel b = nextIncoming();
    byte[] chunk = new byte[65_536];
    int sent = 0;
    // Twice the window of 5 MiB.
    while (sent < 160) {
      a.send(chunk);
      sent++;
    }
    await()
        .pollInterval(Duration.ofMillis(50))
        .until(() -> a.bufferedAmount() < 160L * chunk.length);
    // What is left waits: the window is 5 MiB and nobody reads.
    await()
        .during(Duration.ofMillis(300))
        .atMost(Duration.ofSeconds(10))
        .until(() -> a.bufferedAmount() > 3L << 20);

    var received = messages(b);

    for (int i = 0; i < sent; i++) {
      assertThat(next(received).sizeBytes()).isEqualTo(chunk.length);
    }
    await().until(() -> a.bufferedAmount() == 0);
  }

  @Test
  void closingEndsBothSidesAndFreesTheId() {
    DataChannel a = open("x");
    DataChannel b = nextIncoming();
    List<String> events = new CopyOnWriteArrayList<>();
    b.onClosing(() -> events.add("closing " + b.readyState()))
        .onClose(() -> events.add("close " + b.readyState()))
        .onMessage(m -> events.add("message " + m));
    int id = a.id().orElseThrow();
    a.send("last words");

    a.close();
    assertThat(a.readyState()).isIn(DataChannelState.CLOSING, DataChannelState.CLOSED);
    get(a.closed());
    get(b.closed());

    assertThat(events).containsExactly("message last words", "closing closing", "close closed");
    DataChannel again = open("again");
    assertThat(again.id()).hasValue(id);
    assertThat(nextIncoming().label()).isEqualTo("again");
    var received = messages(pair.b.createDataChannel("other way"));
    assertThat(received).isEmpty();
  }

  @Test
  void theReceivingSideMayCloseToo() {
    DataChannel a = open("x");
    DataChannel b = nextIncoming();
    List<String> events = new CopyOnWriteArrayList<>();
    a.onClosing(() -> events.add("closing")).onClose(() -> events.add("close"));

    b.close();
    get(b.closed());
    get(a.closed());

    assertThat(events).containsExactly("closing", "close");
  }

  @Test
  void bothSidesMayCloseAtOnce() {
    DataChannel a = open("x");
    DataChannel b = nextIncoming();

    a.close();
    b.close();

    get(a.closed());
    get(b.closed());
    assertThat(open("next").id()).hasValue(1);
  }

  @Test
  void whatWasSentBeforeCloseStillArrives() {
    DataChannel a = open("x");
    var received = messages(nextIncoming());
    byte[] chunk = new byte[100_000];
    for (int i = 0; i < 100; i++) {
      a.send(chunk);
    }

    a.close();

    for (int i = 0; i < 100; i++) {
      assertThat(next(received).sizeBytes()).isEqualTo(chunk.length);
    }
    get(a.closed());
  }

  @Test
  void channelsCanBeOpenedAndClosedManyTimes() {
    open("first");
    nextIncoming();
    for (int i = 0; i < 100; i++) {
      DataChannel a = open("round " + i);
      DataChannel b = nextIncoming();
      assertThat(b.label()).isEqualTo("round " + i);
      (i % 2 == 0 ? a : b).close();
      get(a.closed());
      get(b.closed());
    }
    assertThat(get(pair.a.getStats()).channels()).hasSize(1);
    assertThat(get(pair.b.getStats()).channels()).hasSize(1);
  }

  @Test
  void aChannelThatNeverOpenedClosesAtOnce() {
    DataChannel a = pair.a.createDataChannel("x");
    refuses(DataChannelException.Code.INVALID_STATE, () -> a.send("too early"));

    a.close();

    get(a.closed());
    assertThat(a.readyState()).isEqualTo(DataChannelState.CLOSED);
    assertThatThrownBy(() -> get(a.opened())).hasCauseInstanceOf(DataChannelException.class);
  }

  @Test
  void sendRefusesWhatItCannotTake() {
    DataChannel a = open("x");
    var received = messages(nextIncoming());
    assertThat(a.maxMessageSize()).isEqualTo(262_144);

    refuses(DataChannelException.Code.TYPE_ERROR, () -> a.send(new byte[262_145]));
    refuses(DataChannelException.Code.TYPE_ERROR, () -> a.send("x".repeat(262_145)));
    refuses(DataChannelException.Code.TYPE_ERROR, () -> a.send(ByteBuffer.allocateDirect(262_145)));
    assertThat(a.trySend(new byte[262_145])).isEqualTo(SendStatus.TOO_LARGE);
    assertThat(a.bufferedAmount()).isZero();
    a.send("fine");
    assertThat(next(received)).hasToString("fine");

    a.close();
    refuses(DataChannelException.Code.INVALID_STATE, () -> a.send("late"));
    assertThat(a.trySend("late")).isEqualTo(SendStatus.NOT_OPEN);
    assertThatThrownBy(() -> get(a.sendAsync("late")))
        .hasCauseInstanceOf(DataChannelException.class);
  }

  @Test
  void aFullSendBufferRefusesAndSendAsyncWaits() {
    pair.close();
    var small =
        PeerConnectionOptions.builder()
            .loopback(Loopback.ONLY)
            .channelSendBufferBytes(256 << 10)
            .build();
    pair = new PeerPair(tautline, small, small);
    pair.b.onDataChannel(incoming::add);
    DataChannel a = open("x");
    DataChannel b = nextIncoming();
    byte[] chunk = new byte[65_536];
    // Nobody reads at b, so the window fills, then the buffer.
    // Full for good, not only until the loop has passed some of it on.
    await()
        .pollInterval(Duration.ofMillis(1))
        .during(Duration.ofMillis(300))
        .atMost(Duration.ofSeconds(30))
        .until(() -> a.trySend(chunk) == SendStatus.BUFFER_FULL && a.bufferedAmount() > 128 << 10);
    refuses(DataChannelException.Code.OPERATION_ERROR, () -> a.send(chunk));
    CompletableFuture<Void> waits = a.sendAsync(chunk);
    CompletableFuture<Void> waitsToo = a.sendAsync("the last");
    assertThat(waits).isNotDone();
    assertThat(a.trySend("overtaking")).isEqualTo(SendStatus.BUFFER_FULL);

    var last = new CompletableFuture<Void>();
    b.onMessage(
        m -> {
          if (m.toString().equals("the last")) {
            last.complete(null);
          }
        });

    get(waits);
    get(waitsToo);
    get(last);
  }

  @Test
  void bufferedAmountLowFiresOncePerCrossing() {
    DataChannel a = open("x");
    nextIncoming().onMessage(m -> {});
    var fired = new AtomicInteger();
    var at = new AtomicLong(-1);
    a.setBufferedAmountLowThreshold(100_000);
    a.onBufferedAmountLow(
        () -> {
          fired.incrementAndGet();
          at.compareAndSet(-1, a.bufferedAmount());
        });

    for (int i = 0; i < 50; i++) {
      a.send(new byte[50_000]);
    }
    assertThat(a.bufferedAmount()).isPositive();
    await().until(() -> a.bufferedAmount() == 0);
    await().until(() -> fired.get() > 0);

    assertThat(at.get()).isBetween(0L, 100_000L);
    int before = fired.get();
    a.send(new byte[1000]);
    await().until(() -> a.bufferedAmount() == 0);
    // Never above the threshold, so nothing was crossed.
    assertThat(fired.get()).isEqualTo(before);
    refusesNegativeThreshold(a);
  }

  private static void refusesNegativeThreshold(DataChannel a) {
    assertThatThrownBy(() -> a.setBufferedAmountLowThreshold(-1))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void bufferedAmountRisesBySendAndCountsPayloadOnly() {
    DataChannel a = open("x");
    nextIncoming().onMessage(m -> {});
    var seen = new CompletableFuture<Long>();
    a.onMessage(m -> {});
    // On the loop nothing leaves between the calls.
    a.onOpen(
        () -> {
          a.send("");
          a.send(new byte[1000]);
          a.send("äö");
          seen.complete(a.bufferedAmount());
        });

    assertThat(get(seen)).isEqualTo(1004);
    await().until(() -> a.bufferedAmount() == 0);
  }

  @Test
  void sixtyFourMebibytesArriveWhole() throws Exception {
    DataChannel a = open("bulk");
    DataChannel b = nextIncoming();
    int messages = 1024;
    byte[] chunk = new byte[65_536];
    var random = new Random(7);
    var sent = MessageDigest.getInstance("SHA-256");
    var received = MessageDigest.getInstance("SHA-256");
    var count = new AtomicInteger();
    var all = new CompletableFuture<Void>();
    b.onMessage(
        m -> {
          received.update(((DataChannelMessage.Binary) m).data());
          if (count.incrementAndGet() == messages) {
            all.complete(null);
          }
        });

    for (int i = 0; i < messages; i++) {
      random.nextBytes(chunk);
      sent.update(chunk);
      get(a.sendAsync(chunk));
    }
    get(all);

    assertThat(received.digest()).isEqualTo(sent.digest());
  }

  @Test
  void aHandlerThatThrowsHurtsNobodyElse() {
    DataChannel a = open("x");
    DataChannel b = nextIncoming();
    BlockingQueue<String> received = new LinkedBlockingQueue<>();
    b.onMessage(
        m -> {
          received.add(m.toString());
          throw new IllegalStateException("a handler of the test, as it should");
        });

    a.send("1");
    a.send("2");

    assertThat(next(received)).isEqualTo("1");
    assertThat(next(received)).isEqualTo("2");
    assertThat(b.readyState()).isEqualTo(DataChannelState.OPEN);
  }
}
