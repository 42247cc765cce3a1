package dev.tautline.stun.attribute;

import dev.tautline.base.WireFormatException;
import dev.tautline.base.WireReader;
import dev.tautline.base.WireWriter;
import dev.tautline.stun.TransactionId;

/**
 * LIFETIME: how long an allocation lasts; RFC 8656 section 18.2.
 *
 * @param seconds unsigned 32 bit
 */
public record Lifetime(long seconds) implements StunAttribute {
  /** The attribute's type. */
  public static final int TYPE = 0x000D;

  static Lifetime parse(WireReader value) throws WireFormatException {
    return new Lifetime(value.u32());
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
    out.u32((int) seconds);
  }
}
