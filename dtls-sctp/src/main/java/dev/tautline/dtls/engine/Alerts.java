package dev.tautline.dtls.engine;

import java.util.Locale;

/** The alerts of RFC 5246 section 7.2 that this engine sends or reads. */
public final class Alerts {
  static final int WARNING = 1;
  static final int FATAL = 2;
  static final int CLOSE_NOTIFY = 0;
  static final int BAD_CERTIFICATE = 42;
  static final int NO_RENEGOTIATION = 100;

  private Alerts() {}

  static byte[] alert(int level, int description) {
    return new byte[] {(byte) level, (byte) description};
  }

  /** The alert's name in the RFC, or its number. */
  public static String name(int description) {
    return switch (description) {
      case CLOSE_NOTIFY -> "close_notify";
      case 10 -> "unexpected_message";
      case 20 -> "bad_record_mac";
      case 22 -> "record_overflow";
      case 40 -> "handshake_failure";
      case BAD_CERTIFICATE -> "bad_certificate";
      case 43 -> "unsupported_certificate";
      case 44 -> "certificate_revoked";
      case 45 -> "certificate_expired";
      case 46 -> "certificate_unknown";
      case 47 -> "illegal_parameter";
      case 48 -> "unknown_ca";
      case 49 -> "access_denied";
      case 50 -> "decode_error";
      case 51 -> "decrypt_error";
      case 70 -> "protocol_version";
      case 71 -> "insufficient_security";
      case 80 -> "internal_error";
      case 86 -> "inappropriate_fallback";
      case 90 -> "user_canceled";
      case NO_RENEGOTIATION -> "no_renegotiation";
      case 110 -> "unsupported_extension";
      default -> String.format(Locale.ROOT, "alert %d", description);
    };
  }
}
