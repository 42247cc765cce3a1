package dev.tautline.stun.attribute;

import dev.tautline.base.WireFormatException;
import dev.tautline.base.WireReader;
import dev.tautline.base.WireWriter;
import dev.tautline.stun.TransactionId;

/**
 * SOFTWARE: what the sender runs; RFC 8489 section 14.14.
 *
 * @param description at most 763 bytes of UTF-8
 */
public record Software(String description) implements StunAttribute {
  /** The attribute's type. */
  public static final int TYPE = 0x8022;

  /**
   * Checks the length.
   *
   * @throws IllegalArgumentException if it is longer than {@value TextCodec#MAX_READ} bytes of
   *     UTF-8
   */
  public Software {
    TextCodec.check("SOFTWARE", description);
  }

  static Software parse(WireReader value) throws WireFormatException {
    return new Software(TextCodec.read(value));
  }

  @Override
  public int type() {
    return TYPE;
  }

  @Override
  public int valueLength() {
    return TextCodec.length(description);
  }

  @Override
  public void writeValue(WireWriter out, TransactionId id) {
    TextCodec.write(out, description);
  }
}
