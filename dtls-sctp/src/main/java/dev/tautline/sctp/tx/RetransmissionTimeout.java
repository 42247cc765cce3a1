package dev.tautline.sctp.tx;

/** RTO from measured round trips, RFC 9260 section 6.3.1. */
public final class RetransmissionTimeout {
  private static final long NOT_MEASURED = -1;

  private final long initialNanos;
  private final long minNanos;
  private final long maxNanos;
  private long srttNanos = NOT_MEASURED;
  private long rttvarNanos;
  private long minRttNanos = NOT_MEASURED;
  private long rtoNanos;

  /** Times in nanoseconds, initial and maximum not below the minimum. */
  public RetransmissionTimeout(long initialNanos, long minNanos, long maxNanos) {
    this.initialNanos = initialNanos;
    this.minNanos = minNanos;
    this.maxNanos = maxNanos;
    this.rtoNanos = initialNanos;
  }

  /** A round trip was measured; C2 and C3, and C4: a backed-off RTO collapses. */
  public void measured(long rttNanos) {
    if (srttNanos == NOT_MEASURED) {
      srttNanos = rttNanos;
      rttvarNanos = rttNanos / 2;
      minRttNanos = rttNanos;
    } else {
      rttvarNanos += (Math.abs(srttNanos - rttNanos) - rttvarNanos) / 4;
      srttNanos += (rttNanos - srttNanos) / 8;
      minRttNanos = Math.min(minRttNanos, rttNanos);
    }
    rtoNanos = clamp(srttNanos + 4 * rttvarNanos);
  }

  /** The timer expired: E2. */
  public void backOff() {
    rtoNanos = clamp(rtoNanos * 2);
  }

  /** The path is another one: nothing measured counts. */
  public void reset() {
    srttNanos = NOT_MEASURED;
    rttvarNanos = 0;
    minRttNanos = NOT_MEASURED;
    rtoNanos = initialNanos;
  }

  private long clamp(long nanos) {
    return Math.max(minNanos, Math.min(maxNanos, nanos));
  }

  /** The present timeout. */
  public long rtoNanos() {
    return rtoNanos;
  }

  /** Whether a round trip was measured. */
  public boolean isMeasured() {
    return srttNanos != NOT_MEASURED;
  }

  /** The smoothed round trip, 0 before the first measurement. */
  public long srttNanos() {
    return Math.max(0, srttNanos);
  }

  /** The shortest round trip, 0 before the first measurement. */
  public long minRttNanos() {
    return Math.max(0, minRttNanos);
  }
}
