package dev.tautline.sctp.tx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** The controllers fed by hand: a path of 100 ms round trips, one SACK for each. */
class CongestionControlsTest {
  private static final int PACKET = 1188;
  private static final int CHUNKS = PACKET - 12;
  private static final long RTT = 100_000_000;

  private long now;
  private long delivered;

  private AckSummary ack(long bytes, long flightBefore, double rate, long rttNanos) {
    now += rttNanos;
    var ack = new AckSummary();
    ack.nowNanos = now;
    ack.ackedBytes = bytes;
    ack.cumulativeAdvanced = true;
    ack.flightBeforeBytes = flightBefore;
    ack.flightBytes = flightBefore - bytes;
    ack.srttNanos = rttNanos;
    ack.rttNanos = rttNanos;
    ack.deliveryRate = rate;
    ack.deliveredAtSend = delivered;
    delivered += bytes;
    ack.delivered = delivered;
    return ack;
  }

  /** A round trip in which a whole window was acknowledged. */
  private void wholeWindow(CongestionControl control) {
    long cwnd = control.cwndBytes();
    control.acknowledged(ack(cwnd, cwnd, cwnd * 1e9 / RTT, RTT));
  }

  private static CubicCongestionControl cubicWith(int packets) {
    return new CubicCongestionControl(packets, PACKET);
  }

  @Test
  void cubicDoublesInSlowStart() {
    var cubic = cubicWith(10);

    wholeWindow(cubic);

    assertThat(cubic.cwndBytes()).isEqualTo(20L * CHUNKS);
  }

  @Test
  void cubicKeepsSevenTenthsAfterALoss() {
    var cubic = cubicWith(1000);

    cubic.lossDetected();

    assertThat(cubic.cwndBytes()).isCloseTo(700L * CHUNKS, within(2L));
    assertThat(cubic.ssthreshBytes()).isEqualTo(cubic.cwndBytes());
  }

  @Test
  void cubicIsBackAtItsPlateauAfterK() {
    var cubic = cubicWith(1000);
    cubic.lossDetected();
    // K = cbrt(300 / 0.4) = 9.09 s
    for (int i = 0; i < 91; i++) {
      wholeWindow(cubic);
    }

    assertThat(cubic.cwndBytes()).isBetween(960L * CHUNKS, 1010L * CHUNKS);
  }

  @Test
  void cubicLooksForMoreBeyondThePlateau() {
    var cubic = cubicWith(1000);
    cubic.lossDetected();
    for (int i = 0; i < 200; i++) {
      wholeWindow(cubic);
    }

    assertThat(cubic.cwndBytes()).isGreaterThan(1300L * CHUNKS);
  }

  @Test
  void cubicIsAsFastAsRenoWithASmallWindow() {
    var cubic = cubicWith(10);
    cubic.lossDetected();
    for (int i = 0; i < 40; i++) {
      wholeWindow(cubic);
    }

    // Reno's window grows by 0.53 packets a round trip up to the old one, then by a whole packet.
    assertThat(cubic.cwndBytes()).isGreaterThan(20L * CHUNKS);
  }

  @Test
  void cubicDoesNotGrowWhileTheWindowIsNotUsed() {
    var cubic = cubicWith(1000);
    cubic.lossDetected();
    long before = cubic.cwndBytes();
    for (int i = 0; i < 500; i++) {
      cubic.acknowledged(ack(CHUNKS, CHUNKS, 0, RTT));
    }
    wholeWindow(cubic);

    // Nor in a leap afterwards: the time did not count.
    assertThat(cubic.cwndBytes()).isLessThan(before + before / 4);
  }

  @Test
  void cubicStartsWithOnePacketAfterATimeout() {
    var cubic = cubicWith(100);

    cubic.timedOut();

    assertThat(cubic.cwndBytes()).isEqualTo(CHUNKS);
    assertThat(cubic.ssthreshBytes()).isCloseTo(70L * CHUNKS, within(2L));
  }

  private static final double PATH_RATE = 12_500_000;

  private static ModelBasedCongestionControl model() {
    return new ModelBasedCongestionControl(10, PACKET, new SplittableRandom(1));
  }

  /** The path delivers what is sent up to its rate; what is more waits in its queue. */
  private void round(ModelBasedCongestionControl model, double lossRatio) {
    double bdp = PATH_RATE * RTT / 1e9;
    long flight = model.cwndBytes();
    double rate = Math.min(PATH_RATE, flight * 1e9 / RTT);
    long rtt = (long) Math.max(RTT, flight * 1e9 / PATH_RATE);
    long lost = (long) (lossRatio * Math.min(flight, bdp));
    if (lost > 0) {
      model.lost(lost);
    }
    model.acknowledged(ack(flight - lost, flight, rate, rtt));
  }

  private void rounds(ModelBasedCongestionControl model, int count, double lossRatio) {
    for (int i = 0; i < count; i++) {
      round(model, lossRatio);
    }
  }

  @Test
  void theModelFindsRateAndRoundTrip() {
    var model = model();

    rounds(model, 40, 0);

    // The slow start threshold shows the BDP.
    assertThat((double) model.ssthreshBytes()).isCloseTo(PATH_RATE / 10, within(PATH_RATE / 200));
    assertThat(model.pacingBytesPerSecond(RTT)).isBetween(0.7 * PATH_RATE, 1.3 * PATH_RATE);
    assertThat(model.cwndBytes()).isLessThan((long) (2 * PATH_RATE / 10));
  }

  @Test
  void theModelTakesLittleLossForChance() {
    var lossless = model();
    rounds(lossless, 40, 0);
    var lossy = model();
    now = 0;
    delivered = 0;
    rounds(lossy, 40, 0.015);

    assertThat((double) lossy.cwndBytes())
        .isCloseTo(lossless.cwndBytes(), within(0.05 * lossless.cwndBytes()));
  }

  @Test
  void theModelGivesWayToMuchLoss() {
    var model = model();
    rounds(model, 40, 0);
    long before = model.cwndBytes();

    rounds(model, 3, 0.2);

    assertThat(model.cwndBytes()).isLessThan((long) (0.75 * before));
  }

  @Test
  void theModelReturnsWhenMuchLossEnds() {
    var model = model();
    rounds(model, 40, 0);
    long before = model.cwndBytes();
    rounds(model, 3, 0.2);

    rounds(model, 100, 0);

    assertThat((double) model.cwndBytes()).isCloseTo(before, within(0.1 * before));
  }

  @Test
  void theModelEndsItsStartByTheQueueWhereThePeersWindowLimitsIt() {
    var model = model();
    for (int i = 0; i < 30; i++) {
      long flight = model.cwndBytes();
      double rate = Math.min(PATH_RATE, flight * 1e9 / RTT);
      AckSummary ack = ack(flight, flight, rate, (long) Math.max(RTT, flight * 1e9 / PATH_RATE));
      ack.applicationLimited = true;
      model.acknowledged(ack);
    }

    assertThat(model.ssthreshBytes()).isNotEqualTo(Long.MAX_VALUE);
  }

  @Test
  void oldLossesToldAfterATimeoutDoNotHoldTheModelDown() {
    var model = model();
    rounds(model, 40, 0);
    long before = model.cwndBytes();
    model.timedOut();
    for (int i = 0; i < 5; i++) {
      model.lost(40L * CHUNKS);
      round(model, 0);
    }

    rounds(model, 10, 0);

    assertThat(model.cwndBytes()).isGreaterThan(before / 4);
  }

  @Test
  void theModelSurvivesATimeout() {
    var model = model();
    rounds(model, 40, 0);
    long before = model.cwndBytes();

    model.timedOut();
    assertThat(model.cwndBytes()).isEqualTo(CHUNKS);
    rounds(model, 20, 0);

    assertThat(model.cwndBytes()).isGreaterThan(before / 2);
  }

  @Test
  void theModelStartsAnewAfterALongPause() {
    var model = model();
    rounds(model, 40, 0);

    model.idle(11_000_000_000L, 400_000_000);

    assertThat(model.cwndBytes()).isEqualTo(10L * CHUNKS);
    assertThat(model.ssthreshBytes()).isEqualTo(Long.MAX_VALUE);
  }
}
