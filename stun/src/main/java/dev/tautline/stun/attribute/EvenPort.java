package dev.tautline.stun.attribute;

import dev.tautline.base.WireFormatException;
import dev.tautline.base.WireReader;
import dev.tautline.base.WireWriter;
import dev.tautline.stun.TransactionId;

/**
 * EVEN-PORT: asks for an even port; RFC 8656 section 18.7.
 *
 * @param next whether the next port is reserved
 */
public record EvenPort(Next next) implements StunAttribute {
  /** The attribute's type. */
  public static final int TYPE = 0x0018;

  /** What becomes of the next higher port. */
  public enum Next {
    /** It is reserved. */
    RESERVE,
    /** It is left alone. */
    LEAVE
  }

  static EvenPort parse(WireReader value) throws WireFormatException {
    return new EvenPort((value.u8() & 0x80) != 0 ? Next.RESERVE : Next.LEAVE);
  }

  @Override
  public int type() {
    return TYPE;
  }

  @Override
  public int valueLength() {
    return 1;
  }

  @Override
  public void writeValue(WireWriter out, TransactionId id) {
    out.u8(next == Next.RESERVE ? 0x80 : 0);
  }
}
