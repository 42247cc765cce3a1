package dev.tautline.stun.attribute;

import dev.tautline.base.WireFormatException;
import dev.tautline.base.WireReader;
import dev.tautline.base.WireWriter;
import dev.tautline.stun.TransactionId;

/**
 * CHANGE-REQUEST: asks the server to answer from its other address, its other port, or both; RFC
 * 5780 section 7.2.
 *
 * @param flags {@link #ADDRESS}, {@link #PORT}, or both
 */
public record ChangeRequest(int flags) implements StunAttribute {
  /** The attribute's type. */
  public static final int TYPE = 0x0003;

  /** Answer from the other address. */
  public static final int ADDRESS = 0x4;

  /** Answer from the other port. */
  public static final int PORT = 0x2;

  static ChangeRequest parse(WireReader value) throws WireFormatException {
    return new ChangeRequest(value.u32Bits());
  }

  @Override
  public int type() {
    return TYPE;
  }

  @Override
  public int valueLength() {
    return Integer.BYTES;
  }

  @Override
  public void writeValue(WireWriter out, TransactionId id) {
    out.u32(flags);
  }
}
