package dev.tautline.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** The runnable jar as a process of its own, with its streams. */
final class TautlineProcess implements AutoCloseable {
  static final int LONGEST_SECONDS = 40;
  private static final String END = "\0end of the stream";

  private final Process process;
  private final BlockingQueue<String> out;
  private final BlockingQueue<String> err;
  private final BufferedWriter in;
  private final long startNanos = System.nanoTime();

  private TautlineProcess(Process process) {
    this.process = process;
    this.out = collect(process.inputReader(StandardCharsets.UTF_8), "out");
    this.err = collect(process.errorReader(StandardCharsets.UTF_8), "err");
    this.in = process.outputWriter(StandardCharsets.UTF_8);
  }

  static TautlineProcess start(String... arguments) throws IOException {
    Path jar = Path.of("target", "tautline.jar");
    assertThat(jar).as("the jar is built before the integration tests").isRegularFile();
    return java(List.of("-jar", jar.toAbsolutePath().toString()), arguments);
  }

  /** Without the jar: the classes under test, for tests that run before it is built. */
  static TautlineProcess ofClasses(String... arguments) throws IOException {
    return java(
        List.of(
            "-XX:TieredStopAtLevel=1",
            "-cp",
            System.getProperty("java.class.path"),
            Main.class.getName()),
        arguments);
  }

  private static TautlineProcess java(List<String> program, String... arguments)
      throws IOException {
    var command = new ArrayList<String>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(program);
    command.addAll(List.of(arguments));
    return new TautlineProcess(new ProcessBuilder(command).start());
  }

  private static BlockingQueue<String> collect(BufferedReader reader, String name) {
    var lines = new LinkedBlockingQueue<String>();
    var thread =
        new Thread(
            () -> {
              try (reader) {
                for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                  lines.add(line);
                }
              } catch (IOException e) {
                lines.add("reading failed: " + e);
              }
              lines.add(END);
            },
            "std" + name);
    thread.setDaemon(true);
    thread.start();
    return lines;
  }

  long pid() {
    return process.pid();
  }

  TautlineProcess type(String line) throws IOException {
    in.write(line + "\n");
    in.flush();
    return this;
  }

  void endOfInput() throws IOException {
    in.close();
  }

  /** The next line of standard output that contains the text. */
  String awaitOut(String text) throws InterruptedException {
    return await(out, text);
  }

  /** The next line of standard error that contains the text. */
  String awaitErr(String text) throws InterruptedException {
    return await(err, text);
  }

  private static String await(BlockingQueue<String> lines, String text)
      throws InterruptedException {
    var seen = new ArrayList<String>();
    for (; ; ) {
      String line = lines.poll(LONGEST_SECONDS, TimeUnit.SECONDS);
      assertThat(line).as("a line with '%s'; so far %s", text, seen).isNotNull().isNotEqualTo(END);
      if (line.contains(text)) {
        return line;
      }
      seen.add(line);
    }
  }

  /** Waits for the end and asserts its code. */
  TautlineProcess exits(int code) throws InterruptedException {
    boolean ended = process.waitFor(LONGEST_SECONDS, TimeUnit.SECONDS);
    assertThat(ended).as("ended within %s s; err: %s", LONGEST_SECONDS, err).isTrue();
    assertThat(process.exitValue()).as("exit code; err: %s, out: %s", err, out).isEqualTo(code);
    return this;
  }

  double seconds() {
    return (System.nanoTime() - startNanos) / 1e9;
  }

  /** All of standard error that was not read yet; only after the process has ended. */
  List<String> errLines() throws InterruptedException {
    return rest(err);
  }

  /** All of standard output that was not read yet; only after the process has ended. */
  List<String> outLines() throws InterruptedException {
    return rest(out);
  }

  private static List<String> rest(BlockingQueue<String> lines) throws InterruptedException {
    var rest = new ArrayList<String>();
    for (String line = lines.poll(LONGEST_SECONDS, TimeUnit.SECONDS);
        line != null && !line.equals(END);
        line = lines.poll(LONGEST_SECONDS, TimeUnit.SECONDS)) {
      rest.add(line);
    }
    return rest;
  }

  static boolean jarHasComlink() throws IOException {
    try (var jar = new java.util.jar.JarFile(Path.of("target", "tautline.jar").toFile())) {
      return jar.stream().anyMatch(entry -> entry.getName().contains("/vendor/comlink"));
    }
  }

  /** Ends it as Ctrl-C does. */
  void stop() {
    process.destroy();
  }

  /** Ends it without a chance to say goodbye. */
  void kill() {
    process.destroyForcibly();
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }
}
