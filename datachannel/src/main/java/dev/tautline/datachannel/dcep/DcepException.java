package dev.tautline.datachannel.dcep;

import dev.tautline.base.WireFormatException;

/** A peer's DCEP message is malformed: its stream is closed, the connection lives on. */
public final class DcepException extends WireFormatException {
  private static final long serialVersionUID = 1L;

  /** What is wrong about a message. */
  public enum Reason {
    /** Neither OPEN nor ACK. */
    UNKNOWN_MESSAGE,
    /** The lengths do not add up to the message. */
    BAD_LENGTH,
    /** A channel type that RFC 8832 does not know. */
    UNKNOWN_CHANNEL_TYPE
  }

  private final Reason reason;

  /** The detail never repeats the peer's bytes. */
  public DcepException(Reason reason, String detail) {
    super(detail);
    this.reason = reason;
  }

  /** What is wrong. */
  public Reason reason() {
    return reason;
  }
}
