package dev.tautline.stun.attribute;

import dev.tautline.base.WireFormatException;
import dev.tautline.base.WireReader;
import dev.tautline.base.WireWriter;
import dev.tautline.stun.TransactionId;

/**
 * USERHASH: SHA-256 over user and realm, in place of USERNAME; RFC 8489 section 14.4.
 *
 * @param value 32 bytes
 */
public record UserHash(Octets value) implements StunAttribute {
  /** The attribute's type. */
  public static final int TYPE = 0x001E;

  /**
   * Checks the length.
   *
   * @throws IllegalArgumentException if it has not 32 bytes
   */
  public UserHash {
    if (value.length() != 32) {
      throw new IllegalArgumentException("UserHash has " + value.length() + " bytes, not 32");
    }
  }

  static UserHash parse(WireReader value) throws WireFormatException {
    return new UserHash(Octets.of(value.copy(32)));
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
