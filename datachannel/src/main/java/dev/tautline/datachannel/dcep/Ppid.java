package dev.tautline.datachannel.dcep;

/** Payload protocol identifiers of data channels (RFC 8831 section 8). */
public final class Ppid {
  /** A message of this protocol. */
  public static final int DCEP = 50;

  /** A string, not empty. */
  public static final int STRING = 51;

  /** Bytes, not empty. */
  public static final int BINARY = 53;

  /** An empty string: one zero byte travels, as SCTP has no empty messages. */
  public static final int STRING_EMPTY = 56;

  /** No bytes: one zero byte travels. */
  public static final int BINARY_EMPTY = 57;

  private Ppid() {}
}
