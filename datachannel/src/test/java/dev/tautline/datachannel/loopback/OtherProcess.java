package dev.tautline.datachannel.loopback;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/** A process with {@link ManyPeers}. */
final class OtherProcess implements AutoCloseable {
  private static final long LIMIT_SECONDS = 90;

  private final Process process;
  private final Map<String, CompletableFuture<String>> lines = new ConcurrentHashMap<>();
  private volatile boolean ended;

  /** Starts it and waits until it serves. */
  OtherProcess(String... jvmOptions) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"));
    command.addAll(List.of(jvmOptions));
    command.addAll(
        List.of("-cp", System.getProperty("java.class.path"), ManyPeers.class.getName()));
    process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    var reader = new Thread(this::read, "other-process-reader");
    reader.setDaemon(true);
    reader.start();
    await("ready", "-");
  }

  private void read() {
    try (var in =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        String[] words = line.split(" ", 3);
        if (words.length == 3) {
          told(words[0], words[1]).complete(words[2]);
        }
      }
    } catch (IOException e) {
      lines.values().forEach(future -> future.completeExceptionally(e));
    } finally {
      ended = true;
      lines.values().forEach(this::failIfPending);
    }
  }

  private void failIfPending(CompletableFuture<String> future) {
    future.completeExceptionally(new IOException("the other process ended"));
  }

  /** What it will say, or said, after these two words. */
  CompletableFuture<String> told(String word, String id) {
    CompletableFuture<String> future =
        lines.computeIfAbsent(word + ' ' + id, key -> new CompletableFuture<>());
    if (ended) {
      failIfPending(future);
    }
    return future;
  }

  /** Waits for a line and forgets it. */
  String await(String word, String id) {
    String rest = told(word, id).copy().orTimeout(LIMIT_SECONDS, TimeUnit.SECONDS).join();
    lines.remove(word + ' ' + id);
    return rest;
  }

  synchronized void say(String... words) {
    try {
      var out = process.getOutputStream();
      out.write((String.join(" ", words) + '\n').getBytes(StandardCharsets.UTF_8));
      out.flush();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** SIGKILL: nothing is said to anybody. */
  void kill() {
    process.destroyForcibly();
  }

  long pid() {
    return process.pid();
  }

  /** Its input ends, so it closes all that is open and ends itself; killed if it does not. */
  @Override
  public void close() throws IOException {
    process.getOutputStream().close();
    try {
      if (!process.waitFor(20, TimeUnit.SECONDS)) {
        process.destroyForcibly();
        throw new IOException("the other process did not end by itself");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      process.destroyForcibly();
    }
  }
}
