package dev.tautline.stun.attribute;

import dev.tautline.base.WireFormatException;
import dev.tautline.base.WireReader;
import dev.tautline.base.WireWriter;
import dev.tautline.stun.TransactionId;

/**
 * ICMP: what the network told the TURN server of a datagram; RFC 8656 section 18.13.
 *
 * @param icmpType 0 to 255
 * @param icmpCode 0 to 255
 * @param errorData 32 bits, such as the MTU
 */
public record Icmp(int icmpType, int icmpCode, int errorData) implements StunAttribute {
  /** The attribute's type. */
  public static final int TYPE = 0x8004;

  static Icmp parse(WireReader value) throws WireFormatException {
    value.skip(2);
    return new Icmp(value.u8(), value.u8(), value.u32Bits());
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
    out.zeros(2).u8(icmpType).u8(icmpCode).u32(errorData);
  }
}
