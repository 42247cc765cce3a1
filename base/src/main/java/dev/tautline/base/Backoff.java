package dev.tautline.base;

/**
 * How a retransmission interval grows.
 *
 * @param maxNanos the longest interval in nanoseconds; more than 0
 * @param growth whether each expiration doubles the interval
 */
public record Backoff(long maxNanos, Growth growth) {
  /** Whether an interval grows. */
  public enum Growth {
    /** Each expiration doubles the interval. */
    DOUBLING,
    /** The interval stays as it is. */
    NONE
  }

  /** More doublings than any interval needs to pass any limit. */
  private static final int MAX_DOUBLINGS = 40;

  /** Checks the limit. */
  public Backoff {
    if (maxNanos <= 0) {
      throw new IllegalArgumentException("longest interval " + maxNanos + " ns is not positive");
    }
  }

  /** Doubles with each expiration up to {@code maxNanos}. */
  public static Backoff doublingTo(long maxNanos) {
    return new Backoff(maxNanos, Growth.DOUBLING);
  }

  /** The interval stays as it was started. */
  public static Backoff none() {
    return new Backoff(Long.MAX_VALUE, Growth.NONE);
  }

  /**
   * The interval after {@code expirations} expirations.
   *
   * @param baseNanos the first interval
   * @param expirations how often the timer expired, 0 for the first interval
   */
  public long intervalNanos(long baseNanos, int expirations) {
    if (growth == Growth.NONE || expirations == 0) {
      return Math.min(baseNanos, maxNanos);
    }
    int doublings = Math.min(expirations, MAX_DOUBLINGS);
    if (baseNanos > maxNanos >> doublings) {
      return maxNanos;
    }
    return baseNanos << doublings;
  }
}
