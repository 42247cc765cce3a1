package dev.tautline.sctp;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tautline.testkit.Direction;
import dev.tautline.testkit.SimulatedNetwork;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/**
 * The tables of {@code docs/congestion.md}, by which the default algorithm was chosen. The build
 * makes one row of each, in short; {@code -Dtautline.congestion.table=full} makes them all, in some
 * minutes, prints them and writes them to {@code target/congestion-tables.md}.
 */
class CongestionTableTest {
  private static final boolean FULL =
      "full".equals(System.getProperty("tautline.congestion.table"));
  private static final Duration SPAN = Duration.ofSeconds(FULL ? 30 : 1);
  private static final int SEEDS = Integer.getInteger("tautline.congestion.seeds", 1);
  private static final long BITS_PER_SECOND = 100_000_000;
  private static final int[] ROUND_TRIPS_MS = FULL ? new int[] {0, 20, 100, 300} : new int[] {20};
  private static final double[] LOSSES =
      FULL ? new double[] {0, 0.001, 0.01, 0.05} : new double[] {0.01};

  /** Where the BDP is less, as with no delay, a real device has a queue all the same. */
  private static final long LEAST_QUEUE_BYTES = 64 << 10;

  private static final CongestionAlgorithm[] ALGORITHMS = CongestionAlgorithm.values();

  private final StringBuilder text = new StringBuilder();

  @Test
  void everyAlgorithmGetsSomethingThroughEveryPath() throws IOException {
    goodput("queue of 1 BDP", 1, 5);
    goodput("queue of ¼ BDP", 0.25, 5);
    goodput("queue of 1 BDP, receive window of 16 MiB", 1, 16);
    start();
    sharing("queue of 1 BDP", 1);
    sharing("queue of ¼ BDP", 0.25);
    Files.createDirectories(Path.of("target"));
    Files.writeString(Path.of("target", "congestion-tables.md"), text);
    if (FULL) {
      System.out.println(text);
    }
  }

  private static SimulatedNetwork network(long seed, int roundTripMs, double loss, double queue) {
    long bdp = BITS_PER_SECOND / 8 * roundTripMs / 1000;
    var net =
        SimulatedNetwork.seeded(seed)
            .oneWayDelay(Duration.ofMillis(roundTripMs).dividedBy(2))
            .bottleneck(BITS_PER_SECOND, Math.max((long) (queue * bdp), LEAST_QUEUE_BYTES));
    net.only(Direction.FORWARD).loss(loss);
    return net;
  }

  private static AssociationOptions options(CongestionAlgorithm algorithm, int windowMiB) {
    return AssociationOptions.forDataChannels().toBuilder()
        .congestionAlgorithm(algorithm)
        .receiveWindowBytes((long) windowMiB << 20)
        .build();
  }

  private static double median(double[] figures) {
    Arrays.sort(figures);
    return (figures[(figures.length - 1) / 2] + figures[figures.length / 2]) / 2;
  }

  private void heading(String what, String columns, int count) {
    text.append("\n### ").append(what).append("\n| ").append(columns).append(" |");
    text.append("\n|").append(" --- |".repeat(count)).append('\n');
  }

  private static String names() {
    return Arrays.stream(ALGORITHMS).map(Enum::name).collect(Collectors.joining(" | "));
  }

  private static String number(String format, double value) {
    return " " + String.format(Locale.ROOT, format, value) + " |";
  }

  private void goodput(String title, double queue, int windowMiB) {
    heading("Goodput in MB/s, " + title, "round trip | loss | " + names(), 2 + ALGORITHMS.length);
    for (int roundTripMs : ROUND_TRIPS_MS) {
      for (double loss : LOSSES) {
        text.append("| ").append(roundTripMs).append(" ms |").append(number("%.1f %%", 100 * loss));
        for (CongestionAlgorithm algorithm : ALGORITHMS) {
          double goodput =
              median(
                  LongStream.rangeClosed(1, SEEDS)
                      .mapToDouble(
                          seed ->
                              new BulkFlow(
                                      network(seed, roundTripMs, loss, queue),
                                      options(algorithm, windowMiB))
                                  .start()
                                  .goodput(SPAN))
                      .toArray());
          assertThat(goodput).as("%s at %s ms and %s", algorithm, roundTripMs, loss).isPositive();
          text.append(number("%.2f", goodput / 1e6));
        }
        text.append('\n');
      }
    }
  }

  private void start() {
    heading(
        "Share of the bottleneck in the first three seconds, and in the fourth and fifth, no loss",
        "round trip | queue | " + names(),
        2 + ALGORITHMS.length);
    for (int roundTripMs : ROUND_TRIPS_MS) {
      for (double queue : new double[] {1, 0.25}) {
        text.append("| ").append(roundTripMs).append(" ms |").append(number("%.2f BDP", queue));
        for (CongestionAlgorithm algorithm : ALGORITHMS) {
          var flow = new BulkFlow(network(1, roundTripMs, 0, queue), options(algorithm, 5)).start();
          double first = flow.goodput(Duration.ofSeconds(3)) * 8 / BITS_PER_SECOND;
          double then = flow.goodput(Duration.ofSeconds(2)) * 8 / BITS_PER_SECOND;
          text.append(String.format(Locale.ROOT, " %.2f, %.2f |", first, then));
        }
        text.append('\n');
      }
    }
  }

  private void sharing(String title, double queue) {
    heading(
        "Two flows, no loss, " + title + ": Jain's index with its like, share of an RFC 9260 flow",
        "round trip | " + names(),
        1 + ALGORITHMS.length);
    for (int roundTripMs : ROUND_TRIPS_MS) {
      text.append("| ").append(roundTripMs).append(" ms |");
      for (CongestionAlgorithm algorithm : ALGORITHMS) {
        double[] alike = pair(roundTripMs, queue, algorithm, algorithm);
        double[] mixed = pair(roundTripMs, queue, CongestionAlgorithm.RFC_9260, algorithm);
        double sum = alike[0] + alike[1];
        double jain = sum * sum / (2 * (alike[0] * alike[0] + alike[1] * alike[1]));
        text.append(
            String.format(
                Locale.ROOT, " %.2f, %.0f %% |", jain, 100 * mixed[0] / (mixed[0] + mixed[1])));
      }
      text.append('\n');
    }
  }

  private static double[] pair(
      int roundTripMs, double queue, CongestionAlgorithm one, CongestionAlgorithm other) {
    var net = network(1, roundTripMs, 0, queue);
    var first = new BulkFlow(net, options(one, 5)).start();
    var second = new BulkFlow(net, options(other, 5)).start();
    net.runFor(SPAN);
    return new double[] {first.received(), second.received()};
  }
}
