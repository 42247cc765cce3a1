package dev.tautline.datachannel;

import static dev.tautline.datachannel.PeerPair.LOOPBACK;
import static dev.tautline.datachannel.PeerPair.get;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.tautline.datachannel.PeerConnectionException.Code;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Restarts of ICE between two connections over real sockets. */
@Timeout(60)
class IceRestartTest {
  private static Tautline tautline;

  @BeforeAll
  static void create() {
    tautline = Tautline.create();
  }

  @AfterAll
  static void close() {
    tautline.close();
  }

  private static PeerConnectionStats.Transport transport(PeerConnection connection) {
    return get(connection.getStats()).transport().orElseThrow();
  }

  private static void exchange(PeerConnection from, PeerConnection to) {
    get(to.setRemoteDescription(from.localDescription().orElseThrow()));
    get(to.setLocalDescription());
    get(from.setRemoteDescription(to.localDescription().orElseThrow()));
  }

  private static void restart(PeerConnection from, PeerConnection to) {
    get(from.setLocalDescription(get(from.createOffer(OfferOptions.restartingIce()))));
    exchange(from, to);
  }

  private static void awaitGeneration(int generation, PeerConnection... connections) {
    for (PeerConnection connection : connections) {
      await()
          .atMost(10, TimeUnit.SECONDS)
          .until(() -> transport(connection).iceGeneration() == generation);
      await()
          .atMost(10, TimeUnit.SECONDS)
          .until(() -> connection.iceConnectionState() == IceConnectionState.COMPLETED);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aTransferGoesOnWhileIceRestarts(boolean byOfferer) throws InterruptedException {
    try (var pair = new PeerPair(tautline)) {
      BlockingQueue<byte[]> received = new LinkedBlockingQueue<>();
      pair.b.onDataChannel(
          c -> c.onMessage(m -> received.add(((DataChannelMessage.Binary) m).data())));
      DataChannel channel = pair.a.createDataChannel("bulk");
      List<PeerConnectionState> states = new CopyOnWriteArrayList<>();
      pair.a.onConnectionStateChange(states::add);
      pair.connect();
      get(channel.opened());
      PeerConnectionStats.Transport beforeA = transport(pair.a);
      PeerConnectionStats.Transport beforeB = transport(pair.b);
      CompletableFuture<Void> sent = CompletableFuture.completedFuture(null);
      for (int i = 0; i < 400; i++) {
        byte[] message = new byte[16 << 10];
        message[0] = (byte) i;
        message[1] = (byte) (i >> 8);
        sent = sent.thenCompose(v -> channel.sendAsync(message));
        if (i == 100) {
          restart(byOfferer ? pair.a : pair.b, byOfferer ? pair.b : pair.a);
        }
      }
      get(sent);
      for (int i = 0; i < 400; i++) {
        byte[] message = received.poll(10, TimeUnit.SECONDS);
        assertThat(message).as("message " + i).isNotNull();
        assertThat(message[0] & 0xff | (message[1] & 0xff) << 8).isEqualTo(i);
      }

      awaitGeneration(2, pair.a, pair.b);
      PeerConnectionStats.Transport afterA = transport(pair.a);
      PeerConnectionStats.Transport afterB = transport(pair.b);
      assertThat(afterA.localUfrag()).isNotEqualTo(beforeA.localUfrag());
      assertThat(afterB.localUfrag()).isNotEqualTo(beforeB.localUfrag());
      assertThat(afterA.remoteUfrag()).isEqualTo(afterB.localUfrag());
      assertThat(afterB.remoteUfrag()).isEqualTo(afterA.localUfrag());
      assertThat(afterA.selectedPairChanges()).isGreaterThan(beforeA.selectedPairChanges());
      assertThat(afterA.dtlsHandshakes()).isEqualTo(1);
      assertThat(afterB.dtlsHandshakes()).isEqualTo(1);
      assertThat(states)
          .containsExactly(PeerConnectionState.CONNECTING, PeerConnectionState.CONNECTED);
    }
  }

  @Test
  void restartIceAsksForANegotiationOnceAndOnlyWhenStable() throws InterruptedException {
    try (var pair = new PeerPair(tautline)) {
      AtomicInteger needed = new AtomicInteger();
      pair.a.onNegotiationNeeded(needed::incrementAndGet);
      pair.a.restartIce();
      DataChannel channel = pair.a.createDataChannel("x");
      pair.connect();
      get(channel.opened());
      get(pair.a.getStats());
      assertThat(needed).as("for the channel").hasValue(1);

      get(pair.a.setLocalDescription());
      pair.a.restartIce();
      pair.a.restartIce();
      get(pair.a.getStats());
      assertThat(needed).as("not while an offer is out").hasValue(1);
      exchange(pair.a, pair.b);
      await().atMost(5, TimeUnit.SECONDS).until(() -> needed.get() == 2);

      get(pair.a.setLocalDescription());
      exchange(pair.a, pair.b);
      awaitGeneration(2, pair.a, pair.b);
      get(pair.a.getStats());
      assertThat(needed).hasValue(2);
    }
  }

  @Test
  void aRestartIsTrickledAndItsCandidatesNameTheNewGeneration() {
    try (var pair = new PeerPair(tautline)) {
      DataChannel channel = pair.a.createDataChannel("x");
      pair.connect();
      get(channel.opened());
      get(pair.a.gatheringComplete());
      String before = transport(pair.a).localUfrag();
      List<IceCandidateInit> candidates = new CopyOnWriteArrayList<>();
      AtomicInteger ends = new AtomicInteger();
      pair.a.onIceCandidate(c -> c.ifPresentOrElse(candidates::add, ends::incrementAndGet));

      SessionDescription offer = get(pair.a.createOffer(OfferOptions.restartingIce()));
      assertThat(offer.sdp()).doesNotContain("a=candidate").doesNotContain(before);
      get(pair.a.setLocalDescription(offer));
      get(pair.a.gatheringComplete());
      await().atMost(5, TimeUnit.SECONDS).until(() -> ends.get() == 1);

      assertThat(candidates)
          .isNotEmpty()
          .allSatisfy(
              c -> {
                assertThat(c.usernameFragment()).isNotEqualTo(before);
                assertThat(offer.sdp()).contains("a=ice-ufrag:" + c.usernameFragment());
                assertThat(c.sdpMid()).isEqualTo("0");
              });
      assertThat(pair.a.localDescription().orElseThrow().sdp())
          .contains(candidates.get(0).candidate())
          .contains("a=end-of-candidates");
      exchange(pair.a, pair.b);
      awaitGeneration(2, pair.a, pair.b);
      assertThatThrownBy(
              () ->
                  get(
                      pair.b.addIceCandidate(
                          new IceCandidateInit(
                              "candidate:1 1 udp 2113937151 127.0.0.1 9 typ host",
                              "0",
                              0,
                              before))))
          .hasCauseInstanceOf(PeerConnectionException.class)
          .cause()
          .extracting(e -> ((PeerConnectionException) e).code())
          .isEqualTo(Code.OPERATION_ERROR);
    }
  }

  @Test
  void anOfferThatIsTakenBackLeavesTheConnectionAsItIs() throws InterruptedException {
    try (var pair = new PeerPair(tautline)) {
      BlockingQueue<DataChannelMessage> received = new LinkedBlockingQueue<>();
      pair.b.onDataChannel(c -> c.onMessage(received::add));
      DataChannel channel = pair.a.createDataChannel("x");
      pair.connect();
      get(channel.opened());
      PeerConnectionStats.Transport before = transport(pair.a);
      get(pair.a.setLocalDescription(get(pair.a.createOffer(OfferOptions.restartingIce()))));
      get(pair.a.setLocalDescription(new SessionDescription(SdpType.ROLLBACK, "")));

      assertThat(pair.a.localDescription().orElseThrow().sdp()).contains(before.localUfrag());
      channel.send("still here");
      assertThat(received.poll(10, TimeUnit.SECONDS)).hasToString("still here");
      assertThat(transport(pair.a).localUfrag()).isEqualTo(before.localUfrag());
      restart(pair.b, pair.a);
      awaitGeneration(2, pair.a, pair.b);
    }
  }

  @Test
  void aRestartOfferThatIsNeverAnsweredIsTakenBackAndMadeAgain() throws InterruptedException {
    try (var pair = new PeerPair(tautline)) {
      BlockingQueue<DataChannelMessage> atA = new LinkedBlockingQueue<>();
      BlockingQueue<DataChannelMessage> atB = new LinkedBlockingQueue<>();
      var ofB = new CompletableFuture<DataChannel>();
      pair.b.onDataChannel(
          c -> {
            c.onMessage(atB::add);
            ofB.complete(c);
          });
      DataChannel channel = pair.a.createDataChannel("x");
      channel.onMessage(atA::add);
      pair.connect();
      get(channel.opened());
      PeerConnectionStats.Transport before = transport(pair.a);
      List<SignalingState> signalling = new CopyOnWriteArrayList<>();
      pair.a.onSignalingStateChange(signalling::add);
      AtomicInteger needed = new AtomicInteger();
      pair.a.onNegotiationNeeded(needed::incrementAndGet);
      pair.a.restartIce();
      await().atMost(5, TimeUnit.SECONDS).until(() -> needed.get() == 1);
      get(pair.a.setLocalDescription());
      SessionDescription lost = pair.a.localDescription().orElseThrow();
      get(pair.a.gatheringComplete());
      assertThat(lost.sdp()).doesNotContain("a=ice-ufrag:" + before.localUfrag());

      // The old credentials carry both ways while the offer is out.
      channel.send("while it waits");
      assertThat(atB.poll(10, TimeUnit.SECONDS)).hasToString("while it waits");
      get(pair.a.setLocalDescription(SessionDescription.rollback()));

      assertThat(pair.a.signalingState()).isEqualTo(SignalingState.STABLE);
      assertThat(pair.a.localDescription().orElseThrow().sdp())
          .contains("a=ice-ufrag:" + before.localUfrag());
      await().atMost(5, TimeUnit.SECONDS).until(() -> needed.get() == 2);
      get(ofB).send("to the old credentials");
      assertThat(atA.poll(10, TimeUnit.SECONDS)).hasToString("to the old credentials");
      channel.send("and back");
      assertThat(atB.poll(10, TimeUnit.SECONDS)).hasToString("and back");
      assertThat(transport(pair.a).iceGeneration()).isEqualTo(1);

      // An answer to it that comes after all is for nothing.
      get(pair.b.setRemoteDescription(lost));
      get(pair.b.setLocalDescription());
      SessionDescription late = pair.b.localDescription().orElseThrow();
      assertThatThrownBy(() -> get(pair.a.setRemoteDescription(late)))
          .cause()
          .isInstanceOfSatisfying(
              PeerConnectionException.class,
              e -> assertThat(e.code()).isEqualTo(Code.INVALID_STATE));

      // The next offer restarts, as was asked for, and the peer's own restart gives way to it.
      get(pair.a.setLocalDescription());
      exchange(pair.a, pair.b);
      await().atMost(10, TimeUnit.SECONDS).until(() -> transport(pair.a).iceGeneration() == 2);
      assertThat(transport(pair.a).localUfrag()).isNotEqualTo(before.localUfrag());
      channel.send("in the new generation");
      assertThat(atB.poll(10, TimeUnit.SECONDS)).hasToString("in the new generation");
      assertThat(signalling)
          .containsExactly(
              SignalingState.HAVE_LOCAL_OFFER,
              SignalingState.STABLE,
              SignalingState.HAVE_LOCAL_OFFER,
              SignalingState.STABLE);
    }
  }

  @Test
  void bothSidesRestartAtOnceAndThePoliteOneGivesWay() throws InterruptedException {
    try (var pair = new PeerPair(tautline)) {
      BlockingQueue<DataChannelMessage> received = new LinkedBlockingQueue<>();
      pair.b.onDataChannel(c -> c.onMessage(received::add));
      DataChannel channel = pair.a.createDataChannel("x");
      pair.connect();
      get(channel.opened());
      for (int generation = 2; generation < 6; generation++) {
        PeerConnection impolite = generation % 2 == 0 ? pair.a : pair.b;
        PeerConnection polite = generation % 2 == 0 ? pair.b : pair.a;
        impolite.restartIce();
        polite.restartIce();
        get(impolite.setLocalDescription());
        get(polite.setLocalDescription());
        exchange(impolite, polite);
        awaitGeneration(generation, pair.a, pair.b);
        channel.send("generation " + generation);
        assertThat(received.poll(10, TimeUnit.SECONDS)).hasToString("generation " + generation);
      }
      assertThat(transport(pair.a).dtlsHandshakes()).isEqualTo(1);
    }
  }

  @Test
  void candidatesThatWereFoundWithoutADescriptionWaitForOne() {
    PeerConnection polite = tautline.createPeerConnection(LOOPBACK);
    try (polite) {
      List<IceCandidateInit> candidates = new CopyOnWriteArrayList<>();
      polite.onIceCandidate(c -> c.ifPresent(candidates::add));
      polite.createDataChannel("y");
      get(polite.setLocalDescription());
      get(polite.setLocalDescription(new SessionDescription(SdpType.ROLLBACK, "")));
      get(polite.gatheringComplete());
      get(polite.setLocalDescription());
      get(polite.getStats());

      assertThat(candidates).isNotEmpty().allMatch(c -> "0".equals(c.sdpMid()));
    }
  }

  @Test
  void aHandlerThatThrowsDoesNotKeepOtherChannelsFromBeingAnnounced() {
    try (var pair = new PeerPair(tautline)) {
      List<DataChannel> channels = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        channels.add(pair.a.createDataChannel("c" + i));
      }
      pair.connect();
      channels.forEach(c -> get(c.opened()));
      await()
          .atMost(5, TimeUnit.SECONDS)
          .until(() -> get(pair.b.getStats()).channels().size() == 3);
      List<String> announced = new CopyOnWriteArrayList<>();
      pair.b.onDataChannel(
          c -> {
            announced.add(c.label());
            throw new IllegalStateException("the test's");
          });
      await().atMost(5, TimeUnit.SECONDS).until(() -> announced.size() == 3);
      assertThat(announced).containsExactly("c0", "c1", "c2");
    }
  }

  @Test
  void aConnectionThatIsClosedWhileItConnectsSaysClosed() {
    for (int i = 0; i < 20; i++) {
      try (var pair = new PeerPair(tautline)) {
        pair.a.createDataChannel("x");
        pair.negotiate();
        CompletableFuture<Void> closed = new CompletableFuture<>();
        pair.a.onIceConnectionStateChange(
            s ->
                CompletableFuture.runAsync(pair.a::closeAsync)
                    .thenRun(() -> closed.complete(null)));
        pair.a.connected().whenComplete((v, e) -> closed.complete(null));
        get(closed);
        get(pair.a.closeAsync());
        assertThat(pair.a.connectionState()).isEqualTo(PeerConnectionState.CLOSED);
        assertThat(pair.a.iceConnectionState()).isEqualTo(IceConnectionState.CLOSED);
      }
    }
  }
}
