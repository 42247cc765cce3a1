package dev.tautline.benchmarks.opens;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * How long it takes from {@code createOffer} to the open channel, two processes on loopback for
 * each stack, candidates trickled, one connection at a time. The stacks take turns, so that the
 * noise of the machine meets all of them.
 *
 * <p>Started by {@code benchmarks/open-times}, which fetches the other stacks. Exit code 0 when
 * each connection of Tautline opened, half of them within 25 ms and 99 of 100 within 100 ms. A
 * connection of another stack that is not open after 30 s is counted with this time, and the run
 * goes on.
 */
public final class OpenTimes {
  private static final long PATIENCE_SECONDS = 30;
  private static final double P50_LIMIT_MILLIS = 25;
  private static final double P99_LIMIT_MILLIS = 100;

  private static final String ENDED_EARLY = "the process ended";

  private OpenTimes() {}

  private static final class NotOpenException extends IOException {
    private static final long serialVersionUID = 1L;

    NotOpenException(String message) {
      super(message);
    }
  }

  /** One process; what it says to the other one is handed on at once. */
  private static final class Side implements AutoCloseable {
    final String name;
    final Process process;
    final PrintStream in;
    final BlockingQueue<String> lines = new LinkedBlockingQueue<>();
    final CompletableFuture<Side> other = new CompletableFuture<>();

    Side(String name, List<String> command, String role) throws IOException {
      this.name = name;
      var whole = new ArrayList<>(command);
      whole.add(role);
      process =
          new ProcessBuilder(whole)
              .redirectError(
                  ProcessBuilder.Redirect.appendTo(
                      Path.of(System.getProperty("contestant.log", "contestants.log")).toFile()))
              .start();
      in = new PrintStream(process.getOutputStream(), true, StandardCharsets.UTF_8);
      var reader = new Thread(this::read, name + "-" + role);
      reader.setDaemon(true);
      reader.start();
    }

    private void read() {
      try (BufferedReader out = process.inputReader(StandardCharsets.UTF_8)) {
        for (String line = out.readLine(); line != null; line = out.readLine()) {
          if (line.startsWith(OpenProtocol.OFFER + " ")
              || line.startsWith(OpenProtocol.ANSWER + " ")
              || line.startsWith(OpenProtocol.CANDIDATE + " ")) {
            other.join().say(line);
          } else {
            lines.add(line);
          }
        }
        lines.add(ENDED_EARLY);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    synchronized void say(String line) {
      in.println(line);
    }

    /** The rest of the next line that starts with the word; lines of other kinds are skipped. */
    String await(String word) throws IOException, InterruptedException {
      for (String line = next(word); ; line = next(word)) {
        if (line.equals(word) || line.startsWith(word + " ")) {
          return line.substring(word.length()).strip();
        }
      }
    }

    private String next(String word) throws IOException, InterruptedException {
      String line = lines.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
      if (line == null || line.startsWith(OpenProtocol.FAILED + " ")) {
        throw new NotOpenException(
            name
                + ": no "
                + word
                + (line == null ? " within " + PATIENCE_SECONDS + " s" : ": " + line));
      }
      if (line.equals(ENDED_EARLY)) {
        throw new IOException(name + ": no " + word + ": " + line);
      }
      return line;
    }

    @Override
    public void close() {
      in.close();
      try {
        process.waitFor(20, TimeUnit.SECONDS);
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
      process.destroyForcibly();
    }
  }

  /** A stack: two processes and the times so far. */
  private static final class Contestant implements AutoCloseable {
    final String name;
    final Side offerer;
    final Side answerer;
    final List<Long> micros = new ArrayList<>();
    int notOpen;

    Contestant(String name, List<String> command) throws IOException, InterruptedException {
      this.name = name;
      offerer = new Side(name, command, OpenProtocol.OFFERER);
      answerer = new Side(name, command, OpenProtocol.ANSWERER);
      offerer.other.complete(answerer);
      answerer.other.complete(offerer);
      offerer.await(OpenProtocol.READY);
      answerer.await(OpenProtocol.READY);
    }

    long open(boolean mustOpen) throws IOException, InterruptedException {
      // What a connection said after its end.
      offerer.lines.clear();
      offerer.say(OpenProtocol.GO);
      long micros;
      try {
        micros = Long.parseLong(offerer.await(OpenProtocol.OPEN));
      } catch (NotOpenException e) {
        if (mustOpen) {
          throw e;
        }
        System.out.println(e.getMessage());
        notOpen++;
        micros = TimeUnit.SECONDS.toMicros(PATIENCE_SECONDS);
      }
      offerer.say(OpenProtocol.END);
      offerer.await(OpenProtocol.ENDED);
      answerer.say(OpenProtocol.END);
      answerer.await(OpenProtocol.ENDED);
      return micros;
    }

    double percentile(double part) {
      long[] sorted = micros.stream().mapToLong(m -> m).sorted().toArray();
      int index = (int) Math.ceil(part * sorted.length) - 1;
      return sorted[Math.max(0, index)] / 1e3;
    }

    @Override
    public void close() {
      offerer.close();
      answerer.close();
    }
  }

  /**
   * Arguments: opens, warm-ups, then for each other stack its name and what to run: {@code
   * libwebrtc} the folder with its jars and the source file, {@code libdatachannel} the program and
   * the script.
   */
  public static void main(String[] args) throws Exception {
    int opens = Integer.parseInt(args[0]);
    int warmUps = Integer.parseInt(args[1]);
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    List<Contestant> contestants = new ArrayList<>();
    int status;
    try {
      contestants.add(
          new Contestant(
              "tautline",
              List.of(
                  java,
                  "-cp",
                  System.getProperty("java.class.path"),
                  TautlineOpens.class.getName())));
      for (int i = 2; i + 2 < args.length; i += 3) {
        List<String> command =
            args[i].equals("libwebrtc")
                ? List.of(java, "-cp", classPath(Path.of(args[i + 1])), args[i + 2])
                : List.of(args[i + 1], args[i + 2]);
        contestants.add(new Contestant(args[i], command));
      }
      status = run(contestants, warmUps, opens);
    } finally {
      contestants.forEach(Contestant::close);
    }
    System.exit(status);
  }

  private static int run(List<Contestant> contestants, int warmUps, int opens)
      throws IOException, InterruptedException {
    PrintStream out = System.out;
    out.printf(
        Locale.ROOT,
        "createOffer to open channel, two processes on loopback, candidates trickled, %d opens in"
            + " turn after %d warm-ups%n",
        opens,
        warmUps);
    for (int i = 0; i < warmUps + opens; i++) {
      for (Contestant contestant : contestants) {
        long micros = contestant.open(contestant == contestants.get(0));
        if (i >= warmUps) {
          contestant.micros.add(micros);
        }
      }
    }
    out.println("stack             p50 ms    p90 ms    p99 ms    max ms");
    var closing = new StringBuilder("open times:");
    for (Contestant contestant : contestants) {
      out.printf(
          Locale.ROOT,
          "%-14s %9.1f %9.1f %9.1f %9.1f%n",
          contestant.name,
          contestant.percentile(0.5),
          contestant.percentile(0.9),
          contestant.percentile(0.99),
          contestant.percentile(1));
      closing.append(
          String.format(
              Locale.ROOT,
              "%s %s p50 %.1f ms p99 %.1f ms%s",
              contestant == contestants.get(0) ? "" : ",",
              contestant.name,
              contestant.percentile(0.5),
              contestant.percentile(0.99),
              contestant.notOpen == 0 ? "" : " and " + contestant.notOpen + " not open"));
    }
    Contestant ours = contestants.get(0);
    boolean good =
        ours.percentile(0.5) <= P50_LIMIT_MILLIS && ours.percentile(0.99) <= P99_LIMIT_MILLIS;
    closing.append(" (").append(opens).append(" opens each");
    out.println(closing.append(good ? ")" : "; ours above 25 ms or 100 ms)"));
    return good ? 0 : 1;
  }

  private static String classPath(Path jars) throws IOException {
    try (var files = Files.list(jars)) {
      return String.join(
          File.pathSeparator,
          files.map(Path::toString).filter(name -> name.endsWith(".jar")).sorted().toList());
    }
  }
}
