package dev.tautline.base;

/**
 * A timer that knows when it is due and never waits. Its interval may double with each expiration.
 *
 * <p>Thread rule: used by one thread at a time.
 */
public final class Timer {
  /** The deadline of a timer that does not run: later than any time. */
  public static final long NOT_RUNNING = Long.MAX_VALUE;

  private final Backoff backoff;
  private long baseNanos;
  private long deadlineNanos = NOT_RUNNING;
  private int expirations;

  /**
   * A stopped timer.
   *
   * @param backoff how the interval grows with each expiration
   */
  public Timer(Backoff backoff) {
    this.backoff = backoff;
  }

  /** Starts or restarts with {@code intervalNanos}, forgetting earlier expirations. */
  public void start(long nowNanos, long intervalNanos) {
    if (intervalNanos < 0) {
      throw new IllegalArgumentException("interval " + intervalNanos + " ns is negative");
    }
    baseNanos = intervalNanos;
    expirations = 0;
    deadlineNanos = saturatedAdd(nowNanos, backoff.intervalNanos(intervalNanos, 0));
  }

  /** Starts unless it runs already. */
  public void startIfStopped(long nowNanos, long intervalNanos) {
    if (!isRunning()) {
      start(nowNanos, intervalNanos);
    }
  }

  /** Stops and forgets earlier expirations. */
  public void stop() {
    deadlineNanos = NOT_RUNNING;
    expirations = 0;
  }

  /** Returns whether the timer was due, and if so restarts it with the next interval. */
  public boolean expire(long nowNanos) {
    if (nowNanos < deadlineNanos) {
      return false;
    }
    expirations++;
    // From now, not from the missed deadline: after a stall of the process the peer gets a whole
    // interval to answer, instead of a burst of expirations that ends the association.
    deadlineNanos = saturatedAdd(nowNanos, backoff.intervalNanos(baseNanos, expirations));
    return true;
  }

  /** Whether a deadline is set. */
  public boolean isRunning() {
    return deadlineNanos != NOT_RUNNING;
  }

  /** How often it expired since it was last started. */
  public int expirations() {
    return expirations;
  }

  /** When it is due, or {@link #NOT_RUNNING}. */
  public long deadlineNanos() {
    return deadlineNanos;
  }

  private static long saturatedAdd(long a, long b) {
    long sum = a + b;
    return sum < a ? NOT_RUNNING - 1 : sum;
  }
}
