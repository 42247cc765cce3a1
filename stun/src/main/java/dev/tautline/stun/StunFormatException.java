package dev.tautline.stun;

import dev.tautline.base.WireFormatException;

/** Bytes that are no STUN message. Such a datagram is dropped without an answer. */
public class StunFormatException extends WireFormatException {
  private static final long serialVersionUID = 1L;

  /** What is wrong with the bytes. */
  public enum Reason {
    /** The first two bits are not zero, or the cookie is not there, or it is under 20 bytes. */
    NOT_STUN,
    /** The length in the header is not that of the datagram, or no multiple of 4. */
    BAD_LENGTH,
    /** An attribute runs past the message, or its value has not the form it needs. */
    BAD_ATTRIBUTE,
    /** FINGERPRINT is wrong or not the last attribute. */
    BAD_FINGERPRINT
  }

  private final Reason reason;

  /** The message says what is wrong and does not repeat the bytes. */
  public StunFormatException(Reason reason, String message) {
    super(message);
    this.reason = reason;
  }

  /** What is wrong, for counting. */
  public Reason reason() {
    return reason;
  }
}
