package dev.tautline.stun.attribute;

import dev.tautline.base.WireFormatException;
import dev.tautline.base.WireReader;
import dev.tautline.base.WireWriter;
import dev.tautline.stun.TransactionId;

/**
 * ADDITIONAL-ADDRESS-FAMILY: asks for a relayed address of a second family; RFC 8656 section 18.11.
 *
 * @param family 2 for IPv6
 */
public record AdditionalAddressFamily(int family) implements StunAttribute {
  /** The attribute's type. */
  public static final int TYPE = 0x8000;

  static AdditionalAddressFamily parse(WireReader value) throws WireFormatException {
    int family = value.u8();
    value.skip(3);
    return new AdditionalAddressFamily(family);
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
    out.u8(family).zeros(3);
  }
}
