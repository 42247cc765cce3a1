package dev.tautline.datachannel.restart;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tautline.datachannel.Loopback;
import dev.tautline.datachannel.PeerConnectionOptions;
import dev.tautline.datachannel.Tautline;
import dev.tautline.datachannel.restart.RestartedTransfer.By;
import dev.tautline.datachannel.restart.RestartedTransfer.Outcome;
import dev.tautline.datachannel.restart.RestartedTransfer.Plan;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import org.junit.jupiter.api.Test;

/**
 * Bulk transfers at 20 MB/s over real sockets, each with a restart of ICE at a seeded moment, half
 * of them from either side. By default two of 16 MiB; {@code -Dtautline.restart.transfers=20} and
 * {@code -Dtautline.restart.mebibytes=256} make it the full proof. The last line says how it ended.
 */
class RestartTransfersIT {
  private static final long BYTES_PER_SECOND = 20_000_000;
  private static final long WARM_UP_BYTES = 16 << 20;

  private static final int TRANSFERS = Integer.getInteger("tautline.restart.transfers", 2);
  private static final long BYTES = Long.getLong("tautline.restart.mebibytes", 16) << 20;
  private static final int AT_ONCE = Integer.getInteger("tautline.restart.parallel", 2);
  private static final long SEED = Long.getLong("tautline.restart.seed", 1);

  @Test
  void arriveWholeWhileIceRestarts() {
    var options = PeerConnectionOptions.builder().loopback(Loopback.INCLUDE).build();
    ScheduledExecutorService ticks = Executors.newScheduledThreadPool(2);
    ExecutorService runners = Executors.newFixedThreadPool(AT_ONCE);
    List<String> faults = new ArrayList<>();
    long longestGap = 0;
    try (Tautline runtime = Tautline.create()) {
      // The first of a JVM is slow by compilation; what counts is what a restart does.
      RestartedTransfer.run(
          new Plan(WARM_UP_BYTES, BYTES_PER_SECOND, By.SENDER, 0.2, SEED), runtime, options, ticks);
      var random = new Random(SEED);
      List<Plan> plans = new ArrayList<>();
      List<CompletableFuture<Outcome>> outcomes = new ArrayList<>();
      for (int i = 0; i < TRANSFERS; i++) {
        var plan =
            new Plan(
                BYTES,
                BYTES_PER_SECOND,
                By.values()[i % 2],
                0.1 + 0.5 * random.nextDouble(),
                random.nextLong());
        plans.add(plan);
        outcomes.add(
            CompletableFuture.supplyAsync(
                () -> RestartedTransfer.run(plan, runtime, options, ticks), runners));
      }
      for (int i = 0; i < TRANSFERS; i++) {
        Plan plan = plans.get(i);
        Outcome outcome = outcomes.get(i).join();
        longestGap = Math.max(longestGap, outcome.longestGap().toMillis());
        System.out.printf(
            Locale.ROOT,
            "%2d: restart by the %s at %.1f %%: %s%n",
            i + 1,
            plan.by().name().toLowerCase(Locale.ROOT),
            plan.restartAt() * 100,
            outcome);
        List<String> ofThis = outcome.faults(plan);
        if (!ofThis.isEmpty()) {
          faults.add("transfer " + (i + 1) + ": " + ofThis);
        }
      }
    } finally {
      runners.shutdown();
      ticks.shutdown();
    }
    System.out.printf(
        Locale.ROOT,
        "restart: %d transfers of %d MiB, %d intact over a restart, longest gap %d ms (seed %d)%n",
        TRANSFERS,
        BYTES >> 20,
        TRANSFERS - faults.size(),
        longestGap,
        SEED);
    assertThat(faults).isEmpty();
  }
}
