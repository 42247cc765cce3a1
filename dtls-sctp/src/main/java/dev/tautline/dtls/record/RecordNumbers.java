package dev.tautline.dtls.record;

import java.util.concurrent.atomic.AtomicLong;

/**
 * The one counter of what is sent in an epoch. The thread of the handshake and the loop both take
 * numbers here, so none is used twice, and the number is the nonce.
 *
 * <p>Thread rule: any thread.
 */
public final class RecordNumbers {
  /** The first sequence number that does not exist. */
  public static final long END = 1L << 48;

  /** Kept back from application data, so that the association can still say that it ends. */
  public static final int RESERVE = 64;

  private final long epochBits;
  private final AtomicLong next;

  /** Counts from 0 in {@code epoch}. */
  public RecordNumbers(int epoch) {
    this(epoch, 0);
  }

  /** Counts from {@code first} in {@code epoch}. */
  public RecordNumbers(int epoch, long first) {
    if (first < 0 || first > END) {
      throw new IllegalArgumentException("first number " + first + " is not within 0 to 2^48");
    }
    this.epochBits = (long) epoch << 48;
    this.next = new AtomicLong(first);
  }

  /**
   * Takes a number for a handshake record or an alert.
   *
   * @return epoch and sequence number, never the same twice
   * @throws RecordNumbersExhaustedException if all were taken
   */
  public long take() throws RecordNumbersExhaustedException {
    return take(END);
  }

  /**
   * Takes a number for application data, leaving a reserve.
   *
   * @return epoch and sequence number, never the same twice
   * @throws RecordNumbersExhaustedException if only the reserve is left
   */
  public long takeForData() throws RecordNumbersExhaustedException {
    return take(END - RESERVE);
  }

  private long take(long end) throws RecordNumbersExhaustedException {
    // Counting on past the end would wrap into the epoch after some centuries; the check comes
    // before the number is used, so no record with such a number exists.
    long sequence = next.getAndIncrement();
    if (sequence >= end) {
      next.decrementAndGet();
      throw new RecordNumbersExhaustedException();
    }
    return epochBits | sequence;
  }
}
