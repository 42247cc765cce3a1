package dev.tautline.stun.attribute;

import dev.tautline.base.WireFormatException;
import dev.tautline.base.WireReader;
import dev.tautline.base.WireWriter;
import dev.tautline.stun.TransactionId;

/**
 * USERNAME: whose credentials sign the message; RFC 8489 section 14.3.
 *
 * @param username at most 763 bytes of UTF-8
 */
public record Username(String username) implements StunAttribute {
  /** The attribute's type. */
  public static final int TYPE = 0x0006;

  /**
   * Checks the length.
   *
   * @throws IllegalArgumentException if it is longer than {@value TextCodec#MAX_READ} bytes of
   *     UTF-8
   */
  public Username {
    TextCodec.check("USERNAME", username);
  }

  static Username parse(WireReader value) throws WireFormatException {
    return new Username(TextCodec.read(value));
  }

  @Override
  public int type() {
    return TYPE;
  }

  @Override
  public int valueLength() {
    return TextCodec.length(username);
  }

  @Override
  public void writeValue(WireWriter out, TransactionId id) {
    TextCodec.write(out, username);
  }
}
