package dev.tautline.sctp;

/**
 * How one message travels.
 *
 * @param ordering whether it waits for earlier messages of its stream
 * @param reliability how long it is worth sending
 */
public record SendOptions(Ordering ordering, Reliability reliability) {
  /** Reliable and in order. */
  public static final SendOptions RELIABLE_ORDERED =
      new SendOptions(Ordering.ORDERED, new Reliability.Reliable());

  /** Reliable, delivered as it comes. */
  public static final SendOptions RELIABLE_UNORDERED =
      new SendOptions(Ordering.UNORDERED, new Reliability.Reliable());

  /** Whether a message waits for earlier ones of its stream. */
  public enum Ordering {
    /** It does. */
    ORDERED,
    /** It is delivered as soon as it is complete. */
    UNORDERED
  }

  /**
   * How long a message is worth sending, RFC 3758 and RFC 7496. Without the peer's support for
   * FORWARD-TSN every message is reliable.
   */
  public sealed interface Reliability {
    /** Until it is acknowledged. */
    record Reliable() implements Reliability {}

    /**
     * Each of its fragments is sent at most {@code count} times again.
     *
     * @param count 0 or more
     */
    record MaxRetransmits(int count) implements Reliability {
      /** Checks the count. */
      public MaxRetransmits {
        if (count < 0) {
          throw new IllegalArgumentException("maximal retransmissions " + count + " < 0");
        }
      }
    }

    /**
     * It is sent or retransmitted only within this time from {@link Association#send} on.
     *
     * @param nanos 0 or more, in nanoseconds; less than a millisecond counts as one, so that a
     *     message may leave at once
     */
    record MaxLifetime(long nanos) implements Reliability {
      /** Checks the time. */
      public MaxLifetime {
        if (nanos < 0) {
          throw new IllegalArgumentException("lifetime " + nanos + " ns < 0");
        }
      }
    }
  }
}
