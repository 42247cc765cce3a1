package dev.tautline.stun;

/** The class of a message, RFC 8489 section 5: two bits that lie between the method's. */
public enum StunClass {
  /** Asks for a response. */
  REQUEST(0b00),
  /** Asks for nothing. */
  INDICATION(0b01),
  /** Answers a request that was served. */
  SUCCESS(0b10),
  /** Answers a request that was not. */
  ERROR(0b11);

  private final int bits;

  StunClass(int bits) {
    this.bits = bits;
  }

  /** C1 and C0, 0 to 3. */
  public int bits() {
    return bits;
  }

  /** The class of the two low bits. */
  public static StunClass ofBits(int bits) {
    return values()[bits & 0b11];
  }
}
