package dev.tautline.signalling.server;

/** Lets a burst through and then so many per second. One thread at a time. */
final class TokenBucket {
  private final long nanosPerToken;
  private final long burstNanos;
  private long filledNanos;

  TokenBucket(long nowNanos, int perSecond, int burst) {
    this.nanosPerToken = 1_000_000_000L / perSecond;
    this.burstNanos = nanosPerToken * burst;
    this.filledNanos = nowNanos - burstNanos;
  }

  boolean take(long nowNanos) {
    // The time from filledNanos until now is what may be spent, never more than a burst.
    filledNanos = Math.max(filledNanos, nowNanos - burstNanos);
    if (filledNanos + nanosPerToken > nowNanos) {
      return false;
    }
    filledNanos += nanosPerToken;
    return true;
  }
}
