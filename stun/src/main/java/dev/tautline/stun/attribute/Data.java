package dev.tautline.stun.attribute;

import dev.tautline.base.WireFormatException;
import dev.tautline.base.WireReader;
import dev.tautline.base.WireWriter;
import dev.tautline.stun.TransactionId;

/**
 * DATA: a datagram from or for the peer; RFC 8656 section 18.4.
 *
 * @param value the bytes
 */
public record Data(Octets value) implements StunAttribute {
  /** The attribute's type. */
  public static final int TYPE = 0x0013;

  static Data parse(WireReader value) throws WireFormatException {
    return new Data(Octets.of(value.copyRemaining()));
  }

  @Override
  public int type() {
    return TYPE;
  }

  @Override
  public int valueLength() {
    return value.length();
  }

  @Override
  public void writeValue(WireWriter out, TransactionId id) {
    value.write(out);
  }
}
