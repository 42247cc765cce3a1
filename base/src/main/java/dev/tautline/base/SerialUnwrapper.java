package dev.tautline.base;

/**
 * Turns serial numbers that wrap (RFC 1982) into a {@code long} that does not, so that plain {@code
 * <} is right. A number is taken as the one nearest to the last unwrapped one.
 *
 * <p>Thread rule: used by one thread.
 */
public final class SerialUnwrapper {
  private final int bits;
  private long last;

  private SerialUnwrapper(int bits, long first) {
    this.bits = bits;
    this.last = first;
  }

  /**
   * For 16-bit numbers.
   *
   * @param first the number around which unwrapping starts
   */
  public static SerialUnwrapper of16Bits(long first) {
    return new SerialUnwrapper(16, first);
  }

  /**
   * For 32-bit numbers.
   *
   * @param first the number around which unwrapping starts
   */
  public static SerialUnwrapper of32Bits(long first) {
    return new SerialUnwrapper(32, first);
  }

  /** The unwrapped number, which becomes the new reference. */
  public long unwrap(int wireValue) {
    last = peek(wireValue);
    return last;
  }

  /** The unwrapped number; the reference stays. */
  public long peek(int wireValue) {
    int shift = 64 - bits;
    // The signed distance from the reference to the wire value within the number's own width.
    long delta = ((long) wireValue << shift) - (last << shift) >> shift;
    return last + delta;
  }

  /** Sets the reference. */
  public void reset(long reference) {
    last = reference;
  }

  /** The reference: the number unwrapped last. */
  public long last() {
    return last;
  }
}
