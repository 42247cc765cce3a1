package dev.tautline.ice;

import java.util.concurrent.Executor;

/**
 * The event loop of one connection: one thread for the connection's whole life, shared with other
 * connections. What runs on it must not block.
 */
public interface IceLoop extends Executor {
  /** Whether the calling thread is the loop's. */
  boolean inLoop();

  /**
   * Runs {@code task} on the loop after {@code delayNanos}; a delay of 0 or less runs it in the
   * next turn. May be called from any thread.
   */
  Cancellable schedule(Runnable task, long delayNanos);

  /** Nanoseconds since the connection was made; never goes back. May be called from any thread. */
  long nowNanos();
}
