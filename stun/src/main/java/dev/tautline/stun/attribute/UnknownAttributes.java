package dev.tautline.stun.attribute;

import dev.tautline.base.WireFormatException;
import dev.tautline.base.WireReader;
import dev.tautline.base.WireWriter;
import dev.tautline.stun.TransactionId;
import java.util.ArrayList;
import java.util.List;

/**
 * UNKNOWN-ATTRIBUTES: which attributes the server does not know; RFC 8489 section 14.13.
 *
 * @param types attribute types, 0 to 0xFFFF
 */
public record UnknownAttributes(List<Integer> types) implements StunAttribute {
  /** The attribute's type. */
  public static final int TYPE = 0x000A;

  private static final int MAX_LISTED = 32;

  /** Copies the list. */
  public UnknownAttributes {
    types = List.copyOf(types);
  }

  /** The first of these types, as many as an answer should hold. */
  public static UnknownAttributes of(List<Integer> types) {
    return new UnknownAttributes(types.subList(0, Math.min(types.size(), MAX_LISTED)));
  }

  static UnknownAttributes parse(WireReader value) throws WireFormatException {
    if (value.remaining() % 2 != 0) {
      throw new WireFormatException("UNKNOWN-ATTRIBUTES ends inside an entry");
    }
    var types = new ArrayList<Integer>(value.remaining() / 2);
    while (value.remaining() > 0) {
      types.add(value.u16());
    }
    return new UnknownAttributes(types);
  }

  @Override
  public int type() {
    return TYPE;
  }

  @Override
  public int valueLength() {
    return 2 * types.size();
  }

  @Override
  public void writeValue(WireWriter out, TransactionId id) {
    for (int type : types) {
      out.u16(type);
    }
  }
}
