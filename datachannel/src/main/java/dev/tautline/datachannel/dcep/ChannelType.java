package dev.tautline.datachannel.dcep;

import org.jspecify.annotations.Nullable;

/** Order and reliability of a channel as OPEN names them, RFC 8832 section 5.1. */
public enum ChannelType {
  /** All messages, in order. */
  RELIABLE(0x00),
  /** All messages, in any order. */
  RELIABLE_UNORDERED(0x80),
  /** In order; given up after a number of retransmissions. */
  PARTIAL_RELIABLE_REXMIT(0x01),
  /** In any order; given up after a number of retransmissions. */
  PARTIAL_RELIABLE_REXMIT_UNORDERED(0x81),
  /** In order; given up after a time. */
  PARTIAL_RELIABLE_TIMED(0x02),
  /** In any order; given up after a time. */
  PARTIAL_RELIABLE_TIMED_UNORDERED(0x82);

  private static final int UNORDERED_BIT = 0x80;

  private final int code;

  ChannelType(int code) {
    this.code = code;
  }

  /** The type with this code, or null. */
  public static @Nullable ChannelType of(int code) {
    for (ChannelType type : values()) {
      if (type.code == code) {
        return type;
      }
    }
    return null;
  }

  /** The code on the wire. */
  public int code() {
    return code;
  }

  /** Whether messages keep their order. */
  public boolean ordered() {
    return (code & UNORDERED_BIT) == 0;
  }

  /** Whether the reliability parameter counts retransmissions. */
  public boolean limitsRetransmits() {
    return (code & ~UNORDERED_BIT) == PARTIAL_RELIABLE_REXMIT.code;
  }

  /** Whether the reliability parameter is a time in milliseconds. */
  public boolean limitsLifetime() {
    return (code & ~UNORDERED_BIT) == PARTIAL_RELIABLE_TIMED.code;
  }
}
