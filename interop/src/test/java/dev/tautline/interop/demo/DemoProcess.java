package dev.tautline.interop.demo;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tautline.interop.ChildProcess;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.jar.JarFile;

/** {@code tautline demo --browser} as a process. Closing ends it. */
final class DemoProcess implements AutoCloseable {
  /** The jar that the cli module builds. */
  static final Path JAR = Path.of("..", "cli", "target", "tautline.jar");

  private static final long LINE_SECONDS = 40;

  private final BlockingQueue<String> out = new LinkedBlockingQueue<>();
  private final BlockingQueue<String> err = new LinkedBlockingQueue<>();
  private final ChildProcess process;

  private DemoProcess(Path jar) {
    assertThat(jar).as("the runnable jar; mvn -pl cli -am package builds it").isRegularFile();
    List<String> command =
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-jar",
            jar.toAbsolutePath().toString(),
            "demo",
            "--browser");
    process = ChildProcess.start("demo --browser", Path.of("."), command, out::add, err::add);
  }

  static DemoProcess start(Path jar) {
    return new DemoProcess(jar);
  }

  /** Whether the jar was built where npm is. */
  static boolean hasComlink(Path jar) {
    try (var file = new JarFile(jar.toFile())) {
      return file.stream().anyMatch(entry -> entry.getName().contains("/vendor/comlink"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The next line of standard output that contains the text. */
  String await(String text) throws InterruptedException {
    var seen = new ArrayList<String>();
    for (; ; ) {
      String line = out.poll(LINE_SECONDS, TimeUnit.SECONDS);
      assertThat(line)
          .as("a line with '%s' after %s\n%s", text, seen, process.lastOutput())
          .isNotNull();
      if (line.contains(text)) {
        return line;
      }
      seen.add(line);
    }
  }

  /** Waits for the end and returns the exit code; both streams have been read to their ends. */
  int exitCode(long limitSeconds) {
    return process.awaitExit(limitSeconds);
  }

  /** What it printed on standard output and was not awaited. */
  List<String> remainingOut() {
    return List.copyOf(out);
  }

  /** All that it printed on standard error. */
  List<String> errorLines() {
    return List.copyOf(err);
  }

  @Override
  public void close() {
    process.close();
  }
}
