package dev.tautline.sctp.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tautline.sctp.CongestionAlgorithm;
import dev.tautline.sctp.SendOptions;
import dev.tautline.sctp.SendOptions.Ordering;
import dev.tautline.sctp.SendOptions.Reliability;
import java.util.List;
import org.junit.jupiter.api.Test;

/** RFC 9260 section 7.2 and RFC 8985: how much is in flight, and losses noticed by time. */
class CongestionScenarioTest extends Dialogues {
  private static final int FULL = 1160;
  private static final long CHUNK = 1176;

  private Dialogue window(int packets) {
    return open(setup().options(o -> o.initialWindowPackets(packets)));
  }

  private static int packets(Dialogue z, int messages) {
    for (int i = 0; i < messages; i++) {
      z.user(1, FULL);
    }
    return z.takeSent().size();
  }

  private static long cwnd(Dialogue z) {
    return z.statistics().cwndBytes() / CHUNK;
  }

  // --- slow start ---

  @Test
  void theFirstFlightIsTheInitialWindow() {
    Dialogue z = window(3);

    assertThat(packets(z, 5)).isEqualTo(3);
    z.passes(100).gets("SACK 2").sends("DATA 3 s1.3 BE 1160", "DATA 4 s1.4 IBE 1160");
    z.gets("SACK 4");
  }

  @Test
  void inSlowStartTheWindowGrowsByWhatIsAcknowledged() {
    Dialogue z = window(4);
    packets(z, 4);

    z.passes(100).gets("SACK 1");
    assertThat(cwnd(z)).isEqualTo(6);
    z.gets("SACK 3");
    // The rest did not fill the window any more.
    assertThat(cwnd(z)).isEqualTo(6);
  }

  @Test
  void aWindowThatIsNotFilledDoesNotGrow() {
    Dialogue z = window(10);
    packets(z, 4);

    z.passes(100).gets("SACK 3");

    assertThat(cwnd(z)).isEqualTo(10);
  }

  @Test
  void gapAcksAloneDoNotOpenTheWindow() {
    Dialogue z = window(4);
    packets(z, 4);

    z.passes(100).gets("SACK -1 gaps 2-3");

    assertThat(cwnd(z)).isEqualTo(4);
    z.gets("SACK 3");
  }

  // --- loss ---

  @Test
  void aLossHalvesTheWindowAndRecoveryDoesNotOpenIt() {
    Dialogue z = window(20);
    packets(z, 20);
    z.passes(100).gets("SACK -1 gaps 2-4").takeSent();
    assertThat(cwnd(z)).isEqualTo(10);

    z.gets("SACK 3 gaps 2-10").takeSent();
    assertThat(cwnd(z)).isEqualTo(10);
    z.gets("SACK 19");
    assertThat(z.statistics().ssthreshBytes()).isEqualTo(10 * CHUNK);
  }

  @Test
  void aSmallWindowIsNotHalvedBelowFourPackets() {
    Dialogue z = window(5);
    packets(z, 5);

    z.passes(100).gets("SACK -1 gaps 2-4").sends("DATA 0 s1.0 BE 1160");
    assertThat(cwnd(z)).isEqualTo(4);
    z.gets("SACK 4");
  }

  @Test
  void t3LeavesOnePacketAndHalfAThreshold() {
    Dialogue z = window(12);
    packets(z, 12);

    z.timer(500).sends("DATA 0 s1.0 BE 1160");
    assertThat(cwnd(z)).isEqualTo(1);
    assertThat(z.statistics().ssthreshBytes()).isEqualTo(6 * CHUNK);
    z.gets("SACK 11");
  }

  @Test
  void behindTheThresholdTheWindowGrowsByOnePacketPerWindow() {
    Dialogue z = window(8);
    packets(z, 8);
    z.passes(100).gets("SACK -1 gaps 2-8").takeSent();
    z.passes(100).gets("SACK 7");
    long threshold = cwnd(z);
    assertThat(threshold).isEqualTo(4);

    // Slow start runs until the window is above the threshold; then each full window adds one.
    int acked = 8;
    for (int round = 0; round < 4; round++) {
      long before = cwnd(z);
      for (long i = 0; i < before; i++) {
        z.user(1, FULL);
      }
      z.poll().passes(150);
      List<String> flight = z.takeSent();
      assertThat(flight).hasSize((int) before);
      acked += flight.size();
      z.gets("SACK " + (acked - 1));
      assertThat(cwnd(z)).isBetween(before, round == 0 ? before * 2 : before + 1);
    }
    assertThat(cwnd(z)).isGreaterThan(threshold);
  }

  @Test
  void anIdleWindowIsHalvedForEachRto() {
    Dialogue z = window(16);
    z.user(1, 20).sends("DATA 0 s1.0 IBE 20").passes(100).gets("SACK 0");

    // RTO is 400 ms: two of them have passed since data was last sent.
    z.passes(800).user(1, 21).sends("DATA 1 s1.1 IBE 21").gets("SACK 1");

    assertThat(cwnd(z)).isEqualTo(4);
  }

  @Test
  void anIdleWindowIsNotHalvedBelowFourPackets() {
    Dialogue z = window(6);
    z.user(1, 20).sends("DATA 0 s1.0 IBE 20").passes(100).gets("SACK 0");

    z.passes(20_000).user(1, 23).sends("DATA 1 s1.1 IBE 23").gets("SACK 1");

    assertThat(cwnd(z)).isEqualTo(4);
  }

  @Test
  void aChangedPathStartsWithTheInitialWindow() {
    Dialogue z = window(6);
    packets(z, 6);
    z.timer(500).takeSent();
    assertThat(cwnd(z)).isEqualTo(1);

    z.association().pathChanged(z.nanos());
    assertThat(cwnd(z)).isEqualTo(6);
    assertThat(z.takeSent()).hasSize(6);
    z.gets("SACK 5");
  }

  // --- loss by time ---

  private Dialogue rack() {
    Dialogue z = open(setup().options(o -> o.congestionAlgorithm(CongestionAlgorithm.CUBIC)));
    z.user(1, 20).sends("DATA 0 s1.0 IBE 20").passes(100).gets("SACK 0");
    return z;
  }

  @Test
  void theLastPacketIsProbedAfterTwoRoundTrips() {
    Dialogue z = rack();
    z.user(1, FULL).user(1, FULL).user(1, FULL);
    z.sends("DATA 1 s1.1 BE 1160", "DATA 2 s1.2 BE 1160", "DATA 3 s1.3 IBE 1160");

    z.timer(300).sends("DATA 3 s1.3 IBE 1160");
    // The answer shows what is missing, long before T3-rtx.
    z.passes(100).gets("SACK 0 gaps 3").takeSent();
    z.passes(30);
    assertThat(z.takeSent().size() + z.statistics().dataChunksRetransmitted())
        .isGreaterThanOrEqualTo(3);
    assertThat(z.statistics().timeouts()).isZero();
    z.gets("SACK 3");
  }

  @Test
  void theTailIsProbedOnce() {
    Dialogue z = rack();
    z.user(1, FULL).sends("DATA 1 s1.1 IBE 1160").timer(300).sends("DATA 1 s1.1 IBE 1160");

    // T3-rtx runs anew from the probe.
    z.timer(700).sends("DATA 1 s1.1 IBE 1160").gets("SACK 1");
    assertThat(z.statistics().timeouts()).isEqualTo(1);
  }

  @Test
  void anAnsweredTailNeedsNoProbe() {
    Dialogue z = rack();
    z.user(1, FULL).sends("DATA 1 s1.1 IBE 1160").passes(150).gets("SACK 1");

    z.passes(5_000).sendsNothing();
  }

  @Test
  void anUnreliableMessageIsNotProbed() {
    Dialogue z = rack();
    z.user(1, 50, new SendOptions(Ordering.ORDERED, new Reliability.MaxRetransmits(0)));
    z.sends("DATA 1 s1.1 IBE 50").timer(300).sendsNothing();

    z.nextSending().sends("FORWARD 1 s1.1").gets("SACK 1");
  }

  @Test
  void oneGapAckIsALossAfterTheReorderingWindow() {
    Dialogue z = rack();
    z.user(1, FULL).user(1, FULL).sends("DATA 1 s1.1 BE 1160", "DATA 2 s1.2 IBE 1160");
    z.passes(100).gets("SACK 0 gaps 2").sendsNothing();

    // A quarter of the shortest round trip.
    z.timer(225).sends("DATA 1 s1.1 BE 1160").gets("SACK 2");
    assertThat(z.statistics().fastRecoveries()).isEqualTo(1);
  }

  @Test
  void threeGapAcksAreALossAtOnce() {
    Dialogue z = rack();
    for (int i = 0; i < 4; i++) {
      z.user(1, FULL);
    }
    assertThat(z.takeSent()).hasSize(4);

    z.passes(100).gets("SACK 0 gaps 2-4").sends("DATA 1 s1.1 BE 1160").gets("SACK 4");
  }

  @Test
  void aPacketThatIsOnlyLateIsNotSentAgain() {
    Dialogue z = rack();
    z.user(1, FULL).user(1, FULL).takeSent();
    z.passes(100).gets("SACK 0 gaps 2").passes(20).gets("SACK 2");

    z.passes(5_000).sendsNothing();
    assertThat(z.statistics().dataChunksRetransmitted()).isZero();
  }

  @Test
  void afterReorderingThreeGapAcksWaitForTheWindowToo() {
    Dialogue z = rack();
    z.user(1, FULL).user(1, FULL).takeSent();
    z.passes(100).gets("SACK 0 gaps 2").passes(10).gets("SACK 2");
    for (int i = 0; i < 4; i++) {
      z.user(1, FULL);
    }
    assertThat(z.takeSent()).hasSize(4);

    z.passes(100).gets("SACK 2 gaps 2-4").sendsNothing().fire().sends("DATA 3 s1.3 BE 1160");
    assertThat(z.millis()).isEqualTo(335);
    z.gets("SACK 6");
  }

  @Test
  void aLostRetransmissionIsNoticedWithoutT3() {
    Dialogue z = rack();
    for (int i = 0; i < 8; i++) {
      z.user(1, FULL);
    }
    assertThat(z.takeSent()).hasSize(8);
    z.passes(100).gets("SACK 0 gaps 2-4").sends("DATA 1 s1.1 BE 1160");

    // What was sent after the retransmission is acknowledged a round trip later: it is lost too.
    z.user(1, FULL).poll();
    List<String> later = z.takeSent();
    z.passes(100).gets("SACK 0 gaps 2-8").takeSent();
    if (!later.isEmpty()) {
      z.gets("SACK 0 gaps 2-9");
    }
    z.passes(60);
    assertThat(z.takeSent()).contains("DATA 1 s1.1 BE 1160");
    assertThat(z.statistics().timeouts()).isZero();
    z.gets("SACK 9");
  }

  @Test
  void reportedDuplicatesWidenTheReorderingWindow() {
    Dialogue z = rack();
    z.user(1, FULL).sends("DATA 1 s1.1 IBE 1160").timer(300).sends("DATA 1 s1.1 IBE 1160");
    z.gets("SACK 1 dups 1");
    z.user(1, FULL).user(1, FULL).takeSent();

    z.passes(100).gets("SACK 1 gaps 2").sendsNothing();
    // Two quarters of the shortest round trip now.
    z.fire().sends("DATA 2 s1.2 BE 1160").gets("SACK 3");
    assertThat(z.millis()).isEqualTo(450);
  }
}
