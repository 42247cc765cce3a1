package dev.tautline.stun.attribute;

import dev.tautline.base.WireFormatException;
import dev.tautline.base.WireReader;
import dev.tautline.base.WireWriter;
import dev.tautline.stun.TransactionId;

/**
 * ICE-CONTROLLED: the sender follows; RFC 8445 section 16.1.
 *
 * @param tieBreaker unsigned 64 bit
 */
public record IceControlled(long tieBreaker) implements StunAttribute {
  /** The attribute's type. */
  public static final int TYPE = 0x8029;

  static IceControlled parse(WireReader value) throws WireFormatException {
    return new IceControlled(value.u64Bits());
  }

  @Override
  public int type() {
    return TYPE;
  }

  @Override
  public int valueLength() {
    return 8;
  }

  @Override
  public void writeValue(WireWriter out, TransactionId id) {
    out.u64(tieBreaker);
  }
}
