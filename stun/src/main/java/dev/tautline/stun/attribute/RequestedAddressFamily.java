package dev.tautline.stun.attribute;

import dev.tautline.base.WireFormatException;
import dev.tautline.base.WireReader;
import dev.tautline.base.WireWriter;
import dev.tautline.stun.TransactionId;

/**
 * REQUESTED-ADDRESS-FAMILY: the family of the relayed address; RFC 8656 section 18.6.
 *
 * @param family 1 for IPv4, 2 for IPv6
 */
public record RequestedAddressFamily(int family) implements StunAttribute {
  /** The attribute's type. */
  public static final int TYPE = 0x0017;

  static RequestedAddressFamily parse(WireReader value) throws WireFormatException {
    int family = value.u8();
    value.skip(3);
    return new RequestedAddressFamily(family);
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
