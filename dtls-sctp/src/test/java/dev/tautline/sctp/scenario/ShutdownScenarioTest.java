package dev.tautline.sctp.scenario;

import static dev.tautline.sctp.HandPeer.EXTENSIONS;
import static dev.tautline.sctp.HandPeer.INITIAL_TSN;
import static dev.tautline.sctp.HandPeer.WINDOW;
import static dev.tautline.sctp.HandPeer.all;
import static dev.tautline.sctp.HandPeer.data;
import static dev.tautline.sctp.HandPeer.in;
import static dev.tautline.sctp.HandPeer.only;
import static dev.tautline.sctp.HandPeer.sack;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tautline.sctp.Association;
import dev.tautline.sctp.AssociationEvent;
import dev.tautline.sctp.AssociationEvent.Aborted;
import dev.tautline.sctp.AssociationEvent.Failed;
import dev.tautline.sctp.AssociationEvent.FailureReason;
import dev.tautline.sctp.AssociationEvent.MessageReceived;
import dev.tautline.sctp.AssociationEvent.Origin;
import dev.tautline.sctp.AssociationEvent.ShutdownComplete;
import dev.tautline.sctp.AssociationOptions;
import dev.tautline.sctp.AssociationPhase;
import dev.tautline.sctp.DropReason;
import dev.tautline.sctp.HandPeer;
import dev.tautline.sctp.SctpSim;
import dev.tautline.sctp.SendOptions;
import dev.tautline.sctp.SendOptions.Ordering;
import dev.tautline.sctp.SendOptions.Reliability;
import dev.tautline.sctp.SendResult;
import dev.tautline.sctp.packet.AbortChunk;
import dev.tautline.sctp.packet.ChunkType;
import dev.tautline.sctp.packet.CookieAckChunk;
import dev.tautline.sctp.packet.DataChunk;
import dev.tautline.sctp.packet.ErrorCause;
import dev.tautline.sctp.packet.ForwardTsnChunk;
import dev.tautline.sctp.packet.Octets;
import dev.tautline.sctp.packet.SackChunk;
import dev.tautline.sctp.packet.ShutdownAckChunk;
import dev.tautline.sctp.packet.ShutdownChunk;
import dev.tautline.sctp.packet.ShutdownCompleteChunk;
import dev.tautline.sctp.packet.TagBit;
import dev.tautline.testkit.Direction;
import dev.tautline.testkit.SimulatedNetwork;
import dev.tautline.testkit.SimulatedPacket;
import dev.tautline.testkit.SimulatedPeer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;

/** RFC 9260 sections 9.1 and 9.2: shutdown in all crossings, each packet lost or twice; abort. */
@Scenarios
class ShutdownScenarioTest {
  private static final long MILLI = 1_000_000L;
  private static final AssociationOptions RFC = AssociationOptions.rfc();
  private static final Direction A_TO_Z = Direction.FORWARD;
  private static final Direction Z_TO_A = Direction.BACKWARD;

  // --- two associations, 30 ms apart ---

  private static SctpSim connected() {
    return SctpSim.on(SimulatedNetwork.seeded(Seeds.of(1)).oneWayDelay(Duration.ofMillis(30)), RFC)
        .connected();
  }

  private static Predicate<SimulatedPacket> first(int chunkType) {
    return packet -> packet.u8(12) == chunkType;
  }

  private static void shutDown(SimulatedPeer<Association, AssociationEvent> side) {
    side.core().shutdown(side.nowNanos());
  }

  private static void duplicate(SctpSim sim, Direction direction, int chunkType) {
    var done = new AtomicBoolean();
    sim.net.watch(
        packet -> {
          if (packet.direction() == direction
              && first(chunkType).test(packet)
              && done.compareAndSet(false, true)) {
            sim.net.inject(direction, packet.bytes());
          }
        });
  }

  /** Both end in good order, once; returns how long it took. */
  private static long assertBothEnd(SctpSim sim) {
    Duration before = sim.net.now();
    sim.runUntilBothAre(AssociationPhase.CLOSED, Duration.ofMinutes(10));
    long took = sim.net.now().minus(before).toMillis();
    sim.net.runFor(Duration.ofMinutes(1));
    assertThat(sim.a.events(ShutdownComplete.class)).as(sim.net::trace).hasSize(1);
    assertThat(sim.z.events(ShutdownComplete.class)).as(sim.net::trace).hasSize(1);
    assertThat(sim.a.events(Aborted.class)).isEmpty();
    assertThat(sim.z.events(Aborted.class)).isEmpty();
    return took;
  }

  @Test
  void threePacketsEndAnIdleAssociation() {
    SctpSim sim = connected();
    shutDown(sim.a);

    assertThat(assertBothEnd(sim)).isEqualTo(90);
  }

  @Test
  void aLostShutdownIsSentAgainWhenT2Expires() {
    SctpSim sim = connected();
    sim.net.dropNext(A_TO_Z, first(ChunkType.SHUTDOWN));
    shutDown(sim.a);

    assertThat(assertBothEnd(sim)).isEqualTo(500 + 90);
  }

  @Test
  void aLostShutdownAckIsSentAgainByWhoeversT2ExpiresFirst() {
    SctpSim sim = connected();
    sim.net.dropNext(Z_TO_A, first(ChunkType.SHUTDOWN_ACK));
    shutDown(sim.a);

    // A's T2 at 500, its SHUTDOWN at Z at 530, when Z's own T2 expires as well.
    assertThat(assertBothEnd(sim)).isEqualTo(500 + 90);
  }

  @Test
  void aLostShutdownCompleteIsAnsweredOutOfTheBlue() {
    // Section 8.4 rule 5: A no longer knows the association.
    SctpSim sim = connected();
    sim.net.dropNext(A_TO_Z, first(ChunkType.SHUTDOWN_COMPLETE));
    shutDown(sim.a);

    assertThat(assertBothEnd(sim)).isEqualTo(30 + 500 + 60);
  }

  @Test
  void aDuplicatedShutdownIsAnsweredTwiceAndTheSecondAnswerAgain() {
    SctpSim sim = connected();
    duplicate(sim, A_TO_Z, ChunkType.SHUTDOWN);
    shutDown(sim.a);

    assertThat(assertBothEnd(sim)).isEqualTo(90);
  }

  @Test
  void aDuplicatedShutdownAckIsAnsweredTwice() {
    SctpSim sim = connected();
    duplicate(sim, Z_TO_A, ChunkType.SHUTDOWN_ACK);
    shutDown(sim.a);

    assertThat(assertBothEnd(sim)).isEqualTo(90);
  }

  @Test
  void aDuplicatedShutdownCompleteIsDroppedOutOfTheBlue() {
    SctpSim sim = connected();
    duplicate(sim, A_TO_Z, ChunkType.SHUTDOWN_COMPLETE);
    shutDown(sim.a);

    assertThat(assertBothEnd(sim)).isEqualTo(90);
    assertThat(sim.z.core().statistics().drops()).containsEntry(DropReason.OUT_OF_THE_BLUE, 1L);
  }

  @Test
  void theAnswerersSideMayShutDownAsWell() {
    SctpSim sim = connected();
    shutDown(sim.z);

    assertThat(assertBothEnd(sim)).isEqualTo(90);
  }

  @Test
  void bothAtOnceCrossAndBothEnd() {
    SctpSim sim = connected();
    shutDown(sim.a);
    shutDown(sim.z);

    // SHUTDOWN, SHUTDOWN ACK, each way at the same time.
    assertThat(assertBothEnd(sim)).isEqualTo(60);
  }

  @Test
  void bothAtOnceAndBothShutdownsLost() {
    SctpSim sim = connected();
    sim.net.dropNext(A_TO_Z, first(ChunkType.SHUTDOWN));
    sim.net.dropNext(Z_TO_A, first(ChunkType.SHUTDOWN));
    shutDown(sim.a);
    shutDown(sim.z);

    assertThat(assertBothEnd(sim)).isEqualTo(500 + 60);
  }

  @Test
  void bothAtOnceAndOneShutdownLost() {
    SctpSim sim = connected();
    sim.net.dropNext(A_TO_Z, first(ChunkType.SHUTDOWN));
    shutDown(sim.a);
    shutDown(sim.z);

    assertThat(assertBothEnd(sim)).isLessThan(500);
  }

  @Test
  void bothAtOnceAndOneShutdownAckLost() {
    SctpSim sim = connected();
    sim.net.dropNext(A_TO_Z, first(ChunkType.SHUTDOWN_ACK));
    shutDown(sim.a);
    shutDown(sim.z);

    assertThat(assertBothEnd(sim)).isLessThan(700);
  }

  @Test
  void bothAtOnceAndBothShutdownAcksLost() {
    SctpSim sim = connected();
    sim.net.dropNext(A_TO_Z, first(ChunkType.SHUTDOWN_ACK));
    sim.net.dropNext(Z_TO_A, first(ChunkType.SHUTDOWN_ACK));
    shutDown(sim.a);
    shutDown(sim.z);

    assertThat(assertBothEnd(sim)).isLessThan(700);
  }

  @Test
  void theSecondShutdownStartsWhileTheFirstIsUnderWay() {
    SctpSim sim = connected();
    shutDown(sim.a);
    sim.net.runFor(Duration.ofMillis(15));
    shutDown(sim.z);

    assertBothEnd(sim);
  }

  @Test
  void whatWasSentBeforeTheShutdownArrivesBeforeTheEnd() {
    SctpSim sim = connected();
    for (int i = 0; i < 5; i++) {
      SctpSim.send(sim.a, i, "last words " + i);
    }
    shutDown(sim.a);

    assertBothEnd(sim);

    assertThat(SctpSim.texts(sim.z)).hasSize(5);
  }

  @Test
  void aLostLastMessageHoldsTheShutdownUpUntilItArrives() {
    SctpSim sim = connected();
    SctpSim.send(sim.a, 0, "lost once");
    sim.net.dropNext(A_TO_Z, first(ChunkType.DATA));
    shutDown(sim.a);

    assertBothEnd(sim);

    assertThat(SctpSim.texts(sim.z)).containsExactly("lost once");
    assertThat(sim.a.core().statistics().timeouts()).isEqualTo(1);
  }

  @Test
  void aLostSackHoldsTheShutdownUpUntilTheDataIsAcknowledged() {
    SctpSim sim = connected();
    SctpSim.send(sim.a, 0, "not acknowledged at first");
    sim.net.dropNext(Z_TO_A, first(ChunkType.SACK));
    shutDown(sim.a);

    assertBothEnd(sim);

    assertThat(SctpSim.texts(sim.z)).containsExactly("not acknowledged at first");
  }

  @Test
  void whatTheOtherSideSentMeanwhileArrives() {
    // Z's message crosses A's SHUTDOWN: A, in SHUTDOWN-SENT, takes it.
    SctpSim sim = connected();
    shutDown(sim.a);
    SctpSim.send(sim.z, 0, "crossed");

    assertBothEnd(sim);

    assertThat(SctpSim.texts(sim.a)).containsExactly("crossed");
  }

  @Test
  void theOtherSideFirstSendsAllThatItHas() {
    SctpSim sim = connected();
    byte[] large = new byte[300_000];
    SctpSim.send(sim.z, 0, large, SendOptions.RELIABLE_ORDERED);
    sim.net.runFor(Duration.ofMillis(1));
    shutDown(sim.a);

    assertBothEnd(sim);

    assertThat(sim.a.events(MessageReceived.class).get(0).payload()).hasSize(large.length);
  }

  @Test
  void theOtherSidesLostMessageIsStillRepeated() {
    SctpSim sim = connected();
    sim.net.dropNext(Z_TO_A, first(ChunkType.DATA));
    SctpSim.send(sim.z, 0, "lost once");
    sim.net.runFor(Duration.ofMillis(1));
    shutDown(sim.a);

    assertBothEnd(sim);

    assertThat(SctpSim.texts(sim.a)).containsExactly("lost once");
  }

  @Test
  void bothSidesSendAllThatTheyHaveBeforeTheEnd() {
    SctpSim sim = connected();
    SctpSim.send(sim.a, 0, new byte[50_000], SendOptions.RELIABLE_ORDERED);
    SctpSim.send(sim.z, 0, new byte[60_000], SendOptions.RELIABLE_ORDERED);
    shutDown(sim.a);
    shutDown(sim.z);

    assertBothEnd(sim);

    assertThat(sim.z.events(MessageReceived.class).get(0).payload()).hasSize(50_000);
    assertThat(sim.a.events(MessageReceived.class).get(0).payload()).hasSize(60_000);
  }

  @Test
  void aShutdownSurvivesAnOutageOfTenSeconds() {
    SctpSim sim = connected();
    sim.net.cut();
    shutDown(sim.a);
    sim.net.runFor(Duration.ofSeconds(10));
    sim.net.restore();

    assertBothEnd(sim);
  }

  @Test
  void aPeerThatIsGoneFailsTheShutdown() {
    SctpSim sim = connected();
    sim.z.stop();
    shutDown(sim.a);

    sim.net.runFor(Duration.ofMinutes(10));

    assertThat(sim.a.events(Failed.class).get(0).reason())
        .isEqualTo(FailureReason.SHUTDOWN_UNANSWERED);
  }

  @Test
  void theAbortOfOneSideEndsBothAtOnce() {
    SctpSim sim = connected();
    SctpSim.send(sim.a, 0, new byte[100_000], SendOptions.RELIABLE_ORDERED);
    sim.net.runFor(Duration.ofMillis(31));
    sim.a.core().abort(sim.a.nowNanos(), "enough");

    sim.net.runFor(Duration.ofMillis(31));

    assertThat(sim.a.events(Aborted.class))
        .containsExactly(new Aborted(12, "enough", Origin.LOCAL));
    assertThat(sim.z.events(Aborted.class)).containsExactly(new Aborted(12, "enough", Origin.PEER));
  }

  @Test
  void aLostAbortIsNoticedByTheNextPacket() {
    SctpSim sim = connected();
    sim.net.dropNext(A_TO_Z, first(ChunkType.ABORT));
    sim.a.core().abort(sim.a.nowNanos(), "");
    sim.net.runFor(Duration.ofMillis(31));
    assertThat(sim.z.core().state()).isEqualTo(AssociationPhase.ESTABLISHED);
    SctpSim.send(sim.z, 0, "anybody there?");

    sim.net.runFor(Duration.ofMillis(61));

    assertThat(sim.z.events(Aborted.class).get(0).origin()).isEqualTo(Origin.PEER);
  }

  @Test
  void bothAbortAtOnce() {
    SctpSim sim = connected();
    sim.a.core().abort(sim.a.nowNanos(), "A");
    sim.z.core().abort(sim.z.nowNanos(), "Z");

    sim.net.runFor(Duration.ofSeconds(1));

    // An ABORT is never answered.
    assertThat(sim.a.events(Aborted.class)).containsExactly(new Aborted(12, "A", Origin.LOCAL));
    assertThat(sim.z.events(Aborted.class)).containsExactly(new Aborted(12, "Z", Origin.LOCAL));
    assertThat(sim.net.statistics(A_TO_Z).sentPackets()).isEqualTo(3);
  }

  @Test
  void anAbortOvertakesAShutdown() {
    SctpSim sim = connected();
    shutDown(sim.a);
    sim.net.runFor(Duration.ofMillis(10));
    sim.z.core().abort(sim.z.nowNanos(), "no time");

    sim.net.runFor(Duration.ofSeconds(1));

    assertThat(sim.a.events(Aborted.class)).hasSize(1);
    assertThat(sim.a.events(ShutdownComplete.class)).isEmpty();
  }

  // --- the peer played by hand ---

  private static ShutdownChunk ofPeer(HandPeer peer) {
    return new ShutdownChunk(peer.peerInitialTsn - 1);
  }

  @Test
  void nothingIsTakenFromTheUserInShutdownPending() {
    HandPeer peer = in(AssociationPhase.SHUTDOWN_PENDING);

    assertThat(peer.userSends(0, 1)).isEqualTo(SendResult.CLOSED);
    List<byte[]> answer = peer.send(sack(peer.peerInitialTsn, WINDOW));
    only(answer, ShutdownChunk.class);
    assertThat(all(answer, DataChunk.class)).isEmpty();
    only(peer.send(new ShutdownAckChunk()), ShutdownCompleteChunk.class);
  }

  @Test
  void nothingIsTakenFromTheUserInShutdownSent() {
    HandPeer peer = in(AssociationPhase.SHUTDOWN_SENT);

    assertThat(peer.userSends(0, 1)).isEqualTo(SendResult.CLOSED);
    assertThat(all(peer.pass(400 * MILLI), DataChunk.class)).isEmpty();
    only(peer.send(new ShutdownAckChunk()), ShutdownCompleteChunk.class);
    assertThat(peer.userSends(0, 1)).isEqualTo(SendResult.CLOSED);
  }

  @Test
  void nothingIsTakenFromTheUserInShutdownReceived() {
    HandPeer peer = in(AssociationPhase.SHUTDOWN_RECEIVED);

    assertThat(peer.userSends(0, 1)).isEqualTo(SendResult.CLOSED);
    only(peer.send(new ShutdownChunk(peer.peerInitialTsn)), ShutdownAckChunk.class);
  }

  @Test
  void nothingIsTakenFromTheUserInShutdownAckSent() {
    HandPeer peer = in(AssociationPhase.SHUTDOWN_ACK_SENT);

    assertThat(peer.userSends(0, 1)).isEqualTo(SendResult.CLOSED);
    assertThat(all(peer.nextTimer(), DataChunk.class)).isEmpty();
  }

  @Test
  void aShutdownThatAcknowledgesAllDataIsAnsweredAtOnce() {
    HandPeer peer = HandPeer.established();
    peer.userSends(0, 100);
    peer.poll();

    only(peer.send(new ShutdownChunk(peer.peerInitialTsn)), ShutdownAckChunk.class);
    assertThat(peer.association.statistics().heldSendBytes()).isZero();
  }

  @Test
  void aSackInFrontOfTheShutdownCountsFirst() {
    HandPeer peer = HandPeer.established();
    peer.userSends(0, 100);
    peer.poll();

    only(peer.send(sack(peer.peerInitialTsn, WINDOW), ofPeer(peer)), ShutdownAckChunk.class);
  }

  @Test
  void dataInFrontOfTheShutdownIsDelivered() {
    HandPeer peer = HandPeer.established();

    List<byte[]> answer = peer.send(data(INITIAL_TSN, 0, 0, 5), ofPeer(peer));

    only(answer, ShutdownAckChunk.class);
    assertThat(peer.events(MessageReceived.class)).hasSize(1);
  }

  @Test
  void dataBehindTheShutdownAckIsIgnored() {
    HandPeer peer = in(AssociationPhase.SHUTDOWN_SENT);

    only(
        peer.send(new ShutdownAckChunk(), data(INITIAL_TSN, 0, 0, 5)), ShutdownCompleteChunk.class);

    assertThat(peer.events(MessageReceived.class)).isEmpty();
  }

  @Test
  void aShutdownOfTheUserWhileThePeersIsBeingObeyedChangesNothing() {
    HandPeer peer = in(AssociationPhase.SHUTDOWN_RECEIVED);
    peer.association.shutdown(0);

    List<byte[]> answer = peer.send(sack(peer.peerInitialTsn, WINDOW));

    only(answer, ShutdownAckChunk.class);
    assertThat(all(answer, ShutdownChunk.class)).isEmpty();
  }

  @Test
  void shutdownIsAskedForTwiceAndSentOnce() {
    HandPeer peer = HandPeer.established();
    peer.association.shutdown(0);
    peer.association.shutdown(0);

    assertThat(all(peer.poll(), ShutdownChunk.class)).hasSize(1);
    assertThat(peer.poll()).isEmpty();
  }

  @Test
  void t2DoublesFromTheRtoUpToItsMaximum() {
    HandPeer peer =
        HandPeer.established(RFC.toBuilder().rtoMax(Duration.ofSeconds(2)).build(), EXTENSIONS);
    peer.association.shutdown(0);
    peer.poll();

    long[] expected = {500, 1500, 3500, 5500, 7500};
    for (long millis : expected) {
      only(peer.nextTimer(), ShutdownChunk.class);
      assertThat(peer.nowNanos).isEqualTo(millis * MILLI);
    }
  }

  @Test
  void t2OfShutdownAckDoublesAsWell() {
    HandPeer peer = in(AssociationPhase.SHUTDOWN_ACK_SENT);

    long[] expected = {500, 1500, 3500, 7500};
    for (long millis : expected) {
      only(peer.nextTimer(), ShutdownAckChunk.class);
      assertThat(peer.nowNanos).isEqualTo(millis * MILLI);
    }
  }

  @Test
  void unansweredShutdownsEndByTheRetransmissionLimit() {
    HandPeer peer = HandPeer.established(RFC.toBuilder().maxRetransmits(2).build(), EXTENSIONS);
    peer.association.shutdown(0);
    peer.poll();
    only(peer.nextTimer(), ShutdownChunk.class);
    only(peer.nextTimer(), ShutdownChunk.class);

    List<byte[]> last = peer.nextTimer();

    assertThat(peer.events(Failed.class).get(0).reason())
        .isEqualTo(FailureReason.SHUTDOWN_UNANSWERED);
    only(last, AbortChunk.class);
  }

  @Test
  void unansweredShutdownAcksEndByTheRetransmissionLimit() {
    HandPeer peer = HandPeer.established(RFC.toBuilder().maxRetransmits(2).build(), EXTENSIONS);
    only(peer.send(ofPeer(peer)), ShutdownAckChunk.class);
    only(peer.nextTimer(), ShutdownAckChunk.class);
    only(peer.nextTimer(), ShutdownAckChunk.class);

    peer.nextTimer();

    assertThat(peer.events(Failed.class)).hasSize(1);
  }

  @Test
  void theShutdownGuardEndsWhatRetransmissionsWithoutALimitDoNot() {
    // T5-shutdown-guard: five times RTO.Max.
    HandPeer peer =
        HandPeer.established(
            RFC.toBuilder()
                .maxRetransmits(AssociationOptions.UNLIMITED)
                .rtoMax(Duration.ofSeconds(1))
                .build(),
            EXTENSIONS);
    peer.association.shutdown(0);
    peer.poll();
    while (peer.association.state() == AssociationPhase.SHUTDOWN_SENT) {
      peer.nextTimer();
    }

    assertThat(peer.nowNanos).isBetween(5000 * MILLI, 6000 * MILLI);
    assertThat(peer.events(Failed.class).get(0).reason())
        .isEqualTo(FailureReason.SHUTDOWN_UNANSWERED);
  }

  @Test
  void dataInShutdownSentStartsT2Anew() {
    // Section 9.2: SHUTDOWN and SACK at once, "and restart the T2-shutdown timer".
    HandPeer peer = in(AssociationPhase.SHUTDOWN_SENT);
    peer.pass(400 * MILLI);

    List<byte[]> answer = peer.send(data(INITIAL_TSN, 0, 0, 5));

    assertThat(only(answer, SackChunk.class).cumulativeTsnAck()).isEqualTo(INITIAL_TSN);
    assertThat(only(answer, ShutdownChunk.class).cumulativeTsnAck()).isEqualTo(INITIAL_TSN);
    only(peer.nextTimer(), ShutdownChunk.class);
    assertThat(peer.nowNanos).isEqualTo(900 * MILLI);
  }

  @Test
  void aGapInShutdownSentIsReported() {
    HandPeer peer = in(AssociationPhase.SHUTDOWN_SENT);

    List<byte[]> answer = peer.send(data(INITIAL_TSN + 1, 0, 1, 5));

    assertThat(only(answer, SackChunk.class).gapAckBlocks())
        .containsExactly(new SackChunk.GapAckBlock(2, 2));
    assertThat(only(answer, ShutdownChunk.class).cumulativeTsnAck()).isEqualTo(INITIAL_TSN - 1);
  }

  @Test
  void shutdownInShutdownSentMeansBothWantToEnd() {
    HandPeer peer = in(AssociationPhase.SHUTDOWN_SENT);

    only(peer.send(ofPeer(peer)), ShutdownAckChunk.class);
    assertThat(peer.association.state()).isEqualTo(AssociationPhase.SHUTDOWN_ACK_SENT);
    // T2 goes on with SHUTDOWN ACK instead of SHUTDOWN.
    List<byte[]> next = peer.nextTimer();
    only(next, ShutdownAckChunk.class);
    assertThat(all(next, ShutdownChunk.class)).isEmpty();
  }

  @Test
  void anAbandonedMessageDoesNotHoldTheShutdownUp() {
    HandPeer peer = HandPeer.established();
    peer.userSends(0, 10, new SendOptions(Ordering.ORDERED, new Reliability.MaxRetransmits(0)));
    peer.association.shutdown(0);
    only(peer.poll(), DataChunk.class);
    only(peer.nextPackets(), ForwardTsnChunk.class);

    only(peer.send(sack(peer.peerInitialTsn, WINDOW)), ShutdownChunk.class);
  }

  @Test
  void aClosedWindowHoldsTheShutdownUpUntilTheRestIsTaken() {
    HandPeer peer = HandPeer.established(RFC, EXTENSIONS, 1500);
    peer.userSends(0, 3000);
    peer.association.shutdown(0);
    int sent = all(peer.poll(), DataChunk.class).size();

    List<byte[]> answer = peer.send(sack(peer.peerInitialTsn + sent - 1, 0));
    assertThat(all(answer, ShutdownChunk.class)).isEmpty();
    assertThat(peer.association.state()).isEqualTo(AssociationPhase.SHUTDOWN_PENDING);

    answer =
        peer.send(
            sack(peer.peerInitialTsn + sent - 1 + all(answer, DataChunk.class).size(), WINDOW));
    sent = all(answer, DataChunk.class).size();
    assertThat(sent).isPositive();
  }

  @Test
  void aShutdownBeforeTheHandshakeLeavesNothingThatConnectCouldStart() {
    var peer = new HandPeer(RFC);
    peer.association.shutdown(0);
    peer.association.connect(0);

    assertThat(peer.poll()).isEmpty();
    assertThat(peer.events).containsExactly(new ShutdownComplete());
    // An INIT is refused.
    only(peer.sendInit(HandPeer.initBody(7, EXTENSIONS)), AbortChunk.class);
  }

  @Test
  void aShutdownInCookieEchoedEndsInSilence() {
    HandPeer peer = in(AssociationPhase.COOKIE_ECHOED);
    peer.association.shutdown(0);

    assertThat(peer.poll()).isEmpty();
    assertThat(peer.events).containsExactly(new ShutdownComplete());
    // The peer, which is up, learns of it by its first packet.
    only(peer.send(data(INITIAL_TSN, 0, 0, 4)), AbortChunk.class);
  }

  // --- the user aborts ---

  private static void assertAbortIsSentIn(AssociationPhase phase) {
    HandPeer peer = in(phase);
    peer.association.abort(0, "enough");

    List<byte[]> packets = peer.poll();

    assertThat(packets).hasSize(1);
    ErrorCause cause = only(packets, AbortChunk.class).causes().get(0);
    assertThat(cause).isEqualTo(new ErrorCause(12, Octets.ofUtf8("enough")));
    assertThat(peer.events(Aborted.class)).containsExactly(new Aborted(12, "enough", Origin.LOCAL));
    assertThat(peer.association.nextDeadlineNanos()).isEqualTo(Long.MAX_VALUE);
  }

  @Test
  void anAbortOfTheUserInCookieWaitSendsNothingAndEnds() {
    // The peer's tag is not known.
    HandPeer peer = in(AssociationPhase.COOKIE_WAIT);
    peer.association.abort(0, "enough");

    assertThat(peer.poll()).isEmpty();
    assertThat(peer.events(Aborted.class)).hasSize(1);
    assertThat(peer.send(new CookieAckChunk())).isEmpty();
  }

  @Test
  void anAbortOfTheUserInCookieEchoedIsSent() {
    assertAbortIsSentIn(AssociationPhase.COOKIE_ECHOED);
  }

  @Test
  void anAbortOfTheUserInShutdownPendingIsSent() {
    assertAbortIsSentIn(AssociationPhase.SHUTDOWN_PENDING);
  }

  @Test
  void anAbortOfTheUserInShutdownSentIsSent() {
    assertAbortIsSentIn(AssociationPhase.SHUTDOWN_SENT);
  }

  @Test
  void anAbortOfTheUserInShutdownReceivedIsSent() {
    assertAbortIsSentIn(AssociationPhase.SHUTDOWN_RECEIVED);
  }

  @Test
  void anAbortOfTheUserInShutdownAckSentIsSent() {
    assertAbortIsSentIn(AssociationPhase.SHUTDOWN_ACK_SENT);
  }

  @Test
  void aLongReasonIsCut() {
    HandPeer peer = HandPeer.established();
    peer.association.abort(0, "x".repeat(5000));

    assertThat(only(peer.poll(), AbortChunk.class).causes().get(0).info().length()).isEqualTo(512);
  }

  @Test
  void anAbortWithoutACauseHasCodeZero() {
    HandPeer peer = HandPeer.established();

    peer.send(new AbortChunk(TagBit.RECEIVERS_TAG, List.of()));

    assertThat(peer.events).containsExactly(new Aborted(0, "", Origin.PEER));
  }

  @Test
  void theFirstOfSeveralCausesIsTold() {
    HandPeer peer = HandPeer.established();

    peer.send(
        new AbortChunk(
            TagBit.RECEIVERS_TAG,
            List.of(
                ErrorCause.of(ErrorCause.PROTOCOL_VIOLATION, "first"),
                ErrorCause.of(ErrorCause.USER_INITIATED_ABORT, "second"))));

    assertThat(peer.events).containsExactly(new Aborted(13, "first", Origin.PEER));
  }

  @Test
  void dataBehindAnAbortIsNotDelivered() {
    HandPeer peer = HandPeer.established();

    peer.send(new AbortChunk(TagBit.RECEIVERS_TAG, List.of()), data(INITIAL_TSN, 0, 0, 5));

    assertThat(peer.events(MessageReceived.class)).isEmpty();
  }
}
