package dev.tautline.stun.attribute;

import dev.tautline.base.WireFormatException;
import dev.tautline.base.WireReader;
import dev.tautline.base.WireWriter;
import dev.tautline.stun.TransactionId;

/**
 * CHANNEL-NUMBER: the channel bound to a peer; RFC 8656 section 18.1.
 *
 * @param number 0x4000 to 0x4FFF in use
 */
public record ChannelNumber(int number) implements StunAttribute {
  /** The attribute's type. */
  public static final int TYPE = 0x000C;

  static ChannelNumber parse(WireReader value) throws WireFormatException {
    int number = value.u16();
    value.skip(2);
    return new ChannelNumber(number);
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
    out.u16(number).u16(0);
  }
}
