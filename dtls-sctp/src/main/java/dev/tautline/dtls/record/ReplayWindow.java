package dev.tautline.dtls.record;

/**
 * Which record numbers were seen, RFC 6347 section 4.1.2.6. Wider than the 64 asked for: a batch of
 * the kernel's offloads may overtake another one.
 *
 * <p>Thread rule: used by one thread at a time.
 */
public final class ReplayWindow {
  /** How many numbers behind the highest one are known. */
  public static final int SIZE = 1024;

  private static final int WORDS = SIZE / 64;

  private final long[] seen = new long[WORDS];
  private long highest = -1;

  /** Whether the number was not seen and is not too old to know. */
  public boolean isNew(long sequence) {
    if (sequence > highest) {
      return true;
    }
    // One word less than there is: the oldest word is partly reused by the newest numbers.
    return highest - sequence < SIZE - 64 && (word(sequence) & bit(sequence)) == 0;
  }

  /** Remembers the number of a record that was opened. */
  public void mark(long sequence) {
    if (sequence > highest) {
      long firstNewWord = highest < 0 ? 0 : (highest >>> 6) + 1;
      long lastNewWord = sequence >>> 6;
      if (lastNewWord - firstNewWord >= WORDS) {
        firstNewWord = lastNewWord - WORDS + 1;
      }
      for (long word = firstNewWord; word <= lastNewWord; word++) {
        seen[(int) (word % WORDS)] = 0;
      }
      highest = sequence;
    }
    seen[(int) ((sequence >>> 6) % WORDS)] |= bit(sequence);
  }

  private long word(long sequence) {
    return seen[(int) ((sequence >>> 6) % WORDS)];
  }

  private static long bit(long sequence) {
    return 1L << (sequence & 63);
  }
}
