package dev.tautline.stun.attribute;

import dev.tautline.base.WireFormatException;
import dev.tautline.base.WireReader;
import dev.tautline.base.WireWriter;
import dev.tautline.stun.TransactionId;

/**
 * NONCE: what the server wants to see again; RFC 8489 section 14.10.
 *
 * @param nonce at most 763 bytes of UTF-8
 */
public record Nonce(String nonce) implements StunAttribute {
  /** The attribute's type. */
  public static final int TYPE = 0x0015;

  /**
   * Checks the length.
   *
   * @throws IllegalArgumentException if it is longer than {@value TextCodec#MAX_READ} bytes of
   *     UTF-8
   */
  public Nonce {
    TextCodec.check("NONCE", nonce);
  }

  static Nonce parse(WireReader value) throws WireFormatException {
    return new Nonce(TextCodec.read(value));
  }

  @Override
  public int type() {
    return TYPE;
  }

  @Override
  public int valueLength() {
    return TextCodec.length(nonce);
  }

  @Override
  public void writeValue(WireWriter out, TransactionId id) {
    TextCodec.write(out, nonce);
  }
}
