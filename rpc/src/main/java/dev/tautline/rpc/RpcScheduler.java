package dev.tautline.rpc;

/** Time for deadlines. The default is the system clock; tests give their own. */
public interface RpcScheduler {
  /** Nanoseconds since an arbitrary moment; never goes back. */
  long nowNanos();

  /**
   * Runs the task once after the delay, on any thread; the task does not block.
   *
   * @return cancels the task if it has not run
   */
  Runnable schedule(Runnable task, long delayNanos);
}
