package dev.tautline.stun.attribute;

import dev.tautline.base.WireFormatException;
import dev.tautline.base.WireReader;
import dev.tautline.base.WireWriter;
import dev.tautline.stun.TransactionId;

/**
 * ALTERNATE-DOMAIN: the name the alternate server's certificate has; RFC 8489 section 14.16.
 *
 * @param domain at most 763 bytes of UTF-8
 */
public record AlternateDomain(String domain) implements StunAttribute {
  /** The attribute's type. */
  public static final int TYPE = 0x8003;

  /**
   * Checks the length.
   *
   * @throws IllegalArgumentException if it is longer than {@value TextCodec#MAX_READ} bytes of
   *     UTF-8
   */
  public AlternateDomain {
    TextCodec.check("ALTERNATE-DOMAIN", domain);
  }

  static AlternateDomain parse(WireReader value) throws WireFormatException {
    return new AlternateDomain(TextCodec.read(value));
  }

  @Override
  public int type() {
    return TYPE;
  }

  @Override
  public int valueLength() {
    return TextCodec.length(domain);
  }

  @Override
  public void writeValue(WireWriter out, TransactionId id) {
    TextCodec.write(out, domain);
  }
}
