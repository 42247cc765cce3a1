package dev.tautline.stun.attribute;

/**
 * FINGERPRINT: CRC-32 over what comes before it, XOR 0x5354554E; RFC 8489 section 14.7. The codec
 * writes and verifies it.
 */
public final class Fingerprint {
  /** The attribute's type. */
  public static final int TYPE = 0x8028;

  private Fingerprint() {}
}
