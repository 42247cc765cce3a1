package dev.tautline.rpc;

import java.util.concurrent.CompletableFuture;

/**
 * RPC on one channel, in both directions: exposes at most one root object and calls the peer's.
 * Safe for use by any thread.
 */
public interface RpcConnection extends AutoCloseable {
  /**
   * Makes the object callable for the peer, by the methods of the interface alone. Requests that
   * came before wait for this call.
   *
   * @param api an interface; what is wrong with it shows here, not when the peer calls
   * @param object the object that does the work
   * @return this connection
   * @throws IllegalArgumentException when the interface cannot be exposed, with the reason
   * @throws IllegalStateException when something is exposed already
   */
  <T> RpcConnection expose(Class<T> api, T object);

  /** Makes an object that was built member by member callable for the peer. */
  RpcConnection expose(RpcObject object);

  /**
   * The peer's root object through a Java interface. Plain return types block until the answer or
   * the deadline and must not be used on the channel's event loop; {@code CompletableFuture} does
   * not block.
   */
  <T> T wrap(Class<T> api);

  /** The peer's root object without an interface. */
  Remote remote();

  /** Whether the connection is closed. */
  boolean isClosed();

  /** Completes with the reason when the connection is closed, by whomever. */
  CompletableFuture<String> closed();

  /** Counters. */
  RpcStats stats();

  /** The options it was made with. */
  RpcOptions options();

  /**
   * Closes the channel. Pending calls fail, exposed objects are dropped and told so once.
   * Idempotent.
   */
  @Override
  void close();
}
