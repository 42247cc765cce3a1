package dev.tautline.interop.nat;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tautline.interop.nat.NatRun.Outcome;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Pairs of networks of the laboratory: a sample, or with {@code -Dtautline.nat=all} the whole
 * table, as {@code interop/nat-table} does.
 */
@Timeout(900)
class NatTableIT {
  /** Most of the time goes by in waiting. */
  private static final int AT_ONCE = 4;

  private static final List<String> SAMPLE =
      List.of(
          "none - EIM/APDF, STUN only",
          "EIM/APDF - EIM/APDF, STUN only",
          "EIM/ADF - APDM/APDF, STUN only",
          "EIM/APDF - APDM/APDF, STUN only",
          "none - IPv6 only, STUN only",
          "dead IPv6 - dead IPv6, STUN only",
          "APDM/APDF - APDM/APDF, STUN and TURN",
          "EIM/APDF - TCP 443 only, STUN and TURN");

  @Test
  void eachPairOfNetworksComesToTheResultThatWasWrittenBefore()
      throws InterruptedException, IOException {
    boolean all = "all".equals(System.getProperty("tautline.nat"));
    String part = System.getProperty("tautline.nat.part", "");
    List<NatCase> cases =
        NatCase.all().stream()
            .filter(line -> all ? line.toString().contains(part) : SAMPLE.contains(line.toString()))
            .toList();
    assertThat(cases).isNotEmpty().hasSizeGreaterThanOrEqualTo(all ? 1 : SAMPLE.size());

    List<Outcome> outcomes = run(cases);

    report(outcomes);
    assertThat(outcomes).allSatisfy(o -> assertThat(o.fault()).as(o.row()).isNull());
  }

  private static List<Outcome> run(List<NatCase> cases) throws InterruptedException {
    ExecutorService workers = Executors.newFixedThreadPool(AT_ONCE);
    try (var run = new NatRun()) {
      // All of them first: a pair is not measured while other machines start.
      for (NatCase line : cases) {
        run.hosts(line);
      }
      for (NatCase line : cases) {
        for (LabHost host : run.hosts(line)) {
          host.awaitReady();
        }
      }
      List<Future<Outcome>> futures = new ArrayList<>();
      for (NatCase line : cases) {
        futures.add(workers.submit(() -> run.run(line)));
      }
      List<Outcome> outcomes = new ArrayList<>();
      for (Future<Outcome> future : futures) {
        outcomes.add(future.get());
        System.out.println(outcomes.get(outcomes.size() - 1).row());
      }
      return outcomes;
    } catch (ExecutionException e) {
      throw new IllegalStateException(e.getCause());
    } finally {
      workers.shutdownNow();
    }
  }

  private static void report(List<Outcome> outcomes) throws IOException {
    long wrong = outcomes.stream().filter(o -> o.fault() != null).count();
    long slowest =
        outcomes.stream()
            .filter(o -> o.result() != NatCase.Result.FAILED)
            .mapToLong(Outcome::millis)
            .max()
            .orElse(0);
    Path target = Path.of("target");
    Files.write(
        target.resolve("nat.md"),
        outcomes.stream().map(Outcome::row).toList(),
        StandardCharsets.UTF_8);
    Files.writeString(
        target.resolve("nat.txt"),
        String.format(
            Locale.ROOT,
            "%d pairs of networks, %d as expected, %d not, the slowest connection after %d ms",
            outcomes.size(),
            outcomes.size() - wrong,
            wrong,
            slowest));
  }
}
