package dev.tautline.sctp.packet;

import dev.tautline.base.WireFormatException;

/** A peer's bytes are not SCTP; the packet, or what is left of it, is dropped and counted. */
public final class SctpParseException extends WireFormatException {
  private static final long serialVersionUID = 1L;

  /** What is wrong, for counting. */
  public enum Reason {
    /** A length does not fit what it counts. */
    BAD_LENGTH,
    /** A field holds a value that the RFC forbids. */
    BAD_VALUE,
    /** A mandatory part is absent. */
    MISSING
  }

  private final Reason reason;

  /** The message says what is wrong and never repeats the peer's bytes. */
  public SctpParseException(Reason reason, String message) {
    super(message);
    this.reason = reason;
  }

  /** What is wrong. */
  public Reason reason() {
    return reason;
  }
}
