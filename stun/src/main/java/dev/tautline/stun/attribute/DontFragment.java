package dev.tautline.stun.attribute;

import dev.tautline.base.WireFormatException;
import dev.tautline.base.WireReader;
import dev.tautline.base.WireWriter;
import dev.tautline.stun.TransactionId;

/** DONT-FRAGMENT: the relay sets DF; RFC 8656 section 18.9. */
public record DontFragment() implements StunAttribute {
  /** The attribute's type. */
  public static final int TYPE = 0x001A;

  static DontFragment parse(WireReader value) throws WireFormatException {
    // It has no value; a longer one is refused by the caller.
    return new DontFragment();
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
