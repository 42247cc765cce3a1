package dev.tautline.sctp.packet;

/**
 * Chunk types, RFC 9260 section 3.2 and the RFCs named below. The two high bits of an unknown type
 * say what its receiver does.
 */
public final class ChunkType {
  /** User data. */
  public static final int DATA = 0x00;

  /** Opens an association. */
  public static final int INIT = 0x01;

  /** Answers INIT. */
  public static final int INIT_ACK = 0x02;

  /** Acknowledges DATA. */
  public static final int SACK = 0x03;

  /** Asks whether the path lives. */
  public static final int HEARTBEAT = 0x04;

  /** Answers HEARTBEAT. */
  public static final int HEARTBEAT_ACK = 0x05;

  /** Ends the association at once. */
  public static final int ABORT = 0x06;

  /** Starts a graceful end. */
  public static final int SHUTDOWN = 0x07;

  /** Answers SHUTDOWN. */
  public static final int SHUTDOWN_ACK = 0x08;

  /** Reports errors that do not end the association. */
  public static final int ERROR = 0x09;

  /** Brings the cookie back. */
  public static final int COOKIE_ECHO = 0x0a;

  /** Answers COOKIE ECHO. */
  public static final int COOKIE_ACK = 0x0b;

  /** Ends a graceful end. */
  public static final int SHUTDOWN_COMPLETE = 0x0e;

  /** User data that may interleave, RFC 8260. */
  public static final int I_DATA = 0x40;

  /** Stream reset, RFC 6525. */
  public static final int RE_CONFIG = 0x82;

  /** Padding, RFC 4820. */
  public static final int PAD = 0x84;

  /** Skips abandoned messages, RFC 3758. */
  public static final int FORWARD_TSN = 0xc0;

  /** Skips abandoned messages of I-DATA, RFC 8260. */
  public static final int I_FORWARD_TSN = 0xc2;

  private ChunkType() {}

  /** Whether an unknown chunk of this type is skipped and the rest of the packet processed. */
  public static boolean skipsWhenUnknown(int type) {
    return (type & 0x80) != 0;
  }

  /** Whether an unknown chunk of this type is reported to its sender. */
  public static boolean reportsWhenUnknown(int type) {
    return (type & 0x40) != 0;
  }
}
