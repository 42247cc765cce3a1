package dev.tautline.stun.attribute;

import dev.tautline.base.WireFormatException;
import dev.tautline.base.WireReader;
import dev.tautline.base.WireWriter;
import dev.tautline.stun.TransactionId;

/**
 * PRIORITY: what a peer-reflexive candidate learnt from this check gets; RFC 8445 section 16.1.
 *
 * @param priority unsigned 32 bit
 */
public record Priority(long priority) implements StunAttribute {
  /** The attribute's type. */
  public static final int TYPE = 0x0024;

  static Priority parse(WireReader value) throws WireFormatException {
    return new Priority(value.u32());
  }

  @Override
  public int type() {
    return TYPE;
  }

  @Override
  public int valueLength() {
    return 4;
  }

  @Override
  public void writeValue(WireWriter out, TransactionId id) {
    out.u32((int) priority);
  }
}
