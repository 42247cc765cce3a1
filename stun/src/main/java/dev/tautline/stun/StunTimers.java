package dev.tautline.stun;

/**
 * When a request is sent again, RFC 8489 section 6.2.1.
 *
 * @param rtoNanos the first interval, which doubles; 500 ms by the RFC
 * @param maxIntervalNanos the longest interval
 * @param maxSends Rc, how often the request is sent in all; 7 by the RFC
 * @param finalWaitNanos how long after the last send a response may come; Rm × RTO, 8 s by the RFC
 */
public record StunTimers(long rtoNanos, long maxIntervalNanos, int maxSends, long finalWaitNanos) {
  private static final long MILLI = 1_000_000;

  /** Checks the ranges. */
  public StunTimers {
    if (rtoNanos <= 0 || maxIntervalNanos < rtoNanos || maxSends < 1 || finalWaitNanos <= 0) {
      throw new IllegalArgumentException(
          "timers out of range: RTO "
              + rtoNanos
              + " ns, longest "
              + maxIntervalNanos
              + " ns, "
              + maxSends
              + " sends, final wait "
              + finalWaitNanos
              + " ns");
    }
  }

  /** The RFC's: 500 ms doubling, 7 sends, 39.5 s in all. */
  public static StunTimers rfc() {
    return new StunTimers(500 * MILLI, Long.MAX_VALUE, 7, 16 * 500 * MILLI);
  }

  /** One send without repetition, as consent checks need (RFC 7675 section 5.1). */
  public static StunTimers once(long waitNanos) {
    return new StunTimers(waitNanos, Long.MAX_VALUE, 1, waitNanos);
  }
}
