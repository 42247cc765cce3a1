package dev.tautline.stun.attribute;

import dev.tautline.base.WireFormatException;
import dev.tautline.base.WireReader;
import dev.tautline.base.WireWriter;
import dev.tautline.stun.TransactionId;

/**
 * RESERVATION-TOKEN: names a relayed address that was reserved; RFC 8656 section 18.10.
 *
 * @param value 8 bytes
 */
public record ReservationToken(Octets value) implements StunAttribute {
  /** The attribute's type. */
  public static final int TYPE = 0x0022;

  /**
   * Checks the length.
   *
   * @throws IllegalArgumentException if it has not 8 bytes
   */
  public ReservationToken {
    if (value.length() != 8) {
      throw new IllegalArgumentException(
          "ReservationToken has " + value.length() + " bytes, not 8");
    }
  }

  static ReservationToken parse(WireReader value) throws WireFormatException {
    return new ReservationToken(Octets.of(value.copy(8)));
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
