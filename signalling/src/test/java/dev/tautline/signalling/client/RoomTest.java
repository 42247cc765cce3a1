package dev.tautline.signalling.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.tautline.datachannel.DataChannel;
import dev.tautline.datachannel.DataChannelMessage;
import dev.tautline.datachannel.PeerConnectionOptions;
import dev.tautline.datachannel.PeerConnectionState;
import dev.tautline.datachannel.PeerConnectionStats;
import dev.tautline.datachannel.SignalingState;
import dev.tautline.datachannel.Tautline;
import dev.tautline.signalling.RoomsException;
import dev.tautline.signalling.protocol.Peer;
import dev.tautline.signalling.protocol.RelayedMessage;
import dev.tautline.signalling.protocol.RelayedMessage.Description;
import dev.tautline.signalling.protocol.RoomEvent;
import dev.tautline.signalling.protocol.Slot;
import dev.tautline.signalling.server.RoomsServer;
import dev.tautline.signalling.server.RoomsServerOptions;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Joining with real peer connections over the loopback. */
class RoomTest {
  private static final Duration PATIENCE = Duration.ofSeconds(20);
  private static Tautline runtime;

  private RoomsServer server;

  @BeforeAll
  static void createRuntime() {
    runtime = Tautline.create();
  }

  @AfterAll
  static void closeRuntime() {
    runtime.close();
  }

  @BeforeEach
  void start() {
    server = RoomsServer.start(RoomsServerOptions.defaults());
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private static RoomOptions.Builder options(URI uri) {
    return RoomOptions.builder(uri, "kitchen", runtime)
        .connectionOptions(PeerConnectionOptions.builder().includeLoopback(true).build());
  }

  private static Room await(CompletableFuture<Room> room) {
    return room.orTimeout(PATIENCE.toMillis(), TimeUnit.MILLISECONDS).join();
  }

  private static RoomsException failure(CompletableFuture<Room> room) {
    Throwable thrown = catchThrowable(() -> await(room));
    assertThat(thrown).isInstanceOf(CompletionException.class);
    assertThat(thrown.getCause()).isInstanceOf(RoomsException.class);
    return (RoomsException) thrown.getCause();
  }

  private static BlockingQueue<String> texts(DataChannel channel) {
    var texts = new LinkedBlockingQueue<String>();
    channel.onMessage(
        message -> {
          if (message instanceof DataChannelMessage.Text text) {
            texts.add(text.text());
          }
        });
    return texts;
  }

  private static String next(BlockingQueue<String> texts) throws InterruptedException {
    return texts.poll(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
  }

  private static void talk(Room a, Room b) throws InterruptedException {
    BlockingQueue<String> atA = texts(a.channel());
    BlockingQueue<String> atB = texts(b.channel());
    a.channel().send("from a");
    b.channel().send("from b");
    assertThat(next(atB)).isEqualTo("from a");
    assertThat(next(atA)).isEqualTo("from b");
  }

  private static PeerConnectionStats.Transport transport(Room room) {
    return room.peerConnection()
        .getStats()
        .orTimeout(PATIENCE.toMillis(), TimeUnit.MILLISECONDS)
        .join()
        .transport()
        .orElseThrow();
  }

  @Test
  void restartsOfEitherSideAndOfBothAtOnceAreCarried() throws InterruptedException {
    CompletableFuture<Room> first = Room.join(options(server.uri()).build());
    CompletableFuture<Room> second = Room.join(options(server.uri()).build());
    try (Room a = await(first);
        Room b = await(second)) {
      BlockingQueue<String> atB = texts(b.channel());
      String ufrag = transport(a).localUfrag();
      for (int round = 0; round < 6; round++) {
        int before = Math.max(transport(a).iceGeneration(), transport(b).iceGeneration());
        if (round % 3 != 1) {
          a.peerConnection().restartIce();
        }
        if (round % 3 != 0) {
          b.peerConnection().restartIce();
        }
        Awaitility.await()
            .atMost(PATIENCE)
            .until(
                () ->
                    transport(a).iceGeneration() > before
                        && transport(a).iceGeneration() == transport(b).iceGeneration()
                        && a.peerConnection().signalingState() == SignalingState.STABLE
                        && b.peerConnection().signalingState() == SignalingState.STABLE);
        a.channel().send("round " + round);
        assertThat(next(atB)).isEqualTo("round " + round);
      }
      assertThat(transport(a).localUfrag()).isNotEqualTo(ufrag);
      assertThat(transport(a).dtlsHandshakes()).isEqualTo(1);
      assertThat(transport(b).dtlsHandshakes()).isEqualTo(1);
    }
  }

  private static RoomMember silentMember(URI uri) {
    return RoomMember.claim(uri, "kitchen", PATIENCE, new Ignoring()).join();
  }

  private static class Ignoring implements RoomMember.Listener {
    @Override
    public void event(RoomEvent event) {}

    @Override
    public void lost(RoomsException cause) {}
  }

  @Test
  void twoPeersMeetTalkAndPart() throws Exception {
    CompletableFuture<Room> joinA = Room.join(options(server.uri()).build());
    CompletableFuture<Room> joinB = Room.join(options(server.uri()).build());
    Room first = await(joinA);
    Room second = await(joinB);
    Room a = first.slot().equals(Slot.A) ? first : second;
    Room b = a == first ? second : first;
    assertThat(b.slot()).isEqualTo(Slot.B);
    assertThat(a.name()).isEqualTo("kitchen");
    assertThat(a.channel().label()).isEqualTo("tautline");
    assertThat(b.channel().label()).isEqualTo("tautline");
    assertThat(a.channel().negotiated()).isFalse();
    assertThat(a.peerConnection().connectionState()).isEqualTo(PeerConnectionState.CONNECTED);
    talk(a, b);
    CompletableFuture<Void> noticed = b.channel().closed();
    a.closeAsync().get(20, TimeUnit.SECONDS);
    noticed.get(20, TimeUnit.SECONDS);
    b.left().get(20, TimeUnit.SECONDS);
    b.closeAsync().get(20, TimeUnit.SECONDS);
    RoomMember next = silentMember(server.uri());
    assertThat(next.slot()).as("both slots are free again").isEqualTo(Slot.A);
    next.leave().join();
  }

  @Test
  void furtherChannelsOfThePeerAreNotLost() throws Exception {
    CompletableFuture<Room> joinA = Room.join(options(server.uri()).build());
    CompletableFuture<Room> joinB = Room.join(options(server.uri()).build());
    // The moment the channel is open there, when joining may not yet have completed here.
    CompletableFuture<Void> opened =
        joinA
            .thenCompose(room -> room.peerConnection().createDataChannel("second").opened())
            .thenAccept(channel -> channel.send("hello"));
    Room b = await(joinB);
    opened.get(20, TimeUnit.SECONDS);
    var texts = new LinkedBlockingQueue<String>();
    b.onDataChannel(
        channel ->
            channel.onMessage(
                message ->
                    texts.add(channel.label() + ":" + ((DataChannelMessage.Text) message).text())));
    assertThat(next(texts)).isEqualTo("second:hello");
    await(joinA).close();
    b.close();
  }

  @Test
  void aConnectionThatIsUpNeedsNoServer() throws Exception {
    CompletableFuture<Room> joinA = Room.join(options(server.uri()).build());
    CompletableFuture<Room> joinB = Room.join(options(server.uri()).build());
    Room a = await(joinA);
    Room b = await(joinB);
    server.close();
    talk(a, b);
    a.closeAsync().get(20, TimeUnit.SECONDS);
    b.closeAsync().get(20, TimeUnit.SECONDS);
  }

  @Test
  void joiningSurvivesABrokenConnectionToTheServer() throws Exception {
    try (var proxy = new CuttableProxy(server.uri())) {
      CompletableFuture<Room> joinA = Room.join(options(proxy.uri()).build());
      // Once the other is in the room, the events are on their way: cut.
      var there = new CompletableFuture<Void>();
      RoomMember watcher =
          RoomMember.claim(
                  server.uri(),
                  "kitchen",
                  PATIENCE,
                  new Ignoring() {
                    @Override
                    public void event(RoomEvent event) {
                      there.complete(null);
                    }
                  })
              .join();
      there.get(20, TimeUnit.SECONDS);
      proxy.cut();
      watcher.leave().join();
      CompletableFuture<Room> joinB = Room.join(options(server.uri()).build());
      proxy.mend();
      Room a = await(joinA);
      Room b = await(joinB);
      talk(a, b);
      a.close();
      b.close();
    }
  }

  @Test
  void aPeerThatReloadsIsConnectedToAnew() throws Exception {
    var offered = new CompletableFuture<RelayedMessage>();
    CompletableFuture<Room> joinA = Room.join(options(server.uri()).build());
    awaitMember();
    RoomMember before =
        RoomMember.claim(
                server.uri(),
                "kitchen",
                PATIENCE,
                new Ignoring() {
                  @Override
                  public void event(RoomEvent event) {
                    if (event instanceof RoomEvent.Relayed relayed) {
                      offered.complete(relayed.message());
                    }
                  }
                })
            .join();
    assertThat(before.slot()).isEqualTo(Slot.B);
    assertThat(((Description) offered.get(20, TimeUnit.SECONDS)).isOffer()).isTrue();
    before.leave().join();
    Room b = await(Room.join(options(server.uri()).build()));
    talk(await(joinA), b);
    await(joinA).close();
    b.close();
  }

  /** Waits until one slot of the kitchen is taken, without keeping the other. */
  private void awaitMember() {
    Awaitility.await()
        .until(
            () -> {
              RoomMember probe = silentMember(server.uri());
              probe.leave().join();
              return probe.slot().equals(Slot.B);
            });
  }

  @Test
  void nobodyElseComes() {
    CompletableFuture<Room> join =
        Room.join(options(server.uri()).joinTimeout(Duration.ofMillis(400)).build());
    RoomsException e = failure(join);
    assertThat(e.code()).isEqualTo(RoomsException.Code.PEER_DID_NOT_COME);
    assertThat(e)
        .hasMessage(
            "Nobody else came into room \"kitchen\" within 400 ms. Start the other peer with the"
                + " same server and room name, then join again.");
    Awaitility.await()
        .until(
            () -> {
              RoomMember probe = silentMember(server.uri());
              probe.leave().join();
              return probe.slot().equals(Slot.A);
            });
  }

  @Test
  void thePeerLeavesBeforeTheConnectionIsUp() {
    CompletableFuture<Room> join =
        Room.join(options(server.uri()).joinTimeout(Duration.ofSeconds(2)).build());
    awaitMember();
    RoomsException e = failure(join);
    assertThat(e.code()).isEqualTo(RoomsException.Code.PEER_LEFT);
    assertThat(e.getMessage()).contains("within 2 s");
  }

  @Test
  void aPeerThatSaysNothingIsGivenUp() {
    RoomMember silent = silentMember(server.uri());
    RoomsException e =
        failure(Room.join(options(server.uri()).connectTimeout(Duration.ofMillis(700)).build()));
    assertThat(e.code()).isEqualTo(RoomsException.Code.CONNECT_FAILED);
    assertThat(e.getMessage()).contains("within 700 ms", "UDP");
    silent.leave().join();
  }

  @Test
  void aPeerThatSaysNonsenseIsGivenUpAtOnce() {
    var told = new CompletableFuture<Peer>();
    RoomMember member =
        RoomMember.claim(
                server.uri(),
                "kitchen",
                PATIENCE,
                new Ignoring() {
                  @Override
                  public void event(RoomEvent event) {
                    if (event instanceof RoomEvent.PeerJoined joined) {
                      told.complete(joined.peer());
                    }
                  }
                })
            .join();
    CompletableFuture<Room> join = Room.join(options(server.uri()).build());
    member.send(told.join().member(), new Description("offer", "nonsense"));
    RoomsException e = failure(join);
    assertThat(e.code()).isEqualTo(RoomsException.Code.CONNECT_FAILED);
    assertThat(e.getCause()).isNotNull();
    member.leave().join();
  }

  @Test
  void aFullRoomIsSaidAtOnce() {
    RoomMember one = silentMember(server.uri());
    RoomMember two = silentMember(server.uri());
    assertThat(failure(Room.join(options(server.uri()).build())).code())
        .isEqualTo(RoomsException.Code.ROOM_FULL);
    one.leave().join();
    two.leave().join();
  }

  @Test
  void aServerThatIsNotThereIsSaidAtOnce() throws IOException {
    int port;
    try (var taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = taken.getLocalPort();
    }
    assertThat(
            failure(Room.join(options(URI.create("http://127.0.0.1:" + port + "/")).build()))
                .code())
        .isEqualTo(RoomsException.Code.SERVER_UNREACHABLE);
  }

  @Test
  void cancellingGivesTheSlotBack() {
    CompletableFuture<Room> join = Room.join(options(server.uri()).build());
    awaitMember();
    join.cancel(false);
    Awaitility.await()
        .until(
            () -> {
              RoomMember probe = silentMember(server.uri());
              probe.leave().join();
              return probe.slot().equals(Slot.A);
            });
  }

  @Test
  void leavesNoThreadBehind() throws Exception {
    try (Tautline own = Tautline.create()) {
      RoomOptions options =
          RoomOptions.builder(server.uri(), "kitchen", own)
              .connectionOptions(PeerConnectionOptions.builder().includeLoopback(true).build())
              .build();
      CompletableFuture<Room> joinA = Room.join(options);
      CompletableFuture<Room> joinB = Room.join(options);
      talk(await(joinA), await(joinB));
      await(joinA).closeAsync().get(20, TimeUnit.SECONDS);
      await(joinB).closeAsync().get(20, TimeUnit.SECONDS);
    }
    Awaitility.await()
        .untilAsserted(
            () ->
                assertThat(Thread.getAllStackTraces().keySet())
                    .extracting(Thread::getName)
                    .noneMatch(name -> name.startsWith("tautline-rooms-client")));
  }
}
