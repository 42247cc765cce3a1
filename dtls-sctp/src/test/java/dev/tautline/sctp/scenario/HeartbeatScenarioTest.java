package dev.tautline.sctp.scenario;

import static dev.tautline.sctp.HandPeer.EXTENSIONS;
import static dev.tautline.sctp.HandPeer.WINDOW;
import static dev.tautline.sctp.HandPeer.all;
import static dev.tautline.sctp.HandPeer.only;
import static dev.tautline.sctp.HandPeer.sack;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tautline.sctp.AssociationEvent.Failed;
import dev.tautline.sctp.AssociationEvent.FailureReason;
import dev.tautline.sctp.AssociationOptions;
import dev.tautline.sctp.AssociationPhase;
import dev.tautline.sctp.DropReason;
import dev.tautline.sctp.HandPeer;
import dev.tautline.sctp.SctpSim;
import dev.tautline.sctp.packet.ChunkType;
import dev.tautline.sctp.packet.HeartbeatAckChunk;
import dev.tautline.sctp.packet.HeartbeatChunk;
import dev.tautline.sctp.packet.Octets;
import dev.tautline.testkit.Direction;
import dev.tautline.testkit.SimulatedNetwork;
import java.time.Duration;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** RFC 9260 sections 8.1 to 8.3: heartbeats, the error counter, path failure and recovery. */
@Scenarios
class HeartbeatScenarioTest {
  private static final long SECOND = 1_000_000_000L;
  private static final AssociationOptions RFC = AssociationOptions.rfc();

  private final HandPeer peer = HandPeer.established();

  private static HandPeer patience(int maxRetransmits) {
    return HandPeer.established(RFC.toBuilder().maxRetransmits(maxRetransmits).build(), EXTENSIONS);
  }

  private static HeartbeatChunk next(HandPeer at) {
    return only(at.nextPackets(), HeartbeatChunk.class);
  }

  private static void answer(HandPeer at, HeartbeatChunk heartbeat) {
    assertThat(at.send(new HeartbeatAckChunk(heartbeat.info()))).isEmpty();
  }

  private static int heartbeatsUntilFailure(HandPeer at) {
    int heartbeats = 0;
    while (at.association.state() == AssociationPhase.ESTABLISHED) {
      heartbeats += all(at.nextTimer(), HeartbeatChunk.class).size();
    }
    assertThat(at.events(Failed.class).get(0).reason())
        .isEqualTo(FailureReason.RETRANSMISSIONS_EXHAUSTED);
    return heartbeats;
  }

  @Test
  void theFirstComesAfterTheIntervalAndHalfToOneAndAHalfOfTheRto() {
    next(peer);

    assertThat(peer.nowNanos).isBetween(30_250_000_000L, 30_750_000_000L);
  }

  @Test
  void anAnsweredOneIsFollowedByTheNextAfterAnotherInterval() {
    answer(peer, next(peer));
    long answered = peer.nowNanos;

    next(peer);

    assertThat(peer.nowNanos - answered).isBetween(30 * SECOND, 31 * SECOND);
    assertThat(peer.drops(DropReason.FORGED_HEARTBEAT_ACK)).isZero();
  }

  @Test
  void eachHasANonceOfItsOwn() {
    HeartbeatChunk first = next(peer);
    answer(peer, first);
    HeartbeatChunk second = next(peer);
    answer(peer, second);

    assertThat(next(peer).info()).isNotEqualTo(second.info()).isNotEqualTo(first.info());
  }

  @Test
  void elevenUnansweredEndTheAssociation() {
    // Association.Max.Retrans is 10: the association fails when the counter exceeds it.
    assertThat(heartbeatsUntilFailure(peer)).isEqualTo(11);
  }

  @Test
  void withoutRetransmissionsTheFirstUnansweredEndsIt() {
    assertThat(heartbeatsUntilFailure(patience(0))).isEqualTo(1);
  }

  @Test
  void anAnswerAtTheLastMomentClearsTheErrorCounter() {
    HandPeer patient = patience(2);
    next(patient);
    next(patient);
    answer(patient, next(patient));

    // Two may go unanswered again.
    assertThat(heartbeatsUntilFailure(patient)).isEqualTo(3);
  }

  @Test
  void theAnswerToTheOneBeforeIsTooLate() {
    // Only the 64 bit of the last one prove that the path lives now.
    HandPeer patient = patience(1);
    HeartbeatChunk first = next(patient);
    next(patient);

    answer(patient, first);

    assertThat(patient.drops(DropReason.FORGED_HEARTBEAT_ACK)).isEqualTo(1);
    assertThat(heartbeatsUntilFailure(patient)).isZero();
  }

  @Test
  void anAnswerWithOneBitFlippedIsForged() {
    byte[] info = next(peer).info().toByteArray();
    info[8] ^= 1;

    peer.send(new HeartbeatAckChunk(Octets.copyOf(info)));

    assertThat(peer.drops(DropReason.FORGED_HEARTBEAT_ACK)).isEqualTo(1);
  }

  @Test
  void aTruncatedAnswerIsForged() {
    HeartbeatChunk heartbeat = next(peer);

    peer.send(new HeartbeatAckChunk(heartbeat.info().truncatedTo(11)));
    peer.send(new HeartbeatAckChunk(Octets.EMPTY));

    assertThat(peer.drops(DropReason.FORGED_HEARTBEAT_ACK)).isEqualTo(2);
  }

  @Test
  void anAnswerWithAByteMoreIsForged() {
    byte[] info = next(peer).info().toByteArray();

    peer.send(new HeartbeatAckChunk(Octets.copyOf(Arrays.copyOf(info, info.length + 1))));

    assertThat(peer.drops(DropReason.FORGED_HEARTBEAT_ACK)).isEqualTo(1);
  }

  @Test
  void theSameAnswerCountsOnce() {
    HeartbeatChunk heartbeat = next(peer);
    answer(peer, heartbeat);

    answer(peer, heartbeat);

    assertThat(peer.drops(DropReason.FORGED_HEARTBEAT_ACK)).isEqualTo(1);
  }

  @Test
  void thereAreNoneWhileDataFlows() {
    for (int i = 0; i < 10; i++) {
      peer.userSends(0, 10);
      peer.poll();
      peer.send(sack(peer.peerInitialTsn + i, WINDOW));
      assertThat(all(peer.pass(10 * SECOND), HeartbeatChunk.class)).isEmpty();
    }

    next(peer);
    assertThat(peer.nowNanos).isBetween(120 * SECOND, 121 * SECOND);
  }

  @Test
  void aSackAnswersAHeartbeatAsWell() {
    HandPeer patient = patience(1);
    next(patient);
    patient.userSends(0, 10);
    patient.poll();

    patient.send(sack(patient.peerInitialTsn, WINDOW));

    // Neither the first heartbeat nor the error counter counts any more.
    assertThat(heartbeatsUntilFailure(patient)).isEqualTo(2);
  }

  @Test
  void aSilentPathWithDataOutIsCountedByT3AloneAndNotTwice() {
    HandPeer patient = patience(4);
    patient.userSends(0, 10);
    patient.poll();

    int heartbeats = heartbeatsUntilFailure(patient);

    assertThat(heartbeats).isZero();
    // 0.5, 1.5, 3.5, 7.5 and 15.5 s: five expirations.
    assertThat(patient.nowNanos).isEqualTo(15_500_000_000L);
  }

  @Test
  void anIntervalOfZeroMeansNone() {
    HandPeer silent =
        HandPeer.established(RFC.toBuilder().heartbeatInterval(Duration.ZERO).build(), EXTENSIONS);

    assertThat(silent.association.nextDeadlineNanos()).isEqualTo(Long.MAX_VALUE);
    silent.nowNanos = 3600 * SECOND;
    silent.association.advanceTo(silent.nowNanos);
    assertThat(silent.poll()).isEmpty();
    // It answers the peer's all the same.
    only(silent.send(new HeartbeatChunk(Octets.EMPTY)), HeartbeatAckChunk.class);
  }

  @Test
  void theyEndWithTheShutdown() {
    peer.association.shutdown(0);
    peer.poll();

    assertThat(all(peer.pass(100 * SECOND), HeartbeatChunk.class)).isEmpty();
  }

  @Test
  void aRequestLargerThanHalfAPacketIsDropped() {
    // Its answer would have to be as large.
    assertThat(peer.send(new HeartbeatChunk(Octets.copyOf(new byte[1000])))).isEmpty();
    assertThat(peer.drops(DropReason.MALFORMED_CHUNK)).isEqualTo(1);
  }

  @Test
  void aRequestOfHalfAPacketIsAnsweredWhole() {
    var info = Octets.copyOf(new byte[588]);

    assertThat(only(peer.send(new HeartbeatChunk(info)), HeartbeatAckChunk.class).info())
        .isEqualTo(info);
  }

  @Test
  void severalRequestsInOnePacketAreAllAnswered() {
    assertThat(
            all(
                peer.send(
                    new HeartbeatChunk(Octets.ofUtf8("one")),
                    new HeartbeatChunk(Octets.ofUtf8("two")),
                    new HeartbeatChunk(Octets.ofUtf8("three"))),
                HeartbeatAckChunk.class))
        .extracting(HeartbeatAckChunk::info)
        .containsExactly(Octets.ofUtf8("one"), Octets.ofUtf8("two"), Octets.ofUtf8("three"));
  }

  // --- two associations on a path that fails ---

  private static SctpSim idle(AssociationOptions options) {
    return SctpSim.on(
            SimulatedNetwork.seeded(Seeds.of(1)).oneWayDelay(Duration.ofMillis(30)), options)
        .connected();
  }

  @Test
  void bothSidesOfAnIdleAssociationAskAndAnswerForFiveMinutes() {
    SctpSim sim = idle(RFC);
    int[] asked = new int[2];
    sim.net.watch(
        packet -> {
          if (packet.u8(12) == ChunkType.HEARTBEAT) {
            asked[packet.direction() == Direction.FORWARD ? 0 : 1]++;
          }
        });

    sim.net.runFor(Duration.ofMinutes(5));

    assertThat(asked[0]).isEqualTo(9);
    assertThat(asked[1]).isEqualTo(9);
    assertThat(sim.a.core().state()).isEqualTo(AssociationPhase.ESTABLISHED);
  }

  @Test
  void anIdleAssociationSurvivesAnOutageShorterThanItsPatience() {
    SctpSim sim = idle(RFC.toBuilder().maxRetransmits(4).build());
    sim.net.cut();
    sim.net.runFor(Duration.ofSeconds(100));
    sim.net.restore();
    sim.net.runFor(Duration.ofSeconds(40));
    SctpSim.send(sim.a, 0, "still there");
    sim.net.runFor(Duration.ofSeconds(1));

    assertThat(SctpSim.texts(sim.z)).containsExactly("still there");
    // The counter is clear again: as much patience as before.
    sim.net.cut();
    sim.net.runFor(Duration.ofSeconds(100));
    assertThat(sim.z.core().state()).isEqualTo(AssociationPhase.ESTABLISHED);
  }

  @Test
  void bothSidesOfAnIdleAssociationNoticeAPathThatIsGone() {
    SctpSim sim = idle(RFC.toBuilder().maxRetransmits(2).build());
    sim.net.cut();

    sim.net.runFor(Duration.ofMinutes(3));

    assertThat(sim.a.events(Failed.class)).hasSize(1);
    assertThat(sim.z.events(Failed.class)).hasSize(1);
  }

  @Test
  void aPathThatIsGoneInOneDirectionEndsBothSides() {
    // Z hears A's heartbeats and answers in vain; A fails first or Z does, and each by itself.
    SctpSim sim = idle(RFC.toBuilder().maxRetransmits(2).build());
    sim.net.only(Direction.BACKWARD).cut();

    sim.net.runFor(Duration.ofMinutes(4));

    assertThat(sim.a.core().state()).isEqualTo(AssociationPhase.CLOSED);
    assertThat(sim.z.core().state()).isEqualTo(AssociationPhase.CLOSED);
  }

  @Test
  void aLostHeartbeatIsFollowedByTheNextAndNothingElseHappens() {
    SctpSim sim = idle(RFC);
    sim.net.dropNext(Direction.FORWARD, packet -> packet.u8(12) == ChunkType.HEARTBEAT);

    sim.net.runFor(Duration.ofMinutes(2));

    assertThat(sim.a.events(Failed.class)).isEmpty();
    assertThat(sim.a.core().statistics().drops()).isEmpty();
  }
}
