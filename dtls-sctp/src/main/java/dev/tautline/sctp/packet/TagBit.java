package dev.tautline.sctp.packet;

/** The T bit of ABORT and SHUTDOWN COMPLETE, RFC 9260 section 8.5.1. */
public enum TagBit {
  /** T = 0: the packet carries the tag that its receiver expects. */
  RECEIVERS_TAG(0),
  /** T = 1: the sender has no association, the packet carries the tag of the packet it answers. */
  REFLECTED_TAG(1);

  private final int flags;

  TagBit(int flags) {
    this.flags = flags;
  }

  /** The chunk's flags. */
  public int flags() {
    return flags;
  }

  /** Reads the bit out of a chunk's flags; the other bits are reserved. */
  public static TagBit of(int flags) {
    return (flags & 1) == 0 ? RECEIVERS_TAG : REFLECTED_TAG;
  }
}
