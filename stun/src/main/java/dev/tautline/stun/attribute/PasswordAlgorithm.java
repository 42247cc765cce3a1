package dev.tautline.stun.attribute;

import dev.tautline.base.WireFormatException;
import dev.tautline.base.WireReader;
import dev.tautline.base.WireWriter;
import dev.tautline.stun.TransactionId;

/**
 * PASSWORD-ALGORITHM: how the client made its key; RFC 8489 section 14.12.
 *
 * @param entry algorithm and parameters
 */
public record PasswordAlgorithm(PasswordAlgorithms.Entry entry) implements StunAttribute {
  /** The attribute's type. */
  public static final int TYPE = 0x001D;

  static PasswordAlgorithm parse(WireReader value) throws WireFormatException {
    return new PasswordAlgorithm(PasswordAlgorithms.Entry.parse(value));
  }

  @Override
  public int type() {
    return TYPE;
  }

  @Override
  public int valueLength() {
    return entry.encodedLength();
  }

  @Override
  public void writeValue(WireWriter out, TransactionId id) {
    entry.write(out);
  }
}
