package dev.tautline.sctp.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tautline.sctp.AssociationEvent.FailureReason;
import dev.tautline.sctp.AssociationPhase;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** RFC 9260 sections 6.3, 7.2.4 and 8.1: T3-rtx, fast retransmit, failure. */
class RetransmissionScenarioTest extends Dialogues {
  private static final int FULL = 1160;

  private final Dialogue z = open();

  private static String data(int tsn) {
    return "DATA " + tsn + " s1." + tsn + " BE 1160";
  }

  private static String lastData(int tsn) {
    return "DATA " + tsn + " s1." + tsn + " IBE 1160";
  }

  /** Packets 0 to n − 1, one message each, leave at once. */
  private static void outstanding(Dialogue z, int packets) {
    var texts = new ArrayList<String>();
    for (int i = 0; i < packets; i++) {
      z.user(1, FULL);
      texts.add(i == packets - 1 ? lastData(i) : data(i));
    }
    z.sends(texts.toArray(String[]::new));
  }

  // --- T3-rtx ---

  @Test
  void t3BacksOffTo60SecondsAndTheEleventhExpirationEndsAll() {
    outstanding(z, 1);
    long[] times = {500, 1500, 3500, 7500, 15_500, 31_500, 63_500, 123_500, 183_500, 243_500};
    var seen = new ArrayList<Long>();
    while (seen.size() < 10) {
      if (!z.fire().takeSent().isEmpty()) {
        seen.add(z.millis());
      }
    }
    assertThat(seen).containsExactly(java.util.Arrays.stream(times).boxed().toArray(Long[]::new));

    z.passes(60_000).sends("ABORT 13").hasFailed(FailureReason.RETRANSMISSIONS_EXHAUSTED);
    assertThat(z.millis()).isEqualTo(303_500);
  }

  @Test
  void withNoRetransmissionsAllowedTheFirstExpirationEndsAll() {
    Dialogue strict = open(setup().options(o -> o.maxRetransmits(0)));
    strict.user(1, 20).sends("DATA 0 s1.0 IBE 20");

    strict.timer(500).sends("ABORT 13").hasFailed(FailureReason.RETRANSMISSIONS_EXHAUSTED);
  }

  @Test
  void anAcknowledgementOfTheEarliestStartsT3Anew() {
    outstanding(z, 2);

    // R3: a round trip of 100 ms makes an RTO of 300 ms, which RTO.Min lifts to 400 ms.
    z.passes(100).gets("SACK 0").timer(500).sends(lastData(1)).gets("SACK 1");
  }

  @Test
  void aGapAckLeavesT3Running() {
    outstanding(z, 2);

    z.passes(100).gets("SACK -1 gaps 2").timer(500).sends(data(0)).gets("SACK 1");
  }

  @Test
  void t3StopsWhenAllIsAcknowledged() {
    outstanding(z, 3);

    z.passes(100).gets("SACK 2").noTimerBefore(25_000).passes(20_000).sendsNothing();
  }

  @Test
  void dataSentLaterDoesNotPutT3Off() {
    z.user(1, 20).sends("DATA 0 s1.0 IBE 20").passes(300);
    z.user(1, 21).sends("DATA 1 s1.1 IBE 21");

    // Both are lost by the timer of the first, and share a packet.
    z.timer(500).sends("DATA 0 s1.0 IBE 20 + DATA 1 s1.1 IBE 21").gets("SACK 1");
  }

  @Test
  void t3SendsOnePacketAndTheRestAsTheWindowOpens() {
    outstanding(z, 6);
    z.timer(500).sends(data(0));
    assertThat(z.statistics().cwndBytes()).isEqualTo(1176);

    z.passes(50).gets("SACK 0").sends(data(1), data(2));
    z.passes(50).gets("SACK 2").sends(data(3), data(4), lastData(5));
    z.gets("SACK 5");
    assertThat(z.statistics().dataChunksRetransmitted()).isEqualTo(6);
  }

  @Test
  void whatIsInGapAckBlocksIsNotSentAgainByT3() {
    outstanding(z, 3);
    z.gets("SACK -1 gaps 2");
    z.timer(500).sends(data(0));

    z.passes(50).gets("SACK 1").sends(lastData(2)).gets("SACK 2");
    assertThat(z.statistics().dataChunksRetransmitted()).isEqualTo(2);
  }

  @Test
  void retransmissionsGoBeforeNewData() {
    outstanding(z, 2);
    z.passes(100).user(1, 30).sends("DATA 2 s1.2 IBE 30").user(1, 31).sends("DATA 3 s1.3 IBE 31");
    z.timer(500).user(1, 32).sends(data(0));

    z.passes(10).gets("SACK 0");
    z.sends(lastData(1), "DATA 2 s1.2 IBE 30 + DATA 3 s1.3 IBE 31 + DATA 4 s1.4 IBE 32");
    z.gets("SACK 4");
  }

  @Test
  void theBackOffStaysUntilARoundTripIsMeasured() {
    z.user(1, 20).sends("DATA 0 s1.0 IBE 20");
    z.timer(500).sends("DATA 0 s1.0 IBE 20").passes(10).gets("SACK 0");
    // Karn: nothing was measured by what was sent twice.
    assertThat(z.statistics().rtoNanos()).isEqualTo(1000 * Dialogue.MILLI);

    z.user(1, 21).sends("DATA 1 s1.1 IBE 21");
    z.timer(1510).sends("DATA 1 s1.1 IBE 21").passes(10).gets("SACK 1");
    z.user(1, 22).sends("DATA 2 s1.2 IBE 22").passes(100).gets("SACK 2");
    assertThat(z.statistics().rtoNanos()).isEqualTo(400 * Dialogue.MILLI);
  }

  @Test
  void theRtoFollowsTheRoundTrips() {
    z.user(1, 20).sends("DATA 0 s1.0 IBE 20").passes(400).gets("SACK 0");
    // C2: SRTT 400, RTTVAR 200, RTO 400 + 4 × 200.
    assertThat(z.statistics().rtoNanos()).isEqualTo(1200 * Dialogue.MILLI);

    z.user(1, 21).sends("DATA 1 s1.1 IBE 21").passes(480).gets("SACK 1");
    // C3: RTTVAR 3/4 × 200 + 1/4 × 80 = 170, SRTT 7/8 × 400 + 1/8 × 480 = 410.
    assertThat(z.statistics().srttNanos()).isEqualTo(410 * Dialogue.MILLI);
    assertThat(z.statistics().rtoNanos()).isEqualTo(1090 * Dialogue.MILLI);
    z.user(1, 22).sends("DATA 2 s1.2 IBE 22").timer(880 + 1090).sends("DATA 2 s1.2 IBE 22");
    z.gets("SACK 2");
  }

  @Test
  void aRoundTripIsMeasuredOncePerRoundTrip() {
    z.user(1, 20).sends("DATA 0 s1.0 IBE 20").passes(100).gets("SACK 0");
    z.user(1, 21).sends("DATA 1 s1.1 IBE 21").passes(20).gets("SACK 1");

    // 20 ms after the last measurement, with a smoothed round trip of 100 ms, none is due.
    assertThat(z.statistics().srttNanos()).isEqualTo(100 * Dialogue.MILLI);
  }

  @Test
  void aGapAckMeasuresTheRoundTripToo() {
    outstanding(z, 2);

    z.passes(60).gets("SACK -1 gaps 2");

    assertThat(z.statistics().srttNanos()).isEqualTo(60 * Dialogue.MILLI);
    z.gets("SACK 1");
  }

  @Test
  void theRtoStaysBelowItsLimit() {
    Dialogue capped =
        open(setup().options(o -> o.rtoMax(Duration.ofSeconds(2)).maxRetransmits(100)));
    capped.user(1, 25).sends("DATA 0 s1.0 IBE 25");

    capped.timer(500).timer(1500).timer(3500).timer(5500).timer(7500);
    assertThat(capped.takeSent()).hasSize(5).containsOnly("DATA 0 s1.0 IBE 25");
    capped.gets("SACK 0");
  }

  @Test
  void anAcknowledgementBetweenExpirationsClearsTheErrors() {
    Dialogue strict = open(setup().options(o -> o.maxRetransmits(2)));
    outstanding(strict, 2);
    strict.timer(500).sends(data(0)).timer(1500).sends(data(0));
    strict.gets("SACK 0").sends(lastData(1));

    strict.fire().fire().takeSent();
    assertThat(strict.association().state()).isEqualTo(AssociationPhase.ESTABLISHED);
    strict.gets("SACK 1");
  }

  @Test
  void anOldSackClearsNoErrors() {
    Dialogue strict = open(setup().options(o -> o.maxRetransmits(1)));
    outstanding(strict, 2);
    strict.gets("SACK 0").timer(400).sends(lastData(1));

    strict.gets("SACK -1").drops(dev.tautline.sctp.DropReason.OLD_SACK, 1);
    strict.timer(1200).sends("ABORT 13").hasFailed(FailureReason.RETRANSMISSIONS_EXHAUSTED);
  }

  // --- the limit of data channels ---

  @Test
  void thirtySecondsCountFromTheLastAcknowledgement() {
    Dialogue channel = open(setup().dataChannels());
    outstanding(channel, 2);
    channel.passes(100).gets("SACK 0").passes(29_999);
    assertThat(channel.association().state()).isEqualTo(AssociationPhase.ESTABLISHED);
    assertThat(channel.takeSent()).isNotEmpty().containsOnly(lastData(1));

    channel.passes(1).sends("ABORT 13").hasFailed(FailureReason.NO_ACKNOWLEDGEMENT);
  }

  @Test
  void gapAcksAreAcknowledgementsToo() {
    Dialogue channel = open(setup().dataChannels());
    outstanding(channel, 2);
    channel.passes(20_000).takeSent();
    channel.gets("SACK -1 gaps 2").passes(15_000);

    assertThat(channel.association().state()).isEqualTo(AssociationPhase.ESTABLISHED);
    assertThat(channel.takeSent()).isNotEmpty().containsOnly(data(0));
    channel.gets("SACK 1");
  }

  @Test
  void aSackThatSaysNothingNewIsNoAcknowledgement() {
    Dialogue channel = open(setup().dataChannels());
    channel.user(1, 33).sends("DATA 0 s1.0 IBE 33");
    for (int i = 0; i < 29; i++) {
      channel.passes(1000).gets("SACK -1");
    }
    channel.passes(1000);

    assertThat(channel.takeSent()).last().isEqualTo("ABORT 13");
    channel.hasFailed(FailureReason.NO_ACKNOWLEDGEMENT);
  }

  @Test
  void afterTwoExpirationsProbesGoBetweenThem() {
    Dialogue channel = open(setup().dataChannels());
    channel.user(1, 34).sends("DATA 0 s1.0 IBE 34");
    channel.timer(500).sends("DATA 0 s1.0 IBE 34").timer(1500).sends("DATA 0 s1.0 IBE 34");

    // Thirds of the two seconds until the next.
    channel.passes(667).sends("DATA 0 s1.0 IBE 34").passes(667).sends("DATA 0 s1.0 IBE 34");
    channel.passes(666).sends("DATA 0 s1.0 IBE 34").gets("SACK 0");
  }

  // --- fast retransmit ---

  @Test
  void theSameSackThreeTimesIsOneMiss() {
    outstanding(z, 3);

    z.gets("SACK -1 gaps 2", "SACK -1 gaps 2", "SACK -1 gaps 2", "SACK -1 gaps 2").sendsNothing();

    z.gets("SACK -1 gaps 2-3").sendsNothing().timer(500).sends(data(0)).gets("SACK 2");
  }

  @Test
  void threeSacksThatAcknowledgeHigherTsnsAreThreeMisses() {
    outstanding(z, 5);

    z.gets("SACK 0 gaps 2").sendsNothing().gets("SACK 0 gaps 2-3").sendsNothing();
    z.gets("SACK 0 gaps 2-4").sends(data(1));
    assertThat(z.statistics().fastRecoveries()).isEqualTo(1);
    z.gets("SACK 4");
  }

  @Test
  void onlyTsnsBelowTheHighestNewlyAcknowledgedOneAreMissed() {
    outstanding(z, 7);
    z.gets("SACK -1 gaps 7").sendsNothing();

    // 3 lies above what these SACKs newly acknowledge: no miss for it, three for 0.
    z.gets("SACK -1 gaps 2,7").sendsNothing().gets("SACK -1 gaps 2-3,7").sends(data(0));
    z.gets("SACK 6");
    assertThat(z.statistics().dataChunksRetransmitted()).isEqualTo(1);
  }

  @Test
  void oneSackForThreePacketsBehindTheHoleIsThreeMisses() {
    outstanding(z, 4);

    // The peer read all of them at once.
    z.gets("SACK -1 gaps 2-4").sends(data(0)).gets("SACK 3");
  }

  @Test
  void smallChunksOfOnePacketAreOneMiss() {
    outstanding(z, 1);
    z.passes(1).user(1, 10).user(1, 10).user(1, 10);
    z.sends("DATA 1 s1.1 BE 10 + DATA 2 s1.2 BE 10 + DATA 3 s1.3 IBE 10");

    z.gets("SACK -1 gaps 2-4").sendsNothing().timer(500).sends(lastData(0)).gets("SACK 3");
  }

  @Test
  void whatWasFastRetransmittedWaitsForT3TheSecondTime() {
    outstanding(z, 9);
    z.passes(10).gets("SACK -1 gaps 2-4").sends(data(0));

    z.gets("SACK -1 gaps 2-5", "SACK -1 gaps 2-6", "SACK -1 gaps 2-7", "SACK -1 gaps 2-8");
    z.sendsNothing().gets("SACK -1 gaps 2-9").sendsNothing();
    z.timer(410).sends(data(0)).gets("SACK 8");
    assertThat(z.statistics().timeouts()).isEqualTo(1);
  }

  @Test
  void fastRetransmitSendsOnePacketWhateverTheWindow() {
    outstanding(z, 10);
    z.user(1, 1160).passes(10);

    // cwnd falls to half, seven are in flight or lost: only the fast retransmission leaves.
    z.gets("SACK -1 gaps 2-4").sends(data(0));
    assertThat(z.statistics().cwndBytes()).isEqualTo(5 * 1176);
    assertThat(z.statistics().flightBytes()).isGreaterThan(5 * 1176);
    z.gets("SACK 9").takeSent();
    z.gets("SACK 10");
  }

  @Test
  void theHoleAndTheNextHoleFitOnePacketWhenTheyAreSmall() {
    for (int i = 0; i < 2; i++) {
      z.user(1, 500).poll();
    }
    for (int i = 0; i < 3; i++) {
      z.user(1, FULL).poll();
    }
    z.takeSent();

    z.gets("SACK -1 gaps 3-5").sends("DATA 0 s1.0 IBE 500 + DATA 1 s1.1 IBE 500").gets("SACK 4");
  }

  @Test
  void aSecondHoleInTheSameWindowHalvesNothing() {
    outstanding(z, 10);
    z.passes(10).gets("SACK -1 gaps 2-4").sends(data(0));
    long cwnd = z.statistics().cwndBytes();

    z.gets("SACK -1 gaps 2-4,6-8").sends(data(4));
    assertThat(z.statistics().cwndBytes()).isEqualTo(cwnd);
    assertThat(z.statistics().fastRecoveries()).isEqualTo(1);
    z.gets("SACK 9");
  }

  @Test
  void aHoleBehindTheRecoveryPointHalvesAgain() {
    outstanding(z, 10);
    z.passes(10).gets("SACK -1 gaps 2-10").sends(data(0)).passes(10).gets("SACK 9");
    long cwnd = z.statistics().cwndBytes();
    for (int i = 0; i < 5; i++) {
      z.user(1, FULL);
    }
    z.sends(data(10), data(11), data(12), data(13), lastData(14));

    z.passes(10).gets("SACK 9 gaps 2-4").sends(data(10));
    assertThat(z.statistics().fastRecoveries()).isEqualTo(2);
    assertThat(z.statistics().cwndBytes()).isEqualTo(Math.max(cwnd / 2, 4 * 1176));
    z.gets("SACK 14");
  }

  @Test
  void aPartialAcknowledgementInRecoveryIsAMissForAllThatIsMissing() {
    outstanding(z, 10);
    z.passes(10).gets("SACK -1 gaps 2,4-6").sends(data(0));
    assertThat(z.statistics().dataChunksRetransmitted()).isEqualTo(1);

    // 2 had three misses with them; had it had two, this would be the third.
    List<String> sent = z.gets("SACK 1 gaps 2-6").takeSent();
    assertThat(sent).containsExactly(data(2));
    z.gets("SACK 9");
  }

  @Test
  void t3EndsTheRecovery() {
    outstanding(z, 4);
    z.passes(10).gets("SACK -1 gaps 2-4").sends(data(0));
    z.timer(410).sends(data(0));
    assertThat(z.statistics().cwndBytes()).isEqualTo(1176);

    z.gets("SACK 3");
    // Slow start begins: the window grows by what was acknowledged.
    assertThat(z.statistics().cwndBytes()).isEqualTo(2 * 1176);
  }

  @Test
  void aHoleFilledLateByTheOriginalIsNoSecondDelivery() {
    outstanding(z, 4);
    z.passes(10).gets("SACK -1 gaps 2-4").sends(data(0));

    // The original came after all, then the retransmission as a duplicate.
    z.gets("SACK 3").gets("SACK 3 dups 0").sendsNothing();
    assertThat(z.statistics().flightBytes()).isZero();
  }

  // --- path ---

  @Test
  void aChangedPathWithNothingOutstandingSendsNothing() {
    z.user(1, 20).sends("DATA 0 s1.0 IBE 20").passes(100).gets("SACK 0");

    z.association().pathChanged(z.nanos());
    z.sendsNothing();
    assertThat(z.statistics().srttNanos()).isZero();
    assertThat(z.statistics().rtoNanos()).isEqualTo(500 * Dialogue.MILLI);
  }

  @Test
  void aChangedPathSendsWhatIsOutstandingAndForgetsTheBackOff() {
    outstanding(z, 3);
    z.timer(500).sends(data(0)).timer(1500).sends(data(0)).passes(100);

    z.association().pathChanged(z.nanos());
    z.sends(data(0), data(1), lastData(2)).timer(2100).sends(data(0)).gets("SACK 2");
  }

  @Test
  void aChangedPathSendsNothingThatIsInAGapAckBlock() {
    outstanding(z, 4);
    z.gets("SACK -1 gaps 2-3");

    z.association().pathChanged(z.nanos());
    z.sends(data(0), lastData(3)).gets("SACK 3");
  }

  @Test
  void aChangedPathClearsTheErrors() {
    Dialogue strict = open(setup().options(o -> o.maxRetransmits(1)));
    strict.user(1, 40).sends("DATA 0 s1.0 IBE 40").timer(500).sends("DATA 0 s1.0 IBE 40");
    strict.association().pathChanged(strict.nanos());
    strict.sends("DATA 0 s1.0 IBE 40");

    strict.timer(1000).sends("DATA 0 s1.0 IBE 40");
    assertThat(strict.association().state()).isEqualTo(AssociationPhase.ESTABLISHED);
    strict.gets("SACK 0");
  }

  @Test
  void whatIsSentWhileThereIsNoPathLeavesWhenThereIsOne() {
    z.association().suspend(z.nanos());
    z.user(1, 41).sendsNothing().passes(10_000).sendsNothing();

    z.association().resume(z.nanos());
    z.sends("DATA 0 s1.0 IBE 41").timer(10_500).sends("DATA 0 s1.0 IBE 41").gets("SACK 0");
  }

  @Test
  void whatComesWhileThereIsNoPathIsAcknowledgedLater() {
    z.association().suspend(z.nanos());
    z.gets("DATA 0 s1.0 BE 5", "DATA 1 s1.1 BE 6").delivers("s1: 0x5", "s1: 1x6").sendsNothing();
    z.passes(1_000);

    z.association().resume(z.nanos());
    z.sends("SACK 1");
  }
}
