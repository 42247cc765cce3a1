package dev.tautline.stun.attribute;

import dev.tautline.base.WireFormatException;
import dev.tautline.base.WireReader;
import dev.tautline.base.WireWriter;
import dev.tautline.stun.TransactionId;

/**
 * ERROR-CODE: why a request was not served; RFC 8489 section 14.8.
 *
 * @param code 300 to 699
 * @param reason for people; at most 763 bytes of UTF-8
 */
public record ErrorCode(int code, String reason) implements StunAttribute {
  /** The attribute's type. */
  public static final int TYPE = 0x0009;

  /** Ask another server. */
  public static final int TRY_ALTERNATE = 300;

  /** The request is malformed. */
  public static final int BAD_REQUEST = 400;

  /** The credentials are missing or wrong. */
  public static final int UNAUTHENTICATED = 401;

  /** The peer does not want what it gets, RFC 7675 section 5.2; or a forbidden TURN peer. */
  public static final int FORBIDDEN = 403;

  /** An attribute that must be understood is not known. */
  public static final int UNKNOWN_ATTRIBUTE = 420;

  /** The nonce is too old. */
  public static final int STALE_NONCE = 438;

  /** Both agents have the same role, RFC 8445 section 7.3.1.1. */
  public static final int ROLE_CONFLICT = 487;

  /** The server failed. */
  public static final int SERVER_ERROR = 500;

  /** Checks code and length. */
  public ErrorCode {
    if (code < 300 || code > 699) {
      throw new IllegalArgumentException("error code " + code + " is not within 300 and 699");
    }
    TextCodec.check("ERROR-CODE reason", reason);
  }

  /** With an empty reason, which keeps the response short. */
  public static ErrorCode of(int code) {
    return new ErrorCode(code, "");
  }

  static ErrorCode parse(WireReader value) throws WireFormatException {
    value.skip(2);
    int errorClass = value.u8() & 0x07;
    int number = value.u8();
    if (errorClass < 3 || errorClass > 6 || number > 99) {
      throw new WireFormatException("ERROR-CODE is not within 300 and 699");
    }
    return new ErrorCode(errorClass * 100 + number, TextCodec.read(value));
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
    out.u16(0).u8(code / 100).u8(code % 100);
    TextCodec.write(out, reason);
  }
}
