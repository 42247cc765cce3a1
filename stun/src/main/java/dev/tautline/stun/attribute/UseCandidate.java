package dev.tautline.stun.attribute;

import dev.tautline.base.WireFormatException;
import dev.tautline.base.WireReader;
import dev.tautline.base.WireWriter;
import dev.tautline.stun.TransactionId;

/** USE-CANDIDATE: nominates the pair; RFC 8445 section 16.1. */
public record UseCandidate() implements StunAttribute {
  /** The attribute's type. */
  public static final int TYPE = 0x0025;

  static UseCandidate parse(WireReader value) throws WireFormatException {
    // It has no value; a longer one is refused by the caller.
    return new UseCandidate();
  }

  @Override
  public int type() {
    return TYPE;
  }

  @Override
  public int valueLength() {
    return 0;
  }

  @Override
  public void writeValue(WireWriter out, TransactionId id) {
    // It has no value.
  }
}
