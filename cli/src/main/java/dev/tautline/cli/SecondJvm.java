package dev.tautline.cli;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * This program again, in a process of its own. Its standard input stays open and empty: where it
 * ends, this JVM is gone, and the second one ends, too.
 *
 * <p>Until both are in the room only this JVM speaks: what keeps one out mostly keeps out both, and
 * is to be said once.
 */
final class SecondJvm implements AutoCloseable {
  private static final int MOST_HELD_LINES = 100;

  private final Process process;
  private final CompletableFuture<Void> errorsRead = new CompletableFuture<>();
  private final List<String> held = new ArrayList<>();
  private boolean speaks;

  private SecondJvm(Process process, boolean speaks) {
    this.process = process;
    this.speaks = speaks;
    var reader = new Thread(this::readErrors, "second-jvm-errors");
    reader.setDaemon(true);
    reader.start();
  }

  static SecondJvm start(List<String> arguments) {
    var command = new ArrayList<>(javaCommand());
    command.addAll(arguments);
    if (Main.debugging()) {
      command.add("--debug");
    }
    try {
      return new SecondJvm(
          new ProcessBuilder(command).redirectOutput(ProcessBuilder.Redirect.INHERIT).start(),
          Main.debugging());
    } catch (IOException e) {
      throw new UncheckedIOException("The second JVM could not be started: " + e.getMessage(), e);
    }
  }

  /** This program again, as it was started. */
  private static List<String> javaCommand() {
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    String classPath = System.getProperty("java.class.path");
    if (classPath.endsWith(".jar") && !classPath.contains(File.pathSeparator)) {
      return List.of(java, "-jar", classPath);
    }
    return List.of(java, "-cp", classPath, Main.class.getName());
  }

  private void readErrors() {
    try (BufferedReader lines = process.errorReader(StandardCharsets.UTF_8)) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        heard(line);
      }
    } catch (IOException e) {
      heard("its standard error cannot be read: " + e.getMessage());
    }
    errorsRead.complete(null);
  }

  private synchronized void heard(String line) {
    if (speaks) {
      System.err.println(line);
    } else if (held.size() < MOST_HELD_LINES) {
      held.add(line);
    }
  }

  /** Both are in the room: from now on the second speaks for itself. */
  synchronized void letSpeak() {
    speaks = true;
    held.forEach(System.err::println);
    held.clear();
  }

  /** Completes exceptionally, with the reason, when the process ends; never in another way. */
  <T> CompletableFuture<T> untilItEnds() {
    return process
        .onExit()
        .thenCombine(errorsRead, (ended, read) -> new CommandFailure(ending() + reasonThatItGave()))
        .thenCompose(failure -> CompletableFuture.<T>failedFuture(failure));
  }

  private String ending() {
    return "the second JVM ended with exit code " + process.exitValue();
  }

  private synchronized String reasonThatItGave() {
    return held.isEmpty() ? "" : ": " + held.get(held.size() - 1);
  }

  /** Waits for its end, which is to be a good one. */
  void awaitGoodEnd(Duration limit) throws InterruptedException {
    if (!process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
      throw new CommandFailure("The second JVM did not end within " + limit.toSeconds() + " s");
    }
    if (process.exitValue() != 0) {
      throw new CommandFailure("Not everything went well: " + ending());
    }
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }
}
