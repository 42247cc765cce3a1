package dev.tautline.sctp;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tautline.testkit.Direction;
import dev.tautline.testkit.SimulatedNetwork;
import java.time.Duration;
import java.util.Locale;
import java.util.function.LongToDoubleFunction;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/**
 * What the default congestion control gets out of 100 Mbit/s with a round trip of 100 ms and a
 * queue of one BDP, beside the strategy of RFC 9260. Each figure is the median over the seeds. The
 * build takes a sample; the whole measurement is made with {@code -Dtautline.goodput.seeds=10
 * -Dtautline.goodput.seconds=60}, and its figures are one line at the end.
 */
class GoodputSimTest {
  private static final int SEEDS = Integer.getInteger("tautline.goodput.seeds", 1);
  private static final Duration SPAN =
      Duration.ofSeconds(Integer.getInteger("tautline.goodput.seconds", 4));

  /** Two flows need time to find their shares: 30 s, and less in the sample. */
  private static final Duration PAIR_SPAN = Duration.ofSeconds(Math.min(30, 3 * SPAN.toSeconds()));

  /** What is slow needs time to show its average, and costs little. */
  private static final Duration REFERENCE_SPAN = Duration.ofSeconds(Math.max(20, SPAN.toSeconds()));

  private static final CongestionAlgorithm DEFAULT =
      AssociationOptions.forDataChannels().congestionAlgorithm();

  private static final long BITS_PER_SECOND = 100_000_000;
  private static final Duration ROUND_TRIP = Duration.ofMillis(100);
  private static final double BOTTLENECK_BYTES = BITS_PER_SECOND / 8.0;
  private static final long BDP_BYTES = (long) (BOTTLENECK_BYTES / 10);

  /** What the formula calls MSS: payload of a full packet. */
  private static final int SEGMENT_BYTES = 1160;

  private static final StringBuilder FIGURES = new StringBuilder();

  private static SimulatedNetwork network(long seed, double loss) {
    var net =
        SimulatedNetwork.seeded(seed)
            .oneWayDelay(ROUND_TRIP.dividedBy(2))
            .bottleneck(BITS_PER_SECOND, BDP_BYTES);
    net.only(Direction.FORWARD).loss(loss);
    return net;
  }

  private static double median(LongToDoubleFunction ofSeed) {
    double[] sorted = LongStream.rangeClosed(1, SEEDS).mapToDouble(ofSeed).sorted().toArray();
    return (sorted[(SEEDS - 1) / 2] + sorted[SEEDS / 2]) / 2;
  }

  private static double goodput(CongestionAlgorithm algorithm, Duration span) {
    return median(seed -> new BulkFlow(network(seed, 0.01), algorithm).start().goodput(span));
  }

  private static void note(String format, Object... figures) {
    FIGURES.append(FIGURES.isEmpty() ? "" : ", ");
    FIGURES.append(String.format(Locale.ROOT, format, figures));
  }

  @AfterAll
  static void tellFigures() {
    System.out.printf(
        Locale.ROOT,
        "goodput of %s, %d seeds of %d s: %s%n",
        DEFAULT,
        SEEDS,
        SPAN.toSeconds(),
        FIGURES);
    FIGURES.setLength(0);
  }

  @Test
  void theDefaultIsThreeTimesAsFastAsRfc9260ThroughOnePercentLoss() {
    double reference = goodput(CongestionAlgorithm.RFC_9260, REFERENCE_SPAN);
    double byDefault = goodput(DEFAULT, SPAN);

    // The law of Reno: the reference must be honest.
    double law = SEGMENT_BYTES / (ROUND_TRIP.toMillis() / 1e3) * Math.sqrt(1.5 / 0.01);
    note(
        "%.2f MB/s = %.1f x RFC 9260, which has %.3f MB/s = %.2f x the law",
        byDefault / 1e6, byDefault / reference, reference / 1e6, reference / law);
    assertThat(reference).as("RFC 9260, bytes/s").isBetween(0.7 * law, 1.3 * law);
    assertThat(byDefault).as("default, bytes/s").isGreaterThanOrEqualTo(3 * reference);
    // Not only better: most of what there is, even where the start is a good part of the time.
    assertThat(byDefault).as("default, bytes/s").isGreaterThan(0.7 * BOTTLENECK_BYTES);
  }

  @Test
  void cubicIsNotSlowerThanRfc9260ThroughOnePercentLoss() {
    double reference = goodput(CongestionAlgorithm.RFC_9260, REFERENCE_SPAN);

    assertThat(goodput(CongestionAlgorithm.CUBIC, REFERENCE_SPAN)).isGreaterThan(0.9 * reference);
  }

  @Test
  void theDefaultFillsThePathWithinThreeSeconds() {
    double reached =
        median(
            seed -> {
              var flow = new BulkFlow(network(seed, 0), DEFAULT).start();
              flow.goodput(Duration.ofSeconds(2));
              double third = flow.goodput(Duration.ofSeconds(1)) / BOTTLENECK_BYTES;
              double fourth = flow.goodput(Duration.ofSeconds(1)) / BOTTLENECK_BYTES;
              return Math.min(third, fourth);
            });

    note("%.0f %% of the path in the third and fourth second", 100 * reached);
    assertThat(reached).isGreaterThanOrEqualTo(0.9);
  }

  @Test
  void twoFlowsOfTheDefaultShareThePath() {
    double jain =
        median(
            seed -> {
              double[] both = pair(seed, DEFAULT);
              double sum = both[0] + both[1];
              assertThat(sum).isGreaterThan(0.8 * PAIR_SPAN.toSeconds() * BOTTLENECK_BYTES);
              return sum * sum / (2 * (both[0] * both[0] + both[1] * both[1]));
            });

    note("Jain %.3f", jain);
    assertThat(jain).as("Jain's index of two flows").isGreaterThanOrEqualTo(0.9);
  }

  @Test
  void theDefaultLeavesAnRfc9260FlowAQuarter() {
    double share =
        median(
            seed -> {
              double[] both = pair(seed, CongestionAlgorithm.RFC_9260);
              return both[0] / (both[0] + both[1]);
            });

    note("an RFC 9260 flow beside it keeps %.0f %%", 100 * share);
    assertThat(share).as("share of the RFC 9260 flow").isGreaterThanOrEqualTo(0.25);
  }

  /** What two flows deliver side by side, the second with the default. */
  private static double[] pair(long seed, CongestionAlgorithm first) {
    var net = network(seed, 0);
    var one = new BulkFlow(net, first).start();
    var other = new BulkFlow(net, DEFAULT).start();
    net.runFor(PAIR_SPAN);
    return new double[] {one.received(), other.received()};
  }
}
