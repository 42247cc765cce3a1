package dev.tautline.sctp.scenario;

import static dev.tautline.sctp.HandPeer.EXTENSIONS;
import static dev.tautline.sctp.HandPeer.INITIAL_TSN;
import static dev.tautline.sctp.HandPeer.TAG;
import static dev.tautline.sctp.HandPeer.WINDOW;
import static dev.tautline.sctp.HandPeer.all;
import static dev.tautline.sctp.HandPeer.data;
import static dev.tautline.sctp.HandPeer.in;
import static dev.tautline.sctp.HandPeer.initAckBody;
import static dev.tautline.sctp.HandPeer.only;
import static dev.tautline.sctp.HandPeer.sack;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tautline.sctp.AssociationEvent.Established;
import dev.tautline.sctp.AssociationEvent.Failed;
import dev.tautline.sctp.AssociationEvent.FailureReason;
import dev.tautline.sctp.AssociationEvent.MessageReceived;
import dev.tautline.sctp.AssociationOptions;
import dev.tautline.sctp.AssociationPhase;
import dev.tautline.sctp.HandPeer;
import dev.tautline.sctp.SctpSim;
import dev.tautline.sctp.SendOptions;
import dev.tautline.sctp.SendOptions.Ordering;
import dev.tautline.sctp.SendOptions.Reliability;
import dev.tautline.sctp.packet.AbortChunk;
import dev.tautline.sctp.packet.CookieAckChunk;
import dev.tautline.sctp.packet.CookieEchoChunk;
import dev.tautline.sctp.packet.DataChunk;
import dev.tautline.sctp.packet.ForwardTsnChunk;
import dev.tautline.sctp.packet.HeartbeatAckChunk;
import dev.tautline.sctp.packet.HeartbeatChunk;
import dev.tautline.sctp.packet.InitAckChunk;
import dev.tautline.sctp.packet.InitChunk;
import dev.tautline.sctp.packet.Octets;
import dev.tautline.sctp.packet.SackChunk;
import dev.tautline.sctp.packet.ShutdownChunk;
import dev.tautline.testkit.SimulatedNetwork;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/**
 * RFC 9260 sections 5.1, 6.3 and 8.1, RFC 8261 section 6.1: the timers with their limits, an
 * association without a path for a while, and one whose path changes.
 */
@Scenarios
class TimersAndPathScenarioTest {
  private static final long MILLI = 1_000_000L;
  private static final AssociationOptions RFC = AssociationOptions.rfc();
  private static final AssociationOptions CHANNELS = AssociationOptions.forDataChannels();
  private static final HeartbeatChunk HEARTBEAT =
      new HeartbeatChunk(Octets.copyOf(new byte[] {0, 1, 0, 8, 1, 2, 3, 4}));

  private static void assertNextAt(HandPeer peer, long millis) {
    peer.nextPackets();
    assertThat(peer.nowNanos).isEqualTo(millis * MILLI);
  }

  // --- T1 ---

  @Test
  void t1InitDoublesUpToASecondForDataChannels() {
    HandPeer peer = HandPeer.inCookieWait(CHANNELS);

    for (long millis : new long[] {500, 1500, 2500, 3500, 4500, 5500}) {
      assertNextAt(peer, millis);
    }
  }

  @Test
  void t1CookieDoublesUpToASecondForDataChannels() {
    HandPeer peer = HandPeer.inCookieEchoed(CHANNELS);

    for (long millis : new long[] {500, 1500, 2500, 3500, 4500, 5500}) {
      assertNextAt(peer, millis);
    }
  }

  @Test
  void t1InitDoublesUpToRtoMaxIfThatIsShorter() {
    HandPeer peer = HandPeer.inCookieWait(RFC.toBuilder().rtoMax(Duration.ofSeconds(3)).build());

    for (long millis : new long[] {500, 1500, 3500, 6500, 9500, 12_500}) {
      assertNextAt(peer, millis);
    }
  }

  @Test
  void t1CookieDoublesUpToRtoMaxIfThatIsShorter() {
    HandPeer peer = HandPeer.inCookieEchoed(RFC.toBuilder().rtoMax(Duration.ofSeconds(3)).build());

    for (long millis : new long[] {500, 1500, 3500, 6500, 9500, 12_500}) {
      assertNextAt(peer, millis);
    }
  }

  @Test
  void withoutRetransmissionsTheFirstUnansweredInitEndsTheHandshake() {
    HandPeer peer = HandPeer.inCookieWait(RFC.toBuilder().maxInitRetransmits(0).build());

    assertThat(peer.nextTimer()).isEmpty();

    assertThat(peer.events(Failed.class).get(0).reason())
        .isEqualTo(FailureReason.HANDSHAKE_UNANSWERED);
    // What comes now is out of the blue.
    only(peer.send(new InitAckChunk(initAckBody(TAG))), AbortChunk.class);
  }

  @Test
  void anUnansweredCookieEchoEndsTheHandshakeWithAnAbort() {
    HandPeer peer = HandPeer.inCookieEchoed(RFC.toBuilder().maxInitRetransmits(1).build());
    only(peer.nextTimer(), CookieEchoChunk.class);

    only(peer.nextTimer(), AbortChunk.class);

    assertThat(peer.events(Failed.class)).hasSize(1);
  }

  @Test
  void theLimitOfCookieEchoesDoesNotCountTheInitsBefore() {
    HandPeer peer = HandPeer.inCookieWait(RFC.toBuilder().maxInitRetransmits(2).build());
    peer.nextTimer();
    peer.nextTimer();
    only(peer.send(new InitAckChunk(initAckBody(TAG))), CookieEchoChunk.class);

    only(peer.nextTimer(), CookieEchoChunk.class);
    only(peer.nextTimer(), CookieEchoChunk.class);
    assertThat(peer.association.state()).isEqualTo(AssociationPhase.COOKIE_ECHOED);
    peer.nextTimer();
    assertThat(peer.association.state()).isEqualTo(AssociationPhase.CLOSED);
  }

  @Test
  void theTimeLimitOfTheHandshakeCountsFromTheFirstInit() {
    // Data channels: 30 s in all, whichever packet goes unanswered.
    HandPeer peer = HandPeer.inCookieWait(CHANNELS);
    peer.pass(20_000 * MILLI);
    only(peer.send(new InitAckChunk(initAckBody(TAG))), CookieEchoChunk.class);
    while (peer.association.state() == AssociationPhase.COOKIE_ECHOED) {
      peer.nextTimer();
    }

    assertThat(peer.nowNanos).isBetween(30_000 * MILLI, 33_000 * MILLI);
  }

  // --- T3 ---

  @Test
  void t3DoublesUpToRtoMax() {
    HandPeer peer =
        HandPeer.established(RFC.toBuilder().rtoMax(Duration.ofSeconds(3)).build(), EXTENSIONS);
    peer.userSends(0, 10);
    peer.poll();

    for (long millis : new long[] {500, 1500, 3500, 6500, 9500}) {
      assertNextAt(peer, millis);
    }
  }

  @Test
  void aSackOfNewDataStartsT3AnewForTheRest() {
    // Section 6.3.2 R3.
    HandPeer peer = HandPeer.established();
    peer.userSends(0, 1100);
    peer.userSends(0, 1100);
    peer.poll();
    peer.nowNanos = 450 * MILLI;
    peer.send(sack(peer.peerInitialTsn, WINDOW));

    long rto = peer.association.statistics().rtoNanos();
    only(peer.nextPackets(), DataChunk.class);

    assertThat(peer.nowNanos).isEqualTo(450 * MILLI + rto);
  }

  @Test
  void aSackOfEverythingStopsT3() {
    // Section 6.3.2 R2.
    HandPeer peer = HandPeer.established();
    peer.userSends(0, 1000);
    peer.poll();
    peer.nowNanos = 10 * MILLI;
    peer.send(sack(peer.peerInitialTsn, WINDOW));

    assertThat(all(peer.pass(25_000 * MILLI), DataChunk.class)).isEmpty();
    assertThat(peer.association.statistics().timeouts()).isZero();
  }

  @Test
  void anAnswerToTheTenthRetransmissionSavesTheAssociation() {
    HandPeer peer = HandPeer.established();
    peer.userSends(0, 10);
    peer.poll();
    for (int i = 0; i < 10; i++) {
      only(peer.nextPackets(), DataChunk.class);
    }

    peer.send(sack(peer.peerInitialTsn, WINDOW));
    peer.pass(1000 * MILLI);

    assertThat(peer.association.state()).isEqualTo(AssociationPhase.ESTABLISHED);
  }

  @Test
  void aHeartbeatAckBetweenTimeoutsClearsTheErrorCounter() {
    // Section 8.1: the counter is the association's, for data and heartbeats alike.
    HandPeer peer = HandPeer.established(RFC.toBuilder().maxRetransmits(1).build(), EXTENSIONS);
    HeartbeatChunk heartbeat = only(peer.nextPackets(), HeartbeatChunk.class);
    peer.userSends(0, 10);
    peer.poll();
    only(peer.nextPackets(), DataChunk.class);
    peer.send(new HeartbeatAckChunk(heartbeat.info()));

    only(peer.nextPackets(), DataChunk.class);
    assertThat(peer.association.state()).isEqualTo(AssociationPhase.ESTABLISHED);
    peer.nextTimer();
    assertThat(peer.association.state()).isEqualTo(AssociationPhase.CLOSED);
  }

  @Test
  void theTimeLimitOfDataCountsFromTheLastAcknowledgement() {
    HandPeer peer =
        HandPeer.established(
            CHANNELS.toBuilder().noAcknowledgementLimit(Optional.of(Duration.ofSeconds(5))).build(),
            EXTENSIONS);
    peer.userSends(0, 1100);
    peer.userSends(0, 1100);
    peer.poll();
    peer.pass(4000 * MILLI);
    peer.send(sack(peer.peerInitialTsn, WINDOW));
    peer.pass(4900 * MILLI);
    assertThat(peer.association.state()).isEqualTo(AssociationPhase.ESTABLISHED);

    peer.pass(200 * MILLI);

    assertThat(peer.events(Failed.class).get(0).reason())
        .isEqualTo(FailureReason.NO_ACKNOWLEDGEMENT);
  }

  // --- no path for a while ---

  private static void suspend(HandPeer peer, long millis) {
    peer.association.suspend(peer.nowNanos);
    assertThat(peer.association.nextDeadlineNanos()).isEqualTo(Long.MAX_VALUE);
    peer.nowNanos += millis * MILLI;
    peer.association.advanceTo(peer.nowNanos);
    assertThat(peer.poll()).isEmpty();
    peer.association.resume(peer.nowNanos);
  }

  @Test
  void t1InitStandsStillWhileThereIsNoPath() {
    HandPeer peer = HandPeer.inCookieWait(RFC);
    peer.nowNanos = 100 * MILLI;

    suspend(peer, 60_000);

    assertNextAt(peer, 60_500);
    only(peer.send(new InitAckChunk(initAckBody(TAG))), CookieEchoChunk.class);
  }

  @Test
  void t1CookieStandsStillWhileThereIsNoPath() {
    HandPeer peer = HandPeer.inCookieEchoed(CHANNELS);
    peer.nowNanos = 100 * MILLI;

    // Twice the time in which the handshake would have failed.
    suspend(peer, 60_000);

    assertNextAt(peer, 60_500);
    peer.send(new CookieAckChunk());
    assertThat(peer.events(Established.class)).hasSize(1);
  }

  @Test
  void t2StandsStillWhileThereIsNoPath() {
    HandPeer peer = in(AssociationPhase.SHUTDOWN_SENT);

    suspend(peer, 400_000);

    only(peer.nextPackets(), ShutdownChunk.class);
    assertThat(peer.nowNanos).isEqualTo(400_500 * MILLI);
  }

  @Test
  void heartbeatsStandStillWhileThereIsNoPath() {
    HandPeer peer = HandPeer.established();
    peer.pass(10_000 * MILLI);

    suspend(peer, 3_600_000);

    HeartbeatChunk heartbeat = only(peer.nextPackets(), HeartbeatChunk.class);
    assertThat(peer.nowNanos).isBetween(3_630_000 * MILLI, 3_631_000 * MILLI);
    peer.send(new HeartbeatAckChunk(heartbeat.info()));
    assertThat(peer.association.statistics().drops()).isEmpty();
  }

  @Test
  void whatComesWithoutAPathIsDeliveredAndAnsweredLater() {
    HandPeer peer = HandPeer.established();
    peer.association.suspend(0);

    assertThat(peer.send(data(INITIAL_TSN, 0, 0, 5), HEARTBEAT)).isEmpty();
    assertThat(peer.events(MessageReceived.class)).hasSize(1);
    peer.nowNanos = 1000 * MILLI;
    peer.association.resume(peer.nowNanos);
    List<byte[]> answers = peer.poll();
    answers.addAll(peer.pass(300 * MILLI));

    only(answers, HeartbeatAckChunk.class);
    only(answers, SackChunk.class);
  }

  @Test
  void whatIsSentWithoutAPathLeavesWhenThereIsOne() {
    HandPeer peer = HandPeer.established();
    peer.association.suspend(0);
    peer.userSends(0, 100);
    assertThat(peer.poll()).isEmpty();
    peer.nowNanos = 5000 * MILLI;

    peer.association.resume(peer.nowNanos);

    only(peer.poll(), DataChunk.class);
  }

  @Test
  void lifetimesOfMessagesGoOnWithoutAPath() {
    // 100 ms are over long before the path is back: the message uses no TSN.
    HandPeer peer = HandPeer.established();
    peer.association.suspend(0);
    var brief = new SendOptions(Ordering.ORDERED, new Reliability.MaxLifetime(100 * MILLI));
    peer.userSends(0, 77, brief);
    peer.userSends(0, 78);
    peer.nowNanos = 1000 * MILLI;
    peer.association.resume(peer.nowNanos);

    DataChunk only = only(peer.poll(), DataChunk.class);

    assertThat(only.payload().length()).isEqualTo(78);
    assertThat(only.tsn()).isEqualTo(peer.peerInitialTsn);
  }

  @Test
  void aMessageSentBeforeThePathWentIsGivenUpAfterItsLifetime() {
    HandPeer peer = HandPeer.established();
    peer.userSends(
        0, 77, new SendOptions(Ordering.ORDERED, new Reliability.MaxLifetime(600 * MILLI)));
    only(peer.poll(), DataChunk.class);

    suspend(peer, 5_000);

    List<byte[]> next = peer.nextPackets();
    only(next, ForwardTsnChunk.class);
    assertThat(all(next, DataChunk.class)).isEmpty();
  }

  @Test
  void theTimeLimitOfDataDoesNotCountTimeWithoutAPath() {
    HandPeer peer = HandPeer.established(CHANNELS, EXTENSIONS);
    peer.userSends(0, 10);
    peer.poll();

    suspend(peer, 3_600_000);
    only(peer.nextPackets(), DataChunk.class);
    peer.pass(20_000 * MILLI);

    assertThat(peer.association.state()).isEqualTo(AssociationPhase.ESTABLISHED);
  }

  @Test
  void severalPausesAddUp() {
    HandPeer peer = HandPeer.established();
    peer.userSends(0, 10);
    peer.poll();
    peer.nowNanos = 100 * MILLI;
    suspend(peer, 1_000);
    peer.nowNanos += 100 * MILLI;
    suspend(peer, 2_000);

    only(peer.nextPackets(), DataChunk.class);

    assertThat(peer.nowNanos).isEqualTo((500 + 3_000) * MILLI);
  }

  @Test
  void pausedTwiceIsPausedOnceAndResumedTwiceIsNothing() {
    HandPeer peer = HandPeer.established();
    peer.userSends(0, 20);
    peer.poll();
    peer.association.suspend(0);
    peer.association.suspend(300 * MILLI);
    peer.association.resume(1000 * MILLI);
    peer.nowNanos = 1200 * MILLI;
    peer.association.resume(peer.nowNanos);

    only(peer.nextPackets(), DataChunk.class);

    assertThat(peer.nowNanos).isEqualTo(1500 * MILLI);
  }

  @Test
  void anAbortWithoutAPathLeavesWhenThereIsOne() {
    HandPeer peer = HandPeer.established();
    peer.association.suspend(0);
    peer.association.abort(0, "gone");
    assertThat(peer.poll()).isEmpty();

    peer.association.resume(0);

    only(peer.poll(), AbortChunk.class);
  }

  @Test
  void aHandshakeBegunWithoutAPathStartsWithThePath() {
    var peer = new HandPeer(RFC);
    peer.association.suspend(0);
    peer.association.connect(0);
    assertThat(peer.poll()).isEmpty();
    peer.nowNanos = 2000 * MILLI;
    peer.association.resume(peer.nowNanos);

    only(peer.poll(), InitChunk.class);
    assertNextAt(peer, 2500);
  }

  @Test
  void twoAssociationsThatLoseTheirPathForAnHourGoOn() {
    SctpSim sim =
        SctpSim.on(
                SimulatedNetwork.seeded(Seeds.of(1)).oneWayDelay(Duration.ofMillis(30)), CHANNELS)
            .connected();
    SctpSim.send(sim.a, 0, "before");
    SctpSim.send(sim.z, 0, "before as well");
    sim.a.core().suspend(sim.a.nowNanos());
    sim.z.core().suspend(sim.z.nowNanos());
    sim.net.runFor(Duration.ofHours(1));
    assertThat(SctpSim.texts(sim.z)).isEmpty();

    sim.a.core().resume(sim.a.nowNanos());
    sim.z.core().resume(sim.z.nowNanos());
    sim.net.runFor(Duration.ofSeconds(1));

    assertThat(SctpSim.texts(sim.z)).containsExactly("before");
    assertThat(SctpSim.texts(sim.a)).containsExactly("before as well");
  }

  // --- another path ---

  @Test
  void aChangeOfPathForgetsTheRoundTripOfTheOldOne() {
    HandPeer peer = HandPeer.established();
    peer.userSends(0, 10);
    peer.poll();
    peer.nowNanos = 900 * MILLI;
    // The timer would have fired: the answer comes first.
    peer.send(sack(peer.peerInitialTsn, WINDOW));
    assertThat(peer.association.statistics().rtoNanos()).isGreaterThan(500 * MILLI);

    peer.association.pathChanged(peer.nowNanos);

    assertThat(peer.association.statistics().srttNanos()).isZero();
    peer.userSends(0, 11);
    peer.poll();
    assertNextAt(peer, 1400);
  }

  @Test
  void aChangeOfPathClearsTheErrorCounter() {
    HandPeer peer = HandPeer.established(RFC.toBuilder().maxRetransmits(2).build(), EXTENSIONS);
    peer.userSends(0, 10);
    peer.poll();
    only(peer.nextPackets(), DataChunk.class);
    only(peer.nextPackets(), DataChunk.class);

    peer.association.pathChanged(peer.nowNanos);
    only(peer.poll(), DataChunk.class);
    only(peer.nextPackets(), DataChunk.class);
    only(peer.nextPackets(), DataChunk.class);

    assertThat(peer.association.state()).isEqualTo(AssociationPhase.ESTABLISHED);
    peer.nextTimer();
    assertThat(peer.association.state()).isEqualTo(AssociationPhase.CLOSED);
  }

  @Test
  void aChangeOfPathWithNothingOutSendsNothing() {
    HandPeer peer = HandPeer.established();

    peer.association.pathChanged(0);

    assertThat(peer.poll()).isEmpty();
    peer.userSends(0, 12);
    only(peer.poll(), DataChunk.class);
  }

  @Test
  void aChangeOfPathDuringTheHandshakeLeavesItsTimersAlone() {
    HandPeer peer = HandPeer.inCookieEchoed(RFC);
    peer.nowNanos = 200 * MILLI;

    peer.association.pathChanged(peer.nowNanos);

    assertThat(peer.poll()).isEmpty();
    assertNextAt(peer, 500);
  }

  @Test
  void aChangeOfPathSendsWhatWasLostOnTheOldOne() {
    SctpSim sim =
        SctpSim.on(
                SimulatedNetwork.seeded(Seeds.of(1)).oneWayDelay(Duration.ofMillis(30)), CHANNELS)
            .connected();
    sim.net.cut();
    for (int i = 0; i < 5; i++) {
      SctpSim.send(sim.a, i, "message " + i);
    }
    sim.net.runFor(Duration.ofSeconds(8));
    sim.net.restore();
    sim.a.core().pathChanged(sim.a.nowNanos());

    sim.net.runFor(Duration.ofMillis(31));

    // Without waiting for T3, which has backed off to 3 s.
    assertThat(SctpSim.texts(sim.z)).hasSize(5);
  }
}
