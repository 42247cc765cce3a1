package dev.tautline.rpc;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * Something that lives at the peer, called without a Java interface. Each path element is one
 * member name; array indexes are decimal text.
 *
 * <p>Safe for use by any thread. Futures complete on the connection's executor, never on its event
 * loop; they fail with {@link RpcException} or a subclass, and always do so when the deadline
 * passes or the channel closes.
 *
 * <pre>{@code
 * Remote page = connection.remote();
 * page.get("document", "title").thenAccept(title -> ...);
 * page.set("new title", "document", "title");
 * page.call("log", "hello", 1);
 * }</pre>
 */
public interface Remote extends AutoCloseable {
  /** Reads the value at the path. */
  CompletableFuture<JsValue> get(String... path);

  /** Assigns the value at the path; completes when the peer has confirmed. */
  CompletableFuture<JsValue> set(Object value, String... path);

  /** Calls the member of this object. */
  CompletableFuture<JsValue> call(String name, Object... arguments);

  /** Calls the function at the path; an empty path calls this object itself. */
  CompletableFuture<JsValue> call(List<String> path, Object... arguments);

  /** Calls this object itself, which must be a function: what a callback is for. */
  CompletableFuture<JsValue> invoke(Object... arguments);

  /** {@code new} on the member of this object. */
  CompletableFuture<JsValue> construct(String name, Object... arguments);

  /** {@code new} on the value at the path. */
  CompletableFuture<JsValue> construct(List<String> path, Object... arguments);

  /** The same port with a longer path; sends nothing. */
  Remote at(String... path);

  /** The same object with another deadline for its calls; sends nothing. */
  Remote withDeadline(Duration deadline);

  /**
   * A further port to the root object of this port, whatever the path; to be released by itself.
   */
  CompletableFuture<Remote> endpoint();

  /** This object seen through a Java interface; sends nothing. */
  <T> T as(Class<T> api);

  /**
   * Tells the peer that the whole port is not used any more, whatever the path. Pending calls of
   * the port fail, later ones too. Idempotent; completes on the peer's answer or with the deadline.
   */
  CompletableFuture<Void> release();

  /** {@link #release()} without waiting. */
  @Override
  void close();

  /** The connection this object is reached by. */
  RpcConnection connection();
}
