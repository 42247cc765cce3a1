package dev.tautline.interop.nat;

import dev.tautline.interop.nat.NatRun.Outcome;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Runs every line of the table and prints it as it goes; with a file as argument, writes the table
 * there for {@code docs/nat.md}. Ends with one line of figures, and with exit code 1 when a result
 * is not the expected one.
 */
public final class NatTable {
  /** Most of the time goes by in waiting. */
  private static final int AT_ONCE = 4;

  private NatTable() {}

  /** An optional path, and an optional part of the lines' names. */
  public static void main(String[] arguments) throws IOException, InterruptedException {
    String part = arguments.length > 1 ? arguments[1] : "";
    List<NatCase> cases =
        NatCase.all().stream().filter(line -> line.toString().contains(part)).toList();
    List<Outcome> outcomes = run(cases);
    long wrong = outcomes.stream().filter(o -> o.fault() != null).count();
    if (arguments.length > 0 && !arguments[0].isEmpty()) {
      Files.write(
          Path.of(arguments[0]),
          outcomes.stream().map(Outcome::row).toList(),
          StandardCharsets.UTF_8);
    }
    long slowest =
        outcomes.stream()
            .filter(o -> o.result() != NatCase.Result.FAILED)
            .mapToLong(Outcome::millis)
            .max()
            .orElse(0);
    System.out.printf(
        "%d pairs, %d as expected, %d not; the slowest connection took %d ms%n",
        outcomes.size(), outcomes.size() - wrong, wrong, slowest);
    System.exit(wrong == 0 ? 0 : 1);
  }

  /** Runs these lines. */
  static List<Outcome> run(List<NatCase> cases) throws InterruptedException {
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
        futures.add(
            workers.submit(
                () -> {
                  Outcome outcome = run.run(line);
                  System.out.println(outcome.row());
                  return outcome;
                }));
      }
      List<Outcome> outcomes = new ArrayList<>();
      for (Future<Outcome> future : futures) {
        outcomes.add(future.get());
      }
      return outcomes;
    } catch (ExecutionException e) {
      throw new IllegalStateException(e.getCause());
    } finally {
      workers.shutdownNow();
    }
  }
}
