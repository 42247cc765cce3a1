package dev.tautline.sctp.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tautline.sctp.AssociationEvent.FailureReason;
import dev.tautline.sctp.AssociationEvent.SendSpaceAvailable;
import dev.tautline.sctp.DropReason;
import dev.tautline.sctp.SendOptions;
import dev.tautline.sctp.SendResult;
import dev.tautline.sctp.tx.SendQueue;
import org.junit.jupiter.api.Test;

/** RFC 9260 section 6.2.1: what a SACK of the peer does. */
class AcknowledgementScenarioTest extends Dialogues {
  private static final int FULL = 1160;
  private static final long CHUNK = 1176;

  private final Dialogue z = open();

  /** Sends packets of one message each. */
  private void outstanding(int packets) {
    for (int i = 0; i < packets; i++) {
      z.user(1, FULL);
    }
    String[] texts = new String[packets];
    for (int i = 0; i < packets; i++) {
      String flags = i == packets - 1 ? "IBE" : "BE";
      texts[i] = "DATA " + i + " s1." + i + " " + flags + " 1160";
    }
    z.sends(texts);
    assertThat(z.statistics().flightBytes()).isEqualTo(packets * CHUNK);
  }

  // --- what cannot be ---

  @Test
  void aSackForMoreThanWasSentChangesNothing() {
    outstanding(2);

    z.gets("SACK 2").drops(DropReason.IMPOSSIBLE_SACK, 1);

    assertThat(z.statistics().flightBytes()).isEqualTo(2 * CHUNK);
    z.gets("SACK 1");
  }

  @Test
  void aSackBeforeAnythingWasSentIsImpossible() {
    z.gets("SACK 0").drops(DropReason.IMPOSSIBLE_SACK, 1);

    z.gets("SACK -1").user(1, 10).sends("DATA 0 s1.0 IBE 10").gets("SACK 0");
  }

  @Test
  void aSackHalfTheNumbersAheadIsImpossible() {
    outstanding(1);

    z.gets("SACK 2147483646").drops(DropReason.IMPOSSIBLE_SACK, 1);
    z.gets("SACK 2147483647").drops(DropReason.OLD_SACK, 1);
    z.gets("SACK 0");
  }

  @Test
  void aGapAckBlockBeyondWhatWasSentSpoilsTheWholeSack() {
    outstanding(3);

    z.gets("SACK 0 gaps 2-3").drops(DropReason.IMPOSSIBLE_SACK, 1);

    assertThat(z.statistics().flightBytes()).isEqualTo(3 * CHUNK);
    z.gets("SACK 0 gaps 2");
    assertThat(z.statistics().flightBytes()).isEqualTo(CHUNK);
    z.gets("SACK 2");
  }

  @Test
  void aGapAckBlockThatRunsBackwardsSpoilsTheWholeSack() {
    outstanding(4);

    z.gets("SACK 0 gaps 3-2").drops(DropReason.IMPOSSIBLE_SACK, 1);

    assertThat(z.statistics().flightBytes()).isEqualTo(4 * CHUNK);
    z.gets("SACK 3");
  }

  @Test
  void overlappingGapAckBlocksSpoilTheWholeSack() {
    outstanding(5);

    z.gets("SACK 0 gaps 2-3,3-4").drops(DropReason.IMPOSSIBLE_SACK, 1);

    assertThat(z.statistics().flightBytes()).isEqualTo(5 * CHUNK);
    z.gets("SACK 4");
  }

  @Test
  void gapAckBlocksOutOfOrderSpoilTheWholeSack() {
    outstanding(5);

    z.gets("SACK -1 gaps 4,2").drops(DropReason.IMPOSSIBLE_SACK, 1);

    assertThat(z.statistics().flightBytes()).isEqualTo(5 * CHUNK);
    z.gets("SACK 4");
  }

  @Test
  void aGapAckBlockThatNamesTheCumulativeTsnSpoilsTheWholeSack() {
    outstanding(3);

    z.gets("SACK 0 gaps 0-1").drops(DropReason.IMPOSSIBLE_SACK, 1);

    assertThat(z.statistics().flightBytes()).isEqualTo(3 * CHUNK);
    z.gets("SACK 2");
  }

  @Test
  void aGapAckBlockOf65535SpoilsTheWholeSack() {
    outstanding(6);

    z.gets("SACK 0 gaps 2-65535").drops(DropReason.IMPOSSIBLE_SACK, 1);

    assertThat(z.statistics().flightBytes()).isEqualTo(6 * CHUNK);
    z.gets("SACK 5");
  }

  // --- what is odd but can be ---

  @Test
  void adjacentGapAckBlocksAreTaken() {
    outstanding(4);

    z.gets("SACK -1 gaps 2,3");

    assertThat(z.statistics().flightBytes()).isEqualTo(2 * CHUNK);
    z.gets("SACK 3");
  }

  @Test
  void aBlockRightBehindTheCumulativeTsnIsTakenAndStillWaitsForIt() {
    outstanding(2);
    z.gets("SACK -1 gaps 1-2");
    assertThat(z.statistics().flightBytes()).isZero();

    // Nothing is retransmitted; but a peer that never completes its acknowledgement is no peer.
    while (z.association().state() == dev.tautline.sctp.AssociationPhase.ESTABLISHED) {
      z.fire();
    }
    z.hasFailed(FailureReason.RETRANSMISSIONS_EXHAUSTED).sends("ABORT 13");
  }

  @Test
  void duplicatesInASackAreOnlyNews() {
    outstanding(3);

    z.gets("SACK 0 dups 0,0,5,-7").gets("SACK 2 dups 2");

    assertThat(z.statistics().dataChunksRetransmitted()).isZero();
  }

  @Test
  void aSackBeforeTheFirstTsnIsOld() {
    outstanding(1);

    z.gets("SACK -2").drops(DropReason.OLD_SACK, 1);

    z.gets("SACK 0");
  }

  @Test
  void aSackThatWasOvertakenByALaterOneIsIgnored() {
    outstanding(4);
    z.gets("SACK 2");

    // The window in it is old as well.
    z.gets("SACK 0 gaps 2 rwnd 0").drops(DropReason.OLD_SACK, 1);

    assertThat(z.statistics().peerWindowBytes()).isEqualTo(Dialogue.PEER_WINDOW);
    assertThat(z.statistics().flightBytes()).isEqualTo(CHUNK);
    z.gets("SACK 3");
  }

  @Test
  void twoSacksOfOnePacketBothCount() {
    outstanding(3);

    z.gets("SACK 0 + SACK 2");

    assertThat(z.statistics().sacksReceived()).isEqualTo(2);
  }

  @Test
  void aSackAndDataOfOnePacketBothCount() {
    outstanding(1);

    z.gets("SACK 0 + DATA 0 s1.0 IBE 9").sends("SACK 0").delivers("s1: 0x9");
  }

  // --- accounting ---

  @Test
  void gapAcksLeaveTheFlightAndTheCumulativeAckFreesTheMemory() {
    outstanding(4);

    z.gets("SACK -1 gaps 3-4");
    assertThat(z.statistics().flightBytes()).isEqualTo(2 * CHUNK);
    assertThat(z.statistics().heldSendBytes()).isEqualTo(4 * FULL);

    z.gets("SACK 3");
    assertThat(z.statistics().heldSendBytes()).isZero();
  }

  @Test
  void aMessageIsFreedAsAWhole() {
    z.user(1, 3 * FULL);
    z.sends("DATA 0 s1.0 B 1160", "DATA 1 s1.0 - 1160", "DATA 2 s1.0 IE 1160");

    z.gets("SACK 1");
    assertThat(z.statistics().heldSendBytes()).isEqualTo(3 * FULL);

    z.gets("SACK 2");
    assertThat(z.statistics().heldSendBytes()).isZero();
  }

  @Test
  void whatThePeerTookBackAndGaveAgainIsCountedOnce() {
    outstanding(3);
    z.gets("SACK -1 gaps 2-3");
    assertThat(z.statistics().flightBytes()).isEqualTo(CHUNK);

    z.gets("SACK -1 gaps 3");
    assertThat(z.statistics().flightBytes()).isEqualTo(2 * CHUNK);
    // For the first TSN it is the third miss.
    z.gets("SACK -1 gaps 2-3").sends("DATA 0 s1.0 BE 1160");
    assertThat(z.statistics().flightBytes()).isEqualTo(CHUNK);

    z.gets("SACK 2");
  }

  @Test
  void aGapThatSplitsAndMergesIsCountedOnce() {
    outstanding(5);

    z.gets("SACK -1 gaps 3,5");
    assertThat(z.statistics().flightBytes()).isEqualTo(3 * CHUNK);
    z.gets("SACK -1 gaps 3-5").sends("DATA 0 s1.0 BE 1160", "DATA 1 s1.1 BE 1160");
    assertThat(z.statistics().flightBytes()).isEqualTo(2 * CHUNK);
    z.gets("SACK 0 gaps 2,4");
    // 3 was taken back, 1 is missing still.
    assertThat(z.statistics().flightBytes()).isEqualTo(2 * CHUNK);
    z.gets("SACK 4");
  }

  @Test
  void theWindowOfEachSackCounts() {
    outstanding(2);

    z.gets("SACK -1 rwnd 5000").gets("SACK 0 rwnd 7000");

    assertThat(z.statistics().peerWindowBytes()).isEqualTo(7000);
    z.gets("SACK 1");
  }

  @Test
  void theTsnOfOurDataWraps() {
    Dialogue wrap = open(setup().ownTsn(-2));
    wrap.user(1, FULL).user(1, FULL).user(1, FULL).user(1, FULL);
    wrap.sends(
        "DATA 0 s1.0 BE 1160",
        "DATA 1 s1.1 BE 1160",
        "DATA 2 s1.2 BE 1160",
        "DATA 3 s1.3 IBE 1160");

    wrap.gets("SACK 0 gaps 2-3");
    assertThat(wrap.statistics().flightBytes()).isEqualTo(CHUNK);
    wrap.gets("SACK 3").gets("SACK 2").drops(DropReason.OLD_SACK, 1);
  }

  @Test
  void theLostTsnBeforeTheWrapIsSentAgain() {
    Dialogue wrap = open(setup().ownTsn(-1));
    wrap.user(1, FULL).user(1, FULL);
    wrap.sends("DATA 0 s1.0 BE 1160", "DATA 1 s1.1 IBE 1160");
    wrap.gets("SACK -1 gaps 2");

    wrap.timer(500).sends("DATA 0 s1.0 BE 1160").gets("SACK 1");
  }

  @Test
  void roomInTheSendBufferIsToldOnceHalfOfItIsFree() {
    Dialogue small =
        open(
            setup()
                .options(
                    o ->
                        o.sendBufferBytes(4L * (FULL + SendQueue.MESSAGE_OVERHEAD))
                            .streamSendBufferBytes(4L * (FULL + SendQueue.MESSAGE_OVERHEAD))));
    for (int i = 0; i < 4; i++) {
      small.user(1, FULL);
    }
    assertThat(small.offer(1, 1, SendOptions.RELIABLE_ORDERED)).isEqualTo(SendResult.BUFFER_FULL);
    small.sends(
        "DATA 0 s1.0 BE 1160",
        "DATA 1 s1.1 BE 1160",
        "DATA 2 s1.2 BE 1160",
        "DATA 3 s1.3 IBE 1160");

    small.gets("SACK 0").tells();
    small.gets("SACK 1").tells(new SendSpaceAvailable());
    small.gets("SACK 3").tells();
  }

  @Test
  void gapAcksMakeNoRoomInTheSendBuffer() {
    Dialogue small =
        open(setup().options(o -> o.sendBufferBytes(2L * (FULL + SendQueue.MESSAGE_OVERHEAD))));
    small.user(1, FULL).user(1, FULL);
    small.sends("DATA 0 s1.0 BE 1160", "DATA 1 s1.1 IBE 1160");
    small.gets("SACK -1 gaps 2");

    assertThat(small.offer(1, 1, SendOptions.RELIABLE_ORDERED)).isEqualTo(SendResult.BUFFER_FULL);
    small.gets("SACK 1").tells(new SendSpaceAvailable());
  }
}
