package dev.tautline.stun.attribute;

import dev.tautline.base.WireFormatException;
import dev.tautline.base.WireReader;
import dev.tautline.base.WireWriter;
import dev.tautline.stun.TransactionId;

/**
 * ADDRESS-ERROR-CODE: why an address of a second family was not allocated; RFC 8656 section 18.12.
 *
 * @param family 1 for IPv4, 2 for IPv6
 * @param code 300 to 699
 * @param reason for people
 */
public record AddressErrorCode(int family, int code, String reason) implements StunAttribute {
  /** The attribute's type. */
  public static final int TYPE = 0x8001;

  /** Checks code and length. */
  public AddressErrorCode {
    if (code < 300 || code > 699) {
      throw new IllegalArgumentException("error code " + code + " is not within 300 and 699");
    }
    TextCodec.check("ADDRESS-ERROR-CODE reason", reason);
  }

  static AddressErrorCode parse(WireReader value) throws WireFormatException {
    int family = value.u8();
    value.skip(1);
    int errorClass = value.u8() & 0x07;
    int number = value.u8();
    if (errorClass < 3 || errorClass > 6 || number > 99) {
      throw new WireFormatException("ADDRESS-ERROR-CODE is not within 300 and 699");
    }
    return new AddressErrorCode(family, errorClass * 100 + number, TextCodec.read(value));
  }

  @Override
  public int type() {
    return TYPE;
  }

  @Override
  public int valueLength() {
    return 4 + TextCodec.length(reason);
  }

  @Override
  public void writeValue(WireWriter out, TransactionId id) {
    out.u8(family).u8(0).u8(code / 100).u8(code % 100);
    TextCodec.write(out, reason);
  }
}
