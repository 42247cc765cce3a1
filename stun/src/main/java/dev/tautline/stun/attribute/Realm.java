package dev.tautline.stun.attribute;

import dev.tautline.base.WireFormatException;
import dev.tautline.base.WireReader;
import dev.tautline.base.WireWriter;
import dev.tautline.stun.TransactionId;

/**
 * REALM: whom long-term credentials are for; RFC 8489 section 14.9.
 *
 * @param realm at most 763 bytes of UTF-8
 */
public record Realm(String realm) implements StunAttribute {
  /** The attribute's type. */
  public static final int TYPE = 0x0014;

  /**
   * Checks the length.
   *
   * @throws IllegalArgumentException if it is longer than {@value TextCodec#MAX_READ} bytes of
   *     UTF-8
   */
  public Realm {
    TextCodec.check("REALM", realm);
  }

  static Realm parse(WireReader value) throws WireFormatException {
    return new Realm(TextCodec.read(value));
  }

  @Override
  public int type() {
    return TYPE;
  }

  @Override
  public int valueLength() {
    return TextCodec.length(realm);
  }

  @Override
  public void writeValue(WireWriter out, TransactionId id) {
    TextCodec.write(out, realm);
  }
}
