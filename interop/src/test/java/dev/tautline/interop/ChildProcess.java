package dev.tautline.interop;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** A process of a test, with its output line by line. Closing ends it and all it started. */
public final class ChildProcess implements AutoCloseable {
  private static final int KEPT_LINES = 200;
  private static final long END_SECONDS = 5;

  private static final Set<ChildProcess> RUNNING = ConcurrentHashMap.newKeySet();

  static {
    // When the test run is ended from outside, what it started ends too.
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(() -> RUNNING.forEach(ChildProcess::killTree), "end-child-processes"));
  }

  private final String name;
  private final Process process;
  private final ArrayDeque<String> lastLines = new ArrayDeque<>();
  private final List<Thread> readers = new ArrayList<>();

  private ChildProcess(String name, Process process) {
    this.name = name;
    this.process = process;
  }

  /**
   * Starts it.
   *
   * @param folder where it runs
   * @param onLine gets each line of its standard output, on a thread of its own
   */
  public static ChildProcess start(
      String name, Path folder, List<String> command, Consumer<String> onLine) {
    return start(name, folder, command, onLine, line -> {});
  }

  /**
   * Starts it.
   *
   * @param folder where it runs
   * @param onLine gets each line of its standard output, on a thread of its own
   * @param onErrorLine gets each line of its standard error, on another thread
   */
  public static ChildProcess start(
      String name,
      Path folder,
      List<String> command,
      Consumer<String> onLine,
      Consumer<String> onErrorLine) {
    try {
      Process process = new ProcessBuilder(command).directory(folder.toFile()).start();
      var child = new ChildProcess(name, process);
      RUNNING.add(child);
      child.read("out", process.getInputStream(), onLine);
      child.read("err", process.getErrorStream(), onErrorLine);
      return child;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Runs a command to its end; returns its exit code and, on failure, fails with its output. */
  public static void run(String name, Path folder, List<String> command, long limitSeconds) {
    try (ChildProcess child = start(name, folder, command, line -> {})) {
      if (!child.process.waitFor(limitSeconds, TimeUnit.SECONDS)) {
        throw new AssertionError(name + " took over " + limitSeconds + " s\n" + child.lastOutput());
      }
      if (child.process.exitValue() != 0) {
        throw new AssertionError(
            name + " ended with " + child.process.exitValue() + "\n" + child.lastOutput());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("interrupted while " + name + " ran", e);
    }
  }

  /** Writes a line to its standard input. */
  public void writeLine(String line) {
    OutputStream in = process.getOutputStream();
    synchronized (in) {
      try {
        in.write((line + "\n").getBytes(StandardCharsets.UTF_8));
        in.flush();
      } catch (IOException e) {
        throw new UncheckedIOException(name + " takes no input any more\n" + lastOutput(), e);
      }
    }
  }

  /**
   * Waits until it has ended by itself and every line that it printed was handed over.
   *
   * @return its exit code
   */
  public int awaitExit(long limitSeconds) {
    try {
      if (!process.waitFor(limitSeconds, TimeUnit.SECONDS)) {
        throw new AssertionError(
            name + " did not end within " + limitSeconds + " s\n" + lastOutput());
      }
      for (Thread reader : readers) {
        reader.join(TimeUnit.SECONDS.toMillis(END_SECONDS));
        if (reader.isAlive()) {
          throw new AssertionError(name + " has ended, but something it started holds its output");
        }
      }
      return process.exitValue();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("interrupted while " + name + " was to end", e);
    }
  }

  /** Whether it runs. */
  public boolean isAlive() {
    return process.isAlive();
  }

  /** Ends it at once, as {@code kill -9}; what it started lives on until {@link #close()}. */
  public void kill() {
    process.destroyForcibly();
  }

  /** Its last lines of both outputs. */
  public String lastOutput() {
    synchronized (lastLines) {
      return name + " printed:\n  " + String.join("\n  ", lastLines);
    }
  }

  @Override
  public void close() {
    // By handle, the children first: no other process of that name is touched.
    List<ProcessHandle> tree = process.descendants().toList();
    process.destroy();
    try {
      if (!process.waitFor(END_SECONDS, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
    tree.forEach(ProcessHandle::destroyForcibly);
    RUNNING.remove(this);
  }

  private void killTree() {
    List<ProcessHandle> tree = process.descendants().toList();
    process.destroyForcibly();
    tree.forEach(ProcessHandle::destroyForcibly);
  }

  private void read(String stream, InputStream in, Consumer<String> onLine) {
    var thread =
        new Thread(
            () -> {
              try (var lines =
                  new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8))) {
                for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                  keep(line);
                  onLine.accept(line);
                }
              } catch (IOException e) {
                // The stream is cut when the process is killed.
                keep("(" + stream + " ended: " + e.getMessage() + ")");
              }
            },
            name + "-" + stream);
    thread.setDaemon(true);
    thread.start();
    readers.add(thread);
  }

  private void keep(String line) {
    synchronized (lastLines) {
      if (lastLines.size() == KEPT_LINES) {
        lastLines.removeFirst();
      }
      lastLines.addLast(line.length() > 2_000 ? line.substring(0, 2_000) + "…" : line);
    }
  }
}
