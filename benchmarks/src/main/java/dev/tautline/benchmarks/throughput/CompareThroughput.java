package dev.tautline.benchmarks.throughput;

import dev.tautline.benchmarks.throughput.ContestantProtocol.Plan;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Alternates Tautline and libwebrtc: each contestant is two processes on loopback, one reliable
 * ordered channel, goodput counted at the receiver. Machines are noisy, so the ratio of the medians
 * of one call is the figure to trust.
 *
 * <p>Started by {@code benchmarks/compare}, which fetches the other stack. Exit code 0 when all
 * runs went through without an error in any message.
 */
public final class CompareThroughput {
  private static final long PATIENCE_SECONDS = 60;

  private CompareThroughput() {}

  private record Contestant(String name, List<String> command) {}

  private record Result(double megabytesPerSecond, long messages, double cpuSeconds) {}

  /** Arguments: folder with the other stack's jars, its source file, runs, seconds. */
  public static void main(String[] args) throws Exception {
    Path jars = Path.of(args[0]);
    Path source = Path.of(args[1]);
    int runs = Integer.parseInt(args[2]);
    long measureMillis = Long.parseLong(args[3]) * 1000;
    var plan = new Plan(16 * 1024, 1024 * 1024, 1000, measureMillis);
    PrintStream out = System.out;
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    var contestants =
        List.of(
            new Contestant(
                "tautline",
                List.of(
                    java,
                    "-cp",
                    System.getProperty("java.class.path"),
                    TautlineContestant.class.getName())),
            new Contestant("libwebrtc", List.of(java, "-cp", classPath(jars), source.toString())));
    out.printf(
        Locale.ROOT,
        "%d KiB messages, reliable and ordered, send buffer %d KiB, 1 s warm-up + %d s, %d runs"
            + " each, two processes on loopback%n",
        plan.messageBytes() / 1024,
        plan.bufferBytes() / 1024,
        measureMillis / 1000,
        runs);
    double[][] rates = new double[contestants.size()][runs];
    for (int run = 0; run < runs; run++) {
      for (int c = 0; c < contestants.size(); c++) {
        Contestant contestant = contestants.get(c);
        Result result = measure(contestant, plan);
        rates[c][run] = result.megabytesPerSecond();
        out.printf(
            Locale.ROOT,
            "run %d  %-10s %8.1f MB/s  %8d messages  %5.2f CPU s of both processes%n",
            run + 1,
            contestant.name(),
            result.megabytesPerSecond(),
            result.messages(),
            result.cpuSeconds());
        out.flush();
      }
    }
    double ours = median(rates[0]);
    double theirs = median(rates[1]);
    out.printf(
        Locale.ROOT,
        "median: tautline %.1f MB/s, libwebrtc %.1f MB/s, ratio %.2f%n",
        ours,
        theirs,
        ours / theirs);
  }

  private static Result measure(Contestant contestant, Plan plan) throws Exception {
    Process sender = start(contestant, ContestantProtocol.SEND, plan);
    Process receiver = start(contestant, ContestantProtocol.RECEIVE, plan);
    try (BufferedReader fromSender = sender.inputReader(StandardCharsets.UTF_8);
        BufferedReader fromReceiver = receiver.inputReader(StandardCharsets.UTF_8);
        var toSender = new PrintStream(sender.getOutputStream(), true, StandardCharsets.UTF_8);
        var toReceiver =
            new PrintStream(receiver.getOutputStream(), true, StandardCharsets.UTF_8)) {
      toReceiver.println(line(contestant, fromSender, ContestantProtocol.OFFER));
      toSender.println(line(contestant, fromReceiver, ContestantProtocol.ANSWER));
      String[] result = line(contestant, fromReceiver, ContestantProtocol.RESULT).split(" ", -1);
      toSender.println(ContestantProtocol.STOP);
      toReceiver.println(ContestantProtocol.STOP);
      double cpu = (cpuNanos(contestant, fromSender) + cpuNanos(contestant, fromReceiver)) / 1e9;
      long bytes = Long.parseLong(result[1]);
      long nanos = Long.parseLong(result[2]);
      long errors = Long.parseLong(result[4]);
      if (errors != 0) {
        throw new IOException(
            contestant.name() + ": " + errors + " messages were not what was expected");
      }
      return new Result(bytes * 1e3 / nanos, Long.parseLong(result[3]), cpu);
    } finally {
      sender.destroyForcibly().waitFor();
      receiver.destroyForcibly().waitFor();
    }
  }

  private static long cpuNanos(Contestant contestant, BufferedReader in) throws Exception {
    return Long.parseLong(line(contestant, in, ContestantProtocol.CPU).split(" ", -1)[1]);
  }

  private static String line(Contestant contestant, BufferedReader in, String word)
      throws Exception {
    var reading =
        CompletableFuture.supplyAsync(
            () -> {
              try {
                String line;
                do {
                  line = in.readLine();
                } while (line != null && line.isBlank());
                return line == null ? "the process ended" : line;
              } catch (IOException e) {
                return e.toString();
              }
            });
    String line;
    try {
      line = reading.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    } catch (TimeoutException | ExecutionException e) {
      throw new IOException(
          contestant.name() + ": no " + word + " within " + PATIENCE_SECONDS + " s", e);
    }
    if (!line.startsWith(word + " ")) {
      throw new IOException(contestant.name() + ": expected " + word + ", got: " + line);
    }
    return line;
  }

  private static Process start(Contestant contestant, String role, Plan plan) throws IOException {
    var command = new ArrayList<>(contestant.command());
    command.addAll(
        List.of(
            role,
            Integer.toString(plan.messageBytes()),
            Long.toString(plan.bufferBytes()),
            Long.toString(plan.warmupMillis()),
            Long.toString(plan.measureMillis())));
    return new ProcessBuilder(command)
        .redirectError(
            ProcessBuilder.Redirect.appendTo(
                Path.of(System.getProperty("contestant.log", "contestants.log")).toFile()))
        .start();
  }

  private static String classPath(Path jars) throws IOException {
    try (var files = Files.list(jars)) {
      return String.join(
          File.pathSeparator,
          files.map(Path::toString).filter(name -> name.endsWith(".jar")).sorted().toList());
    }
  }

  private static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }
}
