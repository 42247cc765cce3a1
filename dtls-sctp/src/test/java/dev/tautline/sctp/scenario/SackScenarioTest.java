package dev.tautline.sctp.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tautline.sctp.AssociationEvent.ShutdownComplete;
import dev.tautline.sctp.DropReason;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** RFC 9260 sections 6.2 and 6.7: when a SACK leaves and what it says. */
class SackScenarioTest extends Dialogues {
  private final Dialogue z = open();

  // --- delay ---

  @Test
  void aSinglePacketIsAcknowledgedAfter200Milliseconds() {
    z.gets("DATA 0 s1.0 BE 5").delivers("s1: 0x5").sendsNothing();

    z.timer(200).sends("SACK 0");
  }

  @Test
  void eachDelayStartsWithItsOwnPacket() {
    z.gets("DATA 0 s1.0 BE 5").timer(200).sends("SACK 0");
    z.passes(100).gets("DATA 1 s1.1 BE 6").sendsNothing();

    z.timer(500).sends("SACK 1").delivers("s1: 0x5", "s1: 1x6");
  }

  @Test
  void theDelayIsTheOptions() {
    Dialogue slow = open(setup().options(o -> o.sackDelay(Duration.ofMillis(500))));
    slow.gets("DATA 0 s1.0 BE 7").delivers("s1: 0x7");

    slow.timer(500).sends("SACK 0");
  }

  @Test
  void aDelayOfZeroWaitsOnlyForTheEndOfTheRead() {
    Dialogue hasty = open(setup().options(o -> o.sackDelay(Duration.ZERO)));
    hasty.getsTogether("DATA 0 s1.0 BE 8").delivers("s1: 0x8").sendsNothing();

    hasty.timer(0).sends("SACK 0");
  }

  @Test
  void theSecondPacketEndsTheDelayAndItsTimer() {
    z.gets("DATA 0 s1.0 BE 5").passes(150).gets("DATA 1 s1.1 BE 5");

    z.sends("SACK 1").delivers("s1: 0x5", "s1: 1x5").passes(5_000).sendsNothing();
  }

  @Test
  void twoDataInOnePacketAreOnePacket() {
    z.gets("DATA 0 s1.0 BE 5 + DATA 1 s1.1 BE 6").sendsNothing();

    z.timer(200).sends("SACK 1").delivers("s1: 0x5", "s1: 1x6");
  }

  @Test
  void threePacketsOfOneReadShareASackAndTheNextWaits() {
    z.getsTogether("DATA 0 s1.0 BE 1", "DATA 1 s1.1 BE 1", "DATA 2 s1.2 BE 1").sends("SACK 2");

    z.gets("DATA 3 s1.3 BE 1").sendsNothing().timer(200).sends("SACK 3");
    z.delivers("s1: 0x1", "s1: 1x1", "s1: 2x1", "s1: 3x1");
  }

  @Test
  void aPacketWithoutDataDoesNotCount() {
    z.gets("DATA 0 s1.0 BE 5", "SACK -1", "HEARTBEAT 7").sends("HEARTBEATACK 7");

    z.timer(200).sends("SACK 0").delivers("s1: 0x5");
  }

  @Test
  void theIBitCutsTheDelayShort() {
    z.gets("DATA 0 s1.0 BE 5 + DATA 1 s1.1 IBE 5").sends("SACK 1");

    z.gets("DATA 2 s1.2 BE 5").sendsNothing().timer(200).sends("SACK 2");
    z.delivers("s1: 0x5", "s1: 1x5", "s1: 2x5");
  }

  @Test
  void theIBitCountsInTheMiddleOfAMessageToo() {
    z.gets("DATA 0 s1.0 IB 5").sends("SACK 0").deliversNothing();
    z.gets("DATA 1 s1.0 I 5").sends("SACK 1").deliversNothing();

    z.gets("DATA 2 s1.0 IE 5").sends("SACK 2").delivers("s1: 0x5,1x5,2x5");
  }

  // --- gaps ---

  @Test
  void whileAGapLastsEachPacketIsAcknowledgedAtOnce() {
    z.gets("DATA 0 s1.0 BE 5").sendsNothing();
    z.gets("DATA 2 s2.0 BE 5").sends("SACK 0 gaps 2");
    z.gets("DATA 3 s2.1 BE 5").sends("SACK 0 gaps 2-3");
    z.gets("DATA 4 s2.2 BE 5").sends("SACK 0 gaps 2-4");
    z.gets("DATA 1 s1.1 BE 5").sends("SACK 4");

    z.gets("DATA 5 s1.2 BE 5").sendsNothing().timer(200).sends("SACK 5");
    z.delivers("s1: 0x5", "s2: 2x5", "s2: 3x5", "s2: 4x5", "s1: 1x5", "s1: 5x5");
  }

  @Test
  void theMissingTsnBetweenTwoBlocksMergesThem() {
    z.gets("DATA 1 s1.1 BE 5").sends("SACK -1 gaps 2");
    z.gets("DATA 3 s1.3 BE 5").sends("SACK -1 gaps 2,4");
    z.gets("DATA 2 s1.2 BE 5").sends("SACK -1 gaps 2-4").deliversNothing();

    z.gets("DATA 0 s1.0 BE 5").sends("SACK 3");
    z.delivers("s1: 0x5", "s1: 1x5", "s1: 2x5", "s1: 3x5");
  }

  @Test
  void aBlockGrowsDownwards() {
    z.gets("DATA 3 s1.3 BE 5").sends("SACK -1 gaps 4");
    z.gets("DATA 2 s1.2 BE 5").sends("SACK -1 gaps 3-4");
    z.gets("DATA 1 s1.1 BE 5").sends("SACK -1 gaps 2-4").deliversNothing();

    z.gets("DATA 0 s1.0 BE 5").sends("SACK 3");
    z.delivers("s1: 0x5", "s1: 1x5", "s1: 2x5", "s1: 3x5");
  }

  @Test
  void fillingTheFirstOfThreeGapsKeepsTheOthers() {
    z.gets("DATA 1 s1.1 BE 5", "DATA 3 s1.3 BE 5", "DATA 5 s1.5 BE 5");
    z.sends("SACK -1 gaps 2", "SACK -1 gaps 2,4", "SACK -1 gaps 2,4,6");

    z.gets("DATA 0 s1.0 BE 5").sends("SACK 1 gaps 2,4").delivers("s1: 0x5", "s1: 1x5");
    z.gets("DATA 2 s1.2 BE 5").sends("SACK 3 gaps 2").delivers("s1: 2x5", "s1: 3x5");
    z.gets("DATA 4 s1.4 BE 5").sends("SACK 5").delivers("s1: 4x5", "s1: 5x5");
  }

  @Test
  void fillingTheLastOfThreeGapsFirstMergesFromBehind() {
    z.gets("DATA 1 s1.1 BE 5", "DATA 3 s1.3 BE 5", "DATA 5 s1.5 BE 5", "DATA 4 s1.4 BE 5");
    z.sends("SACK -1 gaps 2", "SACK -1 gaps 2,4", "SACK -1 gaps 2,4,6", "SACK -1 gaps 2,4-6");

    z.gets("DATA 2 s1.2 BE 5").sends("SACK -1 gaps 2-6").deliversNothing();
    z.gets("DATA 0 s1.0 BE 5").sends("SACK 5");
    z.delivers("s1: 0x5", "s1: 1x5", "s1: 2x5", "s1: 3x5", "s1: 4x5", "s1: 5x5");
  }

  @Test
  void aGapThatOpensAndClosesInOneReadIsNotReported() {
    z.getsTogether("DATA 1 s1.1 BE 5", "DATA 0 s1.0 BE 5");

    z.sends("SACK 1").delivers("s1: 0x5", "s1: 1x5");
  }

  @Test
  void theFarthestTsnThatAGapBlockCanNameIsTaken() {
    z.gets("DATA 65534 s1.1 BE 5").sends("SACK -1 gaps 65535").keepsReceivedData();
  }

  @Test
  void aTsnBeyondWhatAGapBlockCanNameIsDropped() {
    z.gets("DATA 65535 s1.1 BE 5").drops(DropReason.TSN_OUTSIDE_WINDOW, 1);
    z.gets("DATA 0 s1.0 BE 5").sends("SACK 0").delivers("s1: 0x5");

    // One step further, it is within reach.
    z.gets("DATA 65535 s1.1 BE 5").sends("SACK 0 gaps 65535").delivers("s1: -1x5");
  }

  @Test
  void aSackNamesAsManyGapsAsFitThePacket() {
    String[] everyOther = new String[400];
    for (int i = 0; i < 400; i++) {
      everyOther[i] = "DATA " + (2 * i + 1) + " s1.0 UBE 1";
    }
    z.getsTogether(everyOther);

    List<byte[]> sacks = z.takeSentBytes();
    assertThat(sacks).hasSize(1);
    // 12 bytes of header and 16 of the chunk leave 1160 for blocks of 4.
    assertThat(sacks.get(0)).hasSize(1188);
    z.delivers(delivered(everyOther));
  }

  @Test
  void whereGapsFillThePacketNoDuplicatesAreListed() {
    var packets = new ArrayList<String>();
    for (int i = 0; i < 289; i++) {
      packets.add("DATA " + (2 * i + 1) + " s1.0 UBE 1");
    }
    String[] gaps = packets.toArray(String[]::new);
    packets.add("DATA 1 s1.0 UBE 1");
    packets.add("DATA 3 s1.0 UBE 1");
    packets.add("DATA 5 s1.0 UBE 1");
    z.getsTogether(packets.toArray(String[]::new));

    // 290 places: 289 blocks and the first duplicate.
    assertThat(z.takeSent()).hasSize(1).first().asString().endsWith(" dups 1");
    z.delivers(delivered(gaps));
  }

  private static String[] delivered(String[] packets) {
    String[] messages = new String[packets.length];
    for (int i = 0; i < packets.length; i++) {
      messages[i] = "s1: " + (byte) Integer.parseInt(packets[i].split(" ", -1)[1]) + "x1";
    }
    return messages;
  }

  // --- duplicates ---

  @Test
  void aDuplicateBehindAGapIsListed() {
    z.gets("DATA 1 s1.1 BE 5").sends("SACK -1 gaps 2");

    z.gets("DATA 1 s1.1 BE 5").sends("SACK -1 gaps 2 dups 1").deliversNothing();

    z.gets("DATA 0 s1.0 BE 5").sends("SACK 1").delivers("s1: 0x5", "s1: 1x5");
  }

  @Test
  void aTsnThatCameFourTimesIsListedThreeTimes() {
    z.getsTogether("DATA 0 s1.0 BE 5", "DATA 0 s1.0 BE 5", "DATA 0 s1.0 BE 5", "DATA 0 s1.0 BE 5");

    z.sends("SACK 0 dups 0,0,0").delivers("s1: 0x5");
  }

  @Test
  void duplicatesAreListedAsTheyCame() {
    z.gets("DATA 0 s1.0 BE 5", "DATA 1 s1.1 BE 5").sends("SACK 1");
    z.getsTogether("DATA 1 s1.1 BE 5", "DATA 0 s1.0 BE 5").sends("SACK 1 dups 1,0");

    z.gets("DATA 2 s1.2 BE 5", "DATA 3 s1.3 BE 5").sends("SACK 3");
    z.delivers("s1: 0x5", "s1: 1x5", "s1: 2x5", "s1: 3x5");
  }

  @Test
  void aDuplicateTsnWithOtherContentIsADuplicate() {
    z.gets("DATA 0 s1.0 BE 5").sendsNothing();

    z.gets("DATA 0 s2.7 B 9").sends("SACK 0 dups 0").delivers("s1: 0x5");
  }

  @Test
  void newDataBehindADuplicateIsTaken() {
    z.gets("DATA 0 s1.0 BE 5");

    z.gets("DATA 0 s1.0 BE 5 + DATA 1 s1.1 BE 6").sends("SACK 1 dups 0");
    z.delivers("s1: 0x5", "s1: 1x6");
  }

  @Test
  void aTsnBeforeTheFirstIsADuplicate() {
    z.gets("DATA -1 s1.0 BE 5").sends("SACK -1 dups -1").deliversNothing();
  }

  @Test
  void aTsnHalfTheNumbersAheadCountsAsBehind() {
    z.gets("DATA 2147483647 s1.0 BE 5").sends("SACK -1 dups 2147483647").deliversNothing();
  }

  @Test
  void aTsnJustLessThanHalfTheNumbersAheadIsOutsideTheWindow() {
    z.gets("DATA 2147483646 s1.0 BE 5").sendsNothing().deliversNothing();

    z.drops(DropReason.TSN_OUTSIDE_WINDOW, 1).timer(200).sends("SACK -1");
  }

  // --- the numbers wrap ---

  @Test
  void theTsnWrapsInOrder() {
    Dialogue wrap = open(setup().peerTsn(-2));
    wrap.gets("DATA 0 s1.0 BE 5", "DATA 1 s1.1 BE 5").sends("SACK 1");

    wrap.gets("DATA 2 s1.2 BE 5", "DATA 3 s1.3 BE 5").sends("SACK 3");
    wrap.delivers("s1: 0x5", "s1: 1x5", "s1: 2x5", "s1: 3x5");
  }

  @Test
  void gapsReachAcrossTheWrapOfTheTsn() {
    Dialogue wrap = open(setup().peerTsn(-3));
    wrap.gets("DATA 5 s1.5 BE 5", "DATA 2 s1.2 BE 5", "DATA 3 s1.3 BE 5");
    wrap.sends("SACK -1 gaps 6", "SACK -1 gaps 3,6", "SACK -1 gaps 3-4,6");

    wrap.gets("DATA 3 s1.3 BE 5").sends("SACK -1 gaps 3-4,6 dups 3");
    wrap.gets("DATA 1 s1.1 BE 5", "DATA 0 s1.0 BE 5").sends("SACK -1 gaps 2-4,6", "SACK 3 gaps 2");
    wrap.gets("DATA 4 s1.4 BE 5").sends("SACK 5");
    wrap.delivers("s1: 0x5", "s1: 1x5", "s1: 2x5", "s1: 3x5", "s1: 4x5", "s1: 5x5");
  }

  @Test
  void afterTheWrapEarlierTsnsAreDuplicates() {
    Dialogue wrap = open(setup().peerTsn(-1));
    wrap.gets("DATA 0 s1.0 BE 5", "DATA 1 s1.1 BE 5").sends("SACK 1");

    wrap.gets("DATA 0 s1.0 BE 5").sends("SACK 1 dups 0").delivers("s1: 0x5", "s1: 1x5");
  }

  // --- together with what we send ---

  @Test
  void aWaitingSackRidesOnData() {
    z.gets("DATA 0 s1.0 BE 5").user(1, 10).sends("SACK 0 + DATA 0 s1.0 IBE 10");

    z.gets("SACK 0").delivers("s1: 0x5").passes(1_000).sendsNothing();
  }

  @Test
  void whileDataIsMissingASackRidesOnEachPacketOfData() {
    z.gets("DATA 1 s1.1 BE 5").sends("SACK -1 gaps 2");
    // It has just left: no need to say it again.
    z.user(1, 10).sends("DATA 0 s1.0 IBE 10");

    z.user(1, 11).sends("SACK -1 gaps 2 + DATA 1 s1.1 IBE 11");
    z.user(1, 12).sends("SACK -1 gaps 2 + DATA 2 s1.2 IBE 12");

    z.gets("DATA 0 s1.0 BE 5 + SACK 2").sends("SACK 1").delivers("s1: 0x5", "s1: 1x5");
  }

  @Test
  void aSackThatDoesNotFitBesideDataGoesAlone() {
    z.gets("DATA 0 s1.0 BE 5").user(1, 1160).sends("SACK 0", "DATA 0 s1.0 IBE 1160");

    z.gets("SACK 0").delivers("s1: 0x5");
  }

  @Test
  void aLongMessageIsCutSoThatTheSackFits() {
    z.gets("DATA 0 s1.0 BE 5").user(1, 2_000);

    z.sends("SACK 0 + DATA 0 s1.0 B 1144", "DATA 1 s1.0 IE 856").delivers("s1: 0x5");
    z.gets("SACK 1");
  }

  @Test
  void theAnswerToAHeartbeatDoesNotHurryTheSack() {
    z.gets("DATA 0 s1.0 BE 5").passes(50).gets("HEARTBEAT 9").sends("HEARTBEATACK 9");

    z.timer(200).sends("SACK 0").delivers("s1: 0x5");
  }

  @Test
  void dataAfterOurShutdownIsAcknowledgedAndShutdownRepeated() {
    z.association().shutdown(z.nanos());
    z.sends("SHUTDOWN -1");

    z.gets("DATA 0 s1.0 BE 5").sends("SHUTDOWN 0 + SACK 0").delivers("s1: 0x5");
    z.gets("DATA 2 s1.2 BE 5").sends("SHUTDOWN 0 + SACK 0 gaps 2").deliversNothing();
    z.gets("DATA 1 s1.1 BE 5").sends("SHUTDOWN 2 + SACK 2").delivers("s1: 1x5", "s1: 2x5");
    z.gets("SHUTDOWNACK").sends("COMPLETE").tells(new ShutdownComplete());
  }
}
