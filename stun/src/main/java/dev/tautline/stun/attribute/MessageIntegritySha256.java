package dev.tautline.stun.attribute;

/**
 * MESSAGE-INTEGRITY-SHA256: HMAC-SHA256 over what comes before it, 16 to 32 bytes of it; RFC 8489
 * section 14.6. The codec writes and verifies it.
 */
public final class MessageIntegritySha256 {
  /** The attribute's type. */
  public static final int TYPE = 0x001C;

  private MessageIntegritySha256() {}
}
