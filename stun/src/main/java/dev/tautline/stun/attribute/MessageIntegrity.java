package dev.tautline.stun.attribute;

/**
 * MESSAGE-INTEGRITY: HMAC-SHA1 over what comes before it; RFC 8489 section 14.5. Its value depends
 * on the other bytes, so the codec writes and verifies it, and it is no part of a message's
 * attributes.
 */
public final class MessageIntegrity {
  /** The attribute's type. */
  public static final int TYPE = 0x0008;

  private MessageIntegrity() {}
}
