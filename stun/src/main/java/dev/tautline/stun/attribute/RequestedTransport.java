package dev.tautline.stun.attribute;

import dev.tautline.base.WireFormatException;
import dev.tautline.base.WireReader;
import dev.tautline.base.WireWriter;
import dev.tautline.stun.TransactionId;

/**
 * REQUESTED-TRANSPORT: over what the relay speaks to peers; RFC 8656 section 18.8.
 *
 * @param protocol an IP protocol number, 17 for UDP
 */
public record RequestedTransport(int protocol) implements StunAttribute {
  /** The attribute's type. */
  public static final int TYPE = 0x0019;

  static RequestedTransport parse(WireReader value) throws WireFormatException {
    int protocol = value.u8();
    value.skip(3);
    return new RequestedTransport(protocol);
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
    out.u8(protocol).zeros(3);
  }
}
