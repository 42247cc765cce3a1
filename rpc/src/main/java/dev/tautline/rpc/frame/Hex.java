package dev.tautline.rpc.frame;

import dev.tautline.rpc.message.Refusal;

/** Bytes as lower-case hex, two digits each. */
final class Hex {
  private static final char[] DIGITS = "0123456789abcdef".toCharArray();

  private Hex() {}

  static void write(byte[] bytes, StringBuilder out) {
    for (byte b : bytes) {
      out.append(DIGITS[(b >> 4) & 15]).append(DIGITS[b & 15]);
    }
  }

  /** Takes upper case too, as the original adapter does. */
  static byte[] parse(String text) {
    if (text.length() % 2 != 0) {
      throw Refusal.typeError("odd number of hex digits");
    }
    byte[] bytes = new byte[text.length() / 2];
    for (int i = 0; i < bytes.length; i++) {
      int high = digit(text.charAt(2 * i));
      int low = digit(text.charAt(2 * i + 1));
      if (high < 0 || low < 0) {
        throw Refusal.typeError("not a hex digit");
      }
      bytes[i] = (byte) (high << 4 | low);
    }
    return bytes;
  }

  private static int digit(char c) {
    if (c >= '0' && c <= '9') {
      return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
      return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
  }
}
