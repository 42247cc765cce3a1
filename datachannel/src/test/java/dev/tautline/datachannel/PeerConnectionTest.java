package dev.tautline.datachannel;

import static dev.tautline.datachannel.PeerPair.LOOPBACK;
import static dev.tautline.datachannel.PeerPair.get;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.tautline.datachannel.PeerConnectionException.Code;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class PeerConnectionTest {
  private static Tautline tautline;

  @BeforeAll
  static void create() {
    tautline = Tautline.create();
  }

  @AfterAll
  static void close() {
    tautline.close();
  }

  private static void refuses(Code code, ThrowingCallable call) {
    assertThatThrownBy(call)
        .satisfies(
            e -> {
              Throwable cause = e instanceof CompletionException ? e.getCause() : e;
              assertThat(cause).isInstanceOf(PeerConnectionException.class);
              assertThat(((PeerConnectionException) cause).code()).isEqualTo(code);
            });
  }

  @Test
  void statesGoThroughTheSpecsOrderAndEventsFollowThem() {
    List<String> events = new CopyOnWriteArrayList<>();
    try (var pair = new PeerPair(tautline)) {
      PeerConnection a = pair.a;
      a.onSignalingStateChange(s -> events.add("signaling " + s))
          .onIceGatheringStateChange(s -> events.add("gathering " + s))
          .onIceConnectionStateChange(s -> events.add("ice " + s))
          .onConnectionStateChange(s -> events.add("connection " + s))
          .onNegotiationNeeded(() -> events.add("needed"));
      assertThat(a.connectionState()).isEqualTo(PeerConnectionState.NEW);
      DataChannel channel = a.createDataChannel("x");
      pair.connect();
      get(channel.opened());
      await().until(() -> events.contains("ice completed"));

      assertThat(events)
          .containsSubsequence("needed", "signaling have-local-offer", "signaling stable")
          .containsSubsequence("gathering gathering", "gathering complete")
          .containsSubsequence("ice checking", "connection connecting")
          .containsSubsequence("ice checking", "ice connected", "ice completed")
          .containsSubsequence("ice connected", "connection connected")
          .doesNotHaveDuplicates();
      assertThat(a.connectionState()).isEqualTo(PeerConnectionState.CONNECTED);
      assertThat(a.signalingState()).isEqualTo(SignalingState.STABLE);
      assertThat(a.timings().total()).isPresent();
      assertThat(a.timings().gather()).isPresent();
      assertThat(a.selectedCandidatePair()).isPresent();
      assertThat(a.selectedCandidatePair().get().local().type()).isEqualTo("host");
      assertThat(a.sctp().maxMessageSize()).isEqualTo(262_144);
    }
  }

  @Test
  void anIceAgentThatEndsByItselfFailsTheConnection() {
    try (var pair = new PeerPair(tautline)) {
      pair.connect();
      pair.a.transport().execute(() -> pair.a.transport().agent().close());

      await().until(() -> pair.a.connectionState() == PeerConnectionState.FAILED);
      assertThat(pair.a.failure().orElseThrow().code()).isEqualTo(Code.INTERNAL);
    }
  }

  @Test
  void anOpenHandlerThatThrowsDoesNotKeepTheChannelFromOpening() {
    try (var pair = new PeerPair(tautline)) {
      DataChannel channel = pair.a.createDataChannel("x");
      channel.onOpen(
          () -> {
            throw new IllegalStateException("the test's");
          });
      pair.connect();

      assertThat(get(channel.opened())).isSameAs(channel);
    }
  }

  @Test
  void relaysOnlyTellsNoAddressWhereNoServerRelays() {
    var options =
        PeerConnectionOptions.builder()
            .loopback(Loopback.INCLUDE)
            .iceTransportPolicy(IceTransportPolicy.RELAY)
            .build();

    try (var connection = tautline.createPeerConnection(options)) {
      connection.createDataChannel("x");
      get(connection.setLocalDescription());
      await().until(() -> connection.iceGatheringState() == IceGatheringState.COMPLETE);
      assertThat(connection.localDescription().orElseThrow().sdp()).doesNotContain("a=candidate");
    }
  }

  @Test
  void aServerThatIsNotSpokenToIsRefusedAtOnce() {
    for (String url : List.of("turns:turn.example?transport=udp", "stuns:turn.example", "turn:")) {
      var options = PeerConnectionOptions.builder().iceServers(List.of(IceServer.of(url))).build();

      assertThatThrownBy(() -> tautline.createPeerConnection(options))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining(url);
    }
  }

  @Test
  void aCandidateToldManyTimesBeforeTheAnswerTakesOnePlace() {
    try (var pair = new PeerPair(tautline)) {
      get(pair.a.setLocalDescription());
      get(pair.b.setRemoteDescription(pair.a.localDescription().orElseThrow()));
      String again = "candidate:1 1 udp 2130706431 192.0.2.1 5000 typ host";
      for (int i = 0; i < 200; i++) {
        get(pair.b.addIceCandidate(IceCandidateInit.of(again, "0")));
      }
      String other = "candidate:1 1 udp 2130706430 192.0.2.2 5000 typ host";
      get(pair.b.addIceCandidate(IceCandidateInit.of(other, "0")));

      assertThat(pair.b.remoteDescription().orElseThrow().sdp())
          .contains("a=" + other)
          .containsOnlyOnce("a=" + again);
    }
  }

  @Test
  void theLocalDescriptionHoldsWhatWasGathered() {
    try (var pair = new PeerPair(tautline)) {
      assertThat(pair.a.localDescription()).isEmpty();
      get(pair.a.setLocalDescription());
      get(pair.a.gatheringComplete());

      String sdp = pair.a.localDescription().orElseThrow().sdp();
      assertThat(sdp).contains("a=candidate:").contains("a=end-of-candidates");
      assertThat(pair.a.iceGatheringState()).isEqualTo(IceGatheringState.COMPLETE);
    }
  }

  @Test
  void gatheringEndsWithTheStateThenAnEmptyCandidate() {
    List<String> events = new CopyOnWriteArrayList<>();
    PeerConnection a = tautline.createPeerConnection(LOOPBACK);
    try (a) {
      a.onIceCandidate(c -> events.add(c.isPresent() ? "candidate" : "end"))
          .onIceGatheringStateChange(s -> events.add(s.toString()));
      get(a.setLocalDescription());
      await().until(() -> events.contains("end"));

      assertThat(events.get(0)).isEqualTo("gathering");
      assertThat(events.get(1)).isEqualTo("candidate");
      assertThat(events.subList(events.size() - 2, events.size()))
          .containsExactly("complete", "end");
    }
  }

  @Test
  void aPeerThatNeverAnswersFailsByTheLimitWithAReport() {
    var options =
        PeerConnectionOptions.builder()
            .loopback(Loopback.ONLY)
            .connectTimeout(Duration.ofMillis(300))
            .build();
    PeerConnection a = tautline.createPeerConnection(options);
    PeerConnection b = tautline.createPeerConnection(LOOPBACK);
    try (a;
        b) {
      DataChannel channel = a.createDataChannel("x");
      get(a.setLocalDescription());
      get(b.setRemoteDescription(a.localDescription().orElseThrow()));
      get(b.createAnswer().thenCompose(a::setRemoteDescription));

      assertThatThrownBy(() -> get(a.connected()))
          .hasCauseInstanceOf(PeerConnectionException.class)
          .satisfies(
              e -> {
                var cause = (PeerConnectionException) e.getCause();
                assertThat(cause.code()).isEqualTo(Code.TIMEOUT);
                assertThat(cause).hasMessageContaining("300 ms").hasMessageContaining("ICE");
                assertThat(cause.iceReport()).isPresent();
              });
      assertThatThrownBy(() -> get(channel.opened()))
          .hasCauseInstanceOf(DataChannelException.class);
      get(channel.closed());
      await().until(() -> a.connectionState() == PeerConnectionState.FAILED);
      assertThat(a.failure()).isPresent();
    }
  }

  @Test
  void icePatienceEndsTheSearchBeforeTheConnectTimeout() {
    var options =
        PeerConnectionOptions.builder()
            .loopback(Loopback.ONLY)
            .icePatience(Duration.ofMillis(300))
            .build();
    PeerConnection a = tautline.createPeerConnection(options);
    PeerConnection b = tautline.createPeerConnection(LOOPBACK);
    try (a;
        b) {
      a.createDataChannel("x");
      get(a.setLocalDescription());
      get(b.setRemoteDescription(a.localDescription().orElseThrow()));
      get(b.createAnswer().thenCompose(a::setRemoteDescription));

      assertThatThrownBy(() -> get(a.connected()))
          .hasCauseInstanceOf(PeerConnectionException.class)
          .satisfies(
              e ->
                  assertThat(((PeerConnectionException) e.getCause()).code())
                      .isEqualTo(Code.ICE_FAILED));
    }
  }

  @Test
  void anotherCertificateThanAnnouncedFailsTheConnection() {
    PeerConnection a = tautline.createPeerConnection(LOOPBACK);
    PeerConnection b = tautline.createPeerConnection(LOOPBACK);
    try (a;
        b) {
      get(a.setLocalDescription());
      get(a.gatheringComplete());
      SessionDescription offer = a.localDescription().orElseThrow();
      get(b.setRemoteDescription(offer));
      get(b.setLocalDescription());
      get(b.gatheringComplete());
      String answer = b.localDescription().orElseThrow().sdp();
      int at = answer.indexOf("sha-256 ") + 8;
      char other = answer.charAt(at) == 'A' ? 'B' : 'A';
      get(
          a.setRemoteDescription(
              SessionDescription.answer(
                  answer.substring(0, at) + other + answer.substring(at + 1))));

      refuses(Code.FINGERPRINT_MISMATCH, () -> get(a.connected()));
      refuses(Code.DTLS_FAILED, () -> get(b.connected()));
    }
  }

  @Test
  void anAnswerThatTakesItsTimeCostsNoFurtherTime() {
    try (var pair = new PeerPair(tautline)) {
      DataChannel channel = pair.a.createDataChannel("x");
      var checking = new CompletableFuture<Void>();
      pair.b.onIceConnectionStateChange(s -> checking.complete(null));
      get(pair.a.setLocalDescription());
      get(pair.a.gatheringComplete());
      get(pair.b.setRemoteDescription(pair.a.localDescription().orElseThrow()));
      get(pair.b.setLocalDescription());
      get(pair.b.gatheringComplete());
      SessionDescription answer = pair.b.localDescription().orElseThrow();
      // b's checks, and perhaps its ClientHello, are under way before a knows of b.
      get(checking);
      long start = System.nanoTime();
      get(pair.a.setRemoteDescription(answer));
      get(channel.opened());

      assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofMillis(900));
    }
  }

  @Test
  void candidatesAreCheckedAsTheW3cSays() {
    try (var pair = new PeerPair(tautline)) {
      String line = "candidate:1 1 udp 2130706431 127.0.0.1 9999 typ host";
      refuses(
          Code.INVALID_STATE, () -> get(pair.a.addIceCandidate(IceCandidateInit.of(line, "0"))));
      refuses(
          Code.TYPE_ERROR,
          () -> get(pair.a.addIceCandidate(new IceCandidateInit(line, null, null, null))));
      get(pair.b.setLocalDescription());
      get(pair.a.setRemoteDescription(pair.b.localDescription().orElseThrow()));

      refuses(
          Code.OPERATION_ERROR,
          () -> get(pair.a.addIceCandidate(IceCandidateInit.of(line, "nine"))));
      refuses(
          Code.OPERATION_ERROR,
          () -> get(pair.a.addIceCandidate(new IceCandidateInit(line, null, 1, null))));
      refuses(
          Code.OPERATION_ERROR,
          () -> get(pair.a.addIceCandidate(new IceCandidateInit(line, "0", null, "other"))));
      refuses(
          Code.OPERATION_ERROR,
          () -> get(pair.a.addIceCandidate(IceCandidateInit.of("candidate:rubbish", "0"))));
      get(pair.a.addIceCandidate(IceCandidateInit.of(line, "0")));
      get(pair.a.addIceCandidate(new IceCandidateInit("a=" + line, null, 0, null)));
      get(pair.a.addIceCandidate(IceCandidateInit.of(line.replace("host", "future"), "0")));
      get(
          pair.a.addIceCandidate(
              IceCandidateInit.of(line.replace("127.0.0.1", "no.such.host.local"), "0")));
      get(pair.a.addIceCandidate(IceCandidateInit.endOfCandidates()));
      assertThat(pair.a.remoteDescription().orElseThrow().sdp()).contains("a=" + line + "\r\n");
    }
  }

  @Test
  void aSecondExchangeInAStableConnectionDisturbsNothing() throws InterruptedException {
    try (var pair = new PeerPair(tautline)) {
      BlockingQueue<DataChannelMessage> received = new LinkedBlockingQueue<>();
      pair.b.onDataChannel(c -> c.onMessage(received::add));
      DataChannel channel = pair.a.createDataChannel("x");
      pair.connect();
      get(channel.opened());

      for (List<PeerConnection> order : List.of(List.of(pair.a, pair.b), List.of(pair.b, pair.a))) {
        get(order.get(0).setLocalDescription());
        get(order.get(1).setRemoteDescription(order.get(0).localDescription().orElseThrow()));
        get(order.get(1).setLocalDescription());
        get(order.get(0).setRemoteDescription(order.get(1).localDescription().orElseThrow()));
        channel.send("still here");
        assertThat(received.poll(10, TimeUnit.SECONDS)).hasToString("still here");
      }

      assertThat(pair.a.connectionState()).isEqualTo(PeerConnectionState.CONNECTED);
      assertThat(pair.b.connectionState()).isEqualTo(PeerConnectionState.CONNECTED);
    }
  }

  @Test
  void twoOffersAtOnceEndInOneSessionWhenOneSideIsPolite() {
    PeerConnection polite = tautline.createPeerConnection(LOOPBACK);
    PeerConnection impolite = tautline.createPeerConnection(LOOPBACK);
    try (polite;
        impolite) {
      DataChannel channel = impolite.createDataChannel("x");
      polite.createDataChannel("y");
      get(polite.setLocalDescription());
      get(impolite.setLocalDescription());
      get(polite.gatheringComplete());
      get(impolite.gatheringComplete());

      get(polite.setRemoteDescription(impolite.localDescription().orElseThrow()));
      get(polite.setLocalDescription());
      get(impolite.setRemoteDescription(polite.localDescription().orElseThrow()));

      get(channel.opened());
      get(polite.connected());
    }
  }

  @Test
  void operationsRunOneAfterTheOther() {
    PeerConnection a = tautline.createPeerConnection(LOOPBACK);
    try (a) {
      List<String> done = new CopyOnWriteArrayList<>();
      CompletableFuture<?> offer = a.createOffer().thenRun(() -> done.add("offer"));
      CompletableFuture<?> local = a.setLocalDescription().thenRun(() -> done.add("local"));
      CompletableFuture<?> again = a.createOffer().thenRun(() -> done.add("again"));
      get(CompletableFuture.allOf(offer, local, again));

      assertThat(done).containsExactly("offer", "local", "again");
    }
  }

  @Test
  void closingTellsThePeerAtOnceAndEndsWhatWaits() {
    try (var pair = new PeerPair(tautline)) {
      List<String> events = new CopyOnWriteArrayList<>();
      DataChannel channel = pair.a.createDataChannel("x");
      var remote = new CompletableFuture<DataChannel>();
      pair.b.onDataChannel(remote::complete);
      pair.connect();
      DataChannel peers = get(remote);
      var error = new CompletableFuture<DataChannelException>();
      peers.onError(error::complete);
      pair.b.onConnectionStateChange(s -> events.add(s.toString()));
      long start = System.nanoTime();

      pair.a.close();

      assertThat(pair.a.connectionState()).isEqualTo(PeerConnectionState.CLOSED);
      assertThat(pair.a.signalingState()).isEqualTo(SignalingState.CLOSED);
      assertThat(channel.readyState()).isEqualTo(DataChannelState.CLOSED);
      assertThat(channel.closed()).isCompleted();
      get(peers.closed());
      assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(1));
      // As browsers: ABORT with cause 12 is an error of the channel before it closes.
      assertThat(get(error).code()).isEqualTo(DataChannelException.Code.SCTP_FAILURE);
      assertThat(get(error).sctpCauseCode()).hasValue(12);
      await().until(() -> events.contains("failed"));
      assertThat(pair.b.failure().map(PeerConnectionException::code))
          .isEqualTo(Optional.of(Code.PEER_CLOSED));
    }
  }

  @Test
  void afterCloseCallsAreRefusedAndPendingOnesFail() {
    PeerConnection a = tautline.createPeerConnection(LOOPBACK);
    DataChannel channel = a.createDataChannel("x");
    List<String> events = new CopyOnWriteArrayList<>();
    get(a.setLocalDescription());
    CompletableFuture<Void> connected = a.connected();

    a.close();
    a.onConnectionStateChange(s -> events.add("connection"))
        .onSignalingStateChange(s -> events.add("signaling"))
        .onIceConnectionStateChange(s -> events.add("ice"));

    refuses(Code.CLOSED, () -> get(connected));
    refuses(Code.INVALID_STATE, () -> get(a.createOffer()));
    refuses(Code.INVALID_STATE, () -> get(a.setLocalDescription()));
    refuses(Code.INVALID_STATE, () -> a.createDataChannel("y"));
    assertThatThrownBy(() -> get(channel.opened())).hasCauseInstanceOf(DataChannelException.class);
    assertThat(channel.closed()).isCompleted();
    assertThat(a.closeAsync()).isCompleted();
    assertThat(events).isEmpty();
  }

  @Test
  void refusesOptionsThatContradictThemselves() {
    PeerConnection a = tautline.createPeerConnection(LOOPBACK);
    try (a) {
      String tooLong = "ü".repeat(32_768);
      refuses(Code.TYPE_ERROR, () -> a.createDataChannel(tooLong));
      refuses(Code.TYPE_ERROR, () -> create(a, DataChannelOptions.builder().protocol(tooLong)));
      refuses(
          Code.TYPE_ERROR,
          () ->
              create(
                  a,
                  DataChannelOptions.builder()
                      .maxRetransmits(1)
                      .maxPacketLifeTime(Duration.ofMillis(1))));
      refuses(Code.TYPE_ERROR, () -> create(a, DataChannelOptions.builder().maxRetransmits(-1)));
      refuses(
          Code.TYPE_ERROR, () -> create(a, DataChannelOptions.builder().maxRetransmits(65_536)));
      refuses(
          Code.TYPE_ERROR,
          () ->
              create(a, DataChannelOptions.builder().maxPacketLifeTime(Duration.ofDays(400_000))));
      refuses(Code.TYPE_ERROR, () -> create(a, DataChannelOptions.builder().negotiated(true)));
      refuses(Code.TYPE_ERROR, () -> create(a, DataChannelOptions.builder().negotiated(65_535)));
      refuses(Code.TYPE_ERROR, () -> create(a, DataChannelOptions.builder().negotiated(-1)));

      create(a, DataChannelOptions.builder().negotiated(65_534));
      refuses(
          Code.OPERATION_ERROR, () -> create(a, DataChannelOptions.builder().negotiated(65_534)));
      // An id without negotiated is ignored, as the W3C says.
      assertThat(create(a, DataChannelOptions.builder().id(7)).id()).isEmpty();
    }
  }

  private static DataChannel create(PeerConnection a, DataChannelOptions.Builder options) {
    return a.createDataChannel("x", options.build());
  }

  @Test
  void channelsAboveTheLimitAreRefused() {
    var two = PeerConnectionOptions.builder().loopback(Loopback.ONLY).maxChannels(2).build();
    PeerConnection a = tautline.createPeerConnection(two);
    try (a) {
      DataChannel first = a.createDataChannel("1");
      a.createDataChannel("2");
      refuses(Code.OPERATION_ERROR, () -> a.createDataChannel("3"));
      get(first.closeAsync());
      a.createDataChannel("3");
    }
  }

  @Test
  void statisticsCount() {
    try (var pair = new PeerPair(tautline)) {
      DataChannel channel = pair.a.createDataChannel("x");
      pair.connect();
      get(channel.opened());
      channel.send(new byte[1000]);
      await().until(() -> get(pair.a.getStats()).channels().get(0).bytesSent() == 1000);

      PeerConnectionStats stats = get(pair.a.getStats());
      assertThat(stats.packetsSent()).isPositive();
      assertThat(stats.bytesReceived()).isPositive();
      assertThat(stats.channels().get(0).messagesSent()).isEqualTo(1);
      assertThat(stats.channels().get(0).label()).isEqualTo("x");
      assertThat(get(pair.a.iceReport()).toString()).contains("host");
      assertThat(get(pair.a.iceReport()).toJson()).startsWith("{\"state\":");
      assertThat(get(pair.a.iceReport()).masked().toString())
          .contains("ipv4-1")
          .doesNotContain("127.0.0.1");
    }
  }
}
