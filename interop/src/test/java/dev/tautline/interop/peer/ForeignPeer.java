package dev.tautline.interop.peer;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.Predicate;

/**
 * A peer connection of another stack, in another process: takes commands, reports events. The
 * commands are those of {@code peer.mjs}.
 *
 * <p>Thread rule: any thread.
 */
public final class ForeignPeer implements AutoCloseable {
  /** What any one thing may take. */
  public static final Duration LIMIT = Duration.ofSeconds(20);

  private static final ObjectMapper JSON = new ObjectMapper();

  /** Carries lines to the peer; lines from it come to {@link ForeignPeer#receive}. */
  public interface Carrier extends AutoCloseable {
    /** Sends one line. */
    void send(String line);

    @Override
    void close();

    /** What helps to understand a failure. */
    String diagnosis();
  }

  private final String name;
  private final AtomicLong ids = new AtomicLong();
  private final Map<Long, CompletableFuture<JsonNode>> calls = new HashMap<>();
  private final List<JsonNode> events = new ArrayList<>();
  private final List<String> history = new ArrayList<>();
  private Consumer<JsonNode> candidates = candidate -> {};
  private final List<JsonNode> earlyCandidates = new ArrayList<>();
  private boolean candidatesWanted;
  private Carrier carrier;

  /** A peer that is reached by {@code carrier}. */
  public ForeignPeer(String name, Carrier carrier) {
    this.name = name;
    this.carrier = carrier;
  }

  /** Its name in messages. */
  public String name() {
    return name;
  }

  /** Waits until its script runs, then makes its peer connection. */
  public ForeignPeer create() {
    await("ready");
    call("create");
    return this;
  }

  /** Runs a command without arguments and returns its result. */
  public JsonNode call(String operation) {
    return call(operation, Map.of());
  }

  /** Runs a command and returns its result; fails when it failed or took too long. */
  public JsonNode call(String operation, Map<String, ?> arguments) {
    return call(operation, arguments, LIMIT);
  }

  /** As {@link #call(String, Map)}, with another limit than {@link #LIMIT}. */
  public JsonNode call(String operation, Map<String, ?> arguments, Duration limit) {
    return result(operation, submit(operation, arguments), limit);
  }

  /** Waits for the result of a command that was submitted. */
  public JsonNode result(String operation, CompletableFuture<JsonNode> submitted, Duration limit) {
    try {
      return submitted.get(limit.toSeconds(), TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw failure(operation + " was interrupted", e);
    } catch (ExecutionException e) {
      throw failure(operation + " failed: " + e.getCause().getMessage(), e);
    } catch (TimeoutException e) {
      throw failure(operation + " took over " + limit.toSeconds() + " s", e);
    }
  }

  /**
   * Starts a command. For those who are called with the peer's own events: waiting there for a
   * reply that comes behind the next event would never end.
   */
  public CompletableFuture<JsonNode> submit(String operation, Map<String, ?> arguments) {
    var future = new CompletableFuture<JsonNode>();
    long id = ids.incrementAndGet();
    synchronized (this) {
      calls.put(id, future);
    }
    var command = new LinkedHashMap<String, Object>(arguments);
    command.put("id", id);
    command.put("op", operation);
    try {
      carrier.send(JSON.writeValueAsString(command));
    } catch (JsonProcessingException e) {
      throw failure(operation + " has no JSON", e);
    }
    return future;
  }

  /** Makes a channel; {@code options} as RTCDataChannelInit. */
  public void channel(String label, Map<String, ?> options) {
    call("channel", Map.of("label", label, "options", options));
  }

  /** Sends text. */
  public void send(String label, String text) {
    call("send", Map.of("label", label, "text", text));
  }

  /** Sends bytes. */
  public void send(String label, byte[] bytes) {
    call("send", Map.of("label", label, "base64", Base64.getEncoder().encodeToString(bytes)));
  }

  /** Waits for the next event of this kind that was not waited for before. */
  public JsonNode await(String event) {
    return await(event, LIMIT, line -> true);
  }

  /** As {@link #await(String)}, for one channel. */
  public JsonNode await(String event, String label) {
    return await(event, LIMIT, line -> label.equals(line.path("label").asText()));
  }

  /** Waits for the next text on a channel. */
  public String awaitText(String label) {
    JsonNode message = await("message", label);
    if (!message.has("text")) {
      throw failure("expected text on " + label + ", bytes came", null);
    }
    return message.get("text").asText();
  }

  /** Waits for the next bytes on a channel. */
  public byte[] awaitBytes(String label) {
    JsonNode message = await("message", label);
    if (!message.has("base64")) {
      throw failure("expected bytes on " + label + ", text came: " + message, null);
    }
    return Base64.getDecoder().decode(message.get("base64").asText());
  }

  /** Waits for an event and takes it away. */
  public synchronized JsonNode await(String event, Duration limit, Predicate<JsonNode> matches) {
    long end = System.nanoTime() + limit.toNanos();
    while (true) {
      for (int i = 0; i < events.size(); i++) {
        JsonNode line = events.get(i);
        if (event.equals(line.path("event").asText()) && matches.test(line)) {
          return events.remove(i);
        }
      }
      long left = end - System.nanoTime();
      if (left <= 0) {
        throw failure("no event \"" + event + "\" within " + limit.toMillis() + " ms", null);
      }
      try {
        TimeUnit.NANOSECONDS.timedWait(this, left);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw failure("interrupted while waiting for " + event, e);
      }
    }
  }

  /** Gives each candidate to {@code taker}, those too that came before. */
  public void onCandidate(Consumer<JsonNode> taker) {
    List<JsonNode> early;
    synchronized (this) {
      candidates = taker;
      candidatesWanted = true;
      early = List.copyOf(earlyCandidates);
      earlyCandidates.clear();
    }
    early.forEach(taker);
  }

  /** Takes a line from the peer. */
  public void receive(String text) {
    JsonNode line;
    try {
      line = JSON.readTree(text);
    } catch (JsonProcessingException e) {
      remember("(no JSON) " + text);
      return;
    }
    remember(text);
    if (line.has("re")) {
      answer(line);
    } else if ("candidate".equals(line.path("event").asText())) {
      candidate(line);
    } else {
      synchronized (this) {
        events.add(line);
        notifyAll();
      }
    }
  }

  /** A failure that tells what the peer said and did. */
  public AssertionError failure(String what, @org.jspecify.annotations.Nullable Throwable cause) {
    String told;
    synchronized (this) {
      told = String.join("\n  ", history);
    }
    return new AssertionError(
        name + ": " + what + "\nit said:\n  " + told + "\n" + carrier.diagnosis(), cause);
  }

  @Override
  public void close() {
    carrier.close();
  }

  private void answer(JsonNode line) {
    CompletableFuture<JsonNode> future;
    synchronized (this) {
      future = calls.remove(line.get("re").asLong());
    }
    if (future == null) {
      return;
    }
    if (line.has("error")) {
      future.completeExceptionally(new IllegalStateException(line.get("error").asText()));
    } else {
      future.complete(line.get("result"));
    }
  }

  private void candidate(JsonNode line) {
    Consumer<JsonNode> taker;
    synchronized (this) {
      if (!candidatesWanted) {
        earlyCandidates.add(line);
        return;
      }
      taker = candidates;
    }
    taker.accept(line);
  }

  private synchronized void remember(String text) {
    history.add(text.length() > 300 ? text.substring(0, 300) + "…" : text);
  }
}
