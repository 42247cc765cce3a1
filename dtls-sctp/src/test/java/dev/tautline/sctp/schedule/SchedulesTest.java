package dev.tautline.sctp.schedule;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tautline.sctp.schedule.ScheduleRun.Figures;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/**
 * Seeded schedules: every reliable message arrives exactly once and in order, nothing is kept, the
 * window opens again, nothing throws.
 *
 * <p>{@code -Dtautline.schedules=10000} runs that many seeds from 1 on; {@code
 * -Dtautline.schedules.seed=17} runs that one alone. A failure shows its seed and the last packets.
 */
class SchedulesTest {
  private static final int THREADS = 2;
  private static final int SHOWN_FAILURES = 3;

  @Test
  void reliableMessagesArriveOnceInOrderAndNothingIsKept() throws Exception {
    long first = Long.getLong("tautline.schedules.seed", 1);
    boolean alone = System.getProperty("tautline.schedules.seed") != null;
    long count = alone ? 1 : Long.getLong("tautline.schedules", 200);
    var next = new AtomicLong(first);
    var failures = new TreeMap<Long, AssertionError>();
    var total = new Figures[] {Figures.NONE};
    Runnable work =
        () -> {
          for (long seed = next.getAndIncrement();
              seed < first + count;
              seed = next.getAndIncrement()) {
            try {
              Figures figures = ScheduleRun.run(seed);
              synchronized (total) {
                total[0] = total[0].plus(figures);
              }
            } catch (AssertionError e) {
              synchronized (total) {
                failures.put(seed, e);
              }
            }
          }
        };
    var threads = new Thread[THREADS];
    for (int i = 0; i < THREADS; i++) {
      threads[i] = new Thread(work, "schedules-" + i);
      threads[i].start();
    }
    for (Thread thread : threads) {
      thread.join();
    }
    report(count, failures.size(), total[0]);

    assertThat(failures.keySet()).as(() -> describe(failures)).isEmpty();
  }

  private static String describe(TreeMap<Long, AssertionError> failures) {
    var text = new StringBuilder("schedules failed; the first ones:\n");
    failures.values().stream()
        .limit(SHOWN_FAILURES)
        .forEach(failure -> text.append(failure.getMessage()).append('\n'));
    return text.toString();
  }

  /** For the command in CONTRIBUTING.md, which prints it last. */
  private static void report(long count, int failed, Figures figures) throws IOException {
    String line =
        String.format(
            Locale.ROOT,
            "%d schedules, %d failed: %d messages of %d bytes arrived, %d given up, %d packets"
                + " sent, %d lost, %d stream resets, %d shutdowns, %d aborts, %.1f h of virtual"
                + " time%n",
            count,
            failed,
            figures.messages(),
            figures.bytes(),
            figures.givenUp(),
            figures.packets(),
            figures.packetsLost(),
            figures.resets(),
            figures.shutdowns(),
            figures.aborts(),
            figures.virtualSeconds() / 3600);
    Files.writeString(Path.of("target", "schedules.txt"), line, StandardCharsets.UTF_8);
  }
}
