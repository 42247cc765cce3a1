package dev.tautline.stun.attribute;

import dev.tautline.base.WireWriter;
import dev.tautline.stun.TransactionId;

/**
 * An attribute this module does not know.
 *
 * @param type 0 to 0xFFFF
 * @param value its bytes
 */
public record UnknownAttribute(int type, Octets value) implements StunAttribute {
  @Override
  public int valueLength() {
    return value.length();
  }

  @Override
  public void writeValue(WireWriter out, TransactionId id) {
    value.write(out);
  }
}
