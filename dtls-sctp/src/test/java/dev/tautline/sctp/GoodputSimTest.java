package dev.tautline.sctp;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tautline.testkit.Direction;
import dev.tautline.testkit.SimulatedNetwork;
import java.time.Duration;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/**
 * What each congestion algorithm gets out of 100 Mbit/s with a round trip of 100 ms and a queue of
 * one BDP. The whole measurement, 10 seeds of 60 s, is made with {@code -Dtautline.goodput.seeds=10
 * -Dtautline.goodput.seconds=60}.
 */
class GoodputSimTest {
  private static final int SEEDS = Integer.getInteger("tautline.goodput.seeds", 1);
  private static final Duration SPAN =
      Duration.ofSeconds(Integer.getInteger("tautline.goodput.seconds", 15));

  private static final long BITS_PER_SECOND = 100_000_000;
  private static final Duration ROUND_TRIP = Duration.ofMillis(100);
  private static final double BOTTLENECK_BYTES = BITS_PER_SECOND / 8.0;
  private static final long BDP_BYTES = (long) (BOTTLENECK_BYTES / 10);

  /** What the formula calls MSS: payload of a full packet. */
  private static final int SEGMENT_BYTES = 1160;

  private static SimulatedNetwork network(long seed, double loss) {
    var net =
        SimulatedNetwork.seeded(seed)
            .oneWayDelay(ROUND_TRIP.dividedBy(2))
            .bottleneck(BITS_PER_SECOND, BDP_BYTES);
    net.only(Direction.FORWARD).loss(loss);
    return net;
  }

  private static double median(CongestionAlgorithm algorithm, double loss) {
    double[] sorted =
        LongStream.rangeClosed(1, SEEDS)
            .mapToDouble(seed -> new BulkFlow(network(seed, loss), algorithm).start().goodput(SPAN))
            .sorted()
            .toArray();
    return (sorted[(SEEDS - 1) / 2] + sorted[SEEDS / 2]) / 2;
  }

  @Test
  void modelBasedIsThreeTimesAsFastAsRfc9260ThroughOnePercentLoss() {
    double reference = median(CongestionAlgorithm.RFC_9260, 0.01);
    double modelBased = median(CongestionAlgorithm.MODEL_BASED, 0.01);

    // The law of Reno: the reference must be honest.
    double law = SEGMENT_BYTES / (ROUND_TRIP.toMillis() / 1e3) * Math.sqrt(1.5 / 0.01);
    assertThat(reference).as("RFC 9260, bytes/s").isBetween(0.7 * law, 1.3 * law);
    assertThat(modelBased).as("model based, bytes/s").isGreaterThan(3 * reference);
    // Not only better: nearly all there is.
    assertThat(modelBased).as("model based, bytes/s").isGreaterThan(0.8 * BOTTLENECK_BYTES);
  }

  @Test
  void cubicIsNotSlowerThanRfc9260ThroughOnePercentLoss() {
    double reference = median(CongestionAlgorithm.RFC_9260, 0.01);

    assertThat(median(CongestionAlgorithm.CUBIC, 0.01)).isGreaterThan(0.9 * reference);
  }

  @Test
  void modelBasedFillsThePathWithinThreeSeconds() {
    var flow = new BulkFlow(network(1, 0), CongestionAlgorithm.MODEL_BASED).start();
    flow.goodput(Duration.ofSeconds(3));

    assertThat(flow.goodput(Duration.ofSeconds(2)))
        .as(() -> flow.statistics().toString())
        .isGreaterThan(0.9 * BOTTLENECK_BYTES);
  }

  @Test
  void twoModelBasedFlowsShareThePath() {
    var net = network(1, 0);
    var first = new BulkFlow(net, CongestionAlgorithm.MODEL_BASED).start();
    var second = new BulkFlow(net, CongestionAlgorithm.MODEL_BASED).start();
    net.runFor(Duration.ofSeconds(30));

    double x = first.received();
    double y = second.received();
    double jain = (x + y) * (x + y) / (2 * (x * x + y * y));
    assertThat(jain).as("Jain's index of %s and %s bytes", x, y).isGreaterThan(0.9);
    assertThat(x + y).isGreaterThan(0.8 * 30 * BOTTLENECK_BYTES);
  }

  @Test
  void modelBasedLeavesAnRfc9260FlowAQuarter() {
    var net = network(1, 0);
    var reference = new BulkFlow(net, CongestionAlgorithm.RFC_9260).start();
    var modelBased = new BulkFlow(net, CongestionAlgorithm.MODEL_BASED).start();
    net.runFor(Duration.ofSeconds(30));

    double share = (double) reference.received() / (reference.received() + modelBased.received());
    assertThat(share).as("share of the RFC 9260 flow").isGreaterThan(0.25);
  }
}
