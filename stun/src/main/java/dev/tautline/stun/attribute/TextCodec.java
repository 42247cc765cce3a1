package dev.tautline.stun.attribute;

import dev.tautline.base.WireFormatException;
import dev.tautline.base.WireReader;
import dev.tautline.base.WireWriter;
import java.nio.charset.StandardCharsets;

/** Text values: UTF-8 without terminator. */
final class TextCodec {
  /** RFC 8489 section 14.9 and others: "MUST be able to handle up to 763 bytes". */
  static final int MAX_READ = 763;

  private TextCodec() {}

  static String read(WireReader value) throws WireFormatException {
    if (value.remaining() > MAX_READ) {
      throw new WireFormatException("text is longer than " + MAX_READ + " bytes");
    }
    return new String(value.copyRemaining(), StandardCharsets.UTF_8);
  }

  static int length(String text) {
    return text.getBytes(StandardCharsets.UTF_8).length;
  }

  static void write(WireWriter out, String text) {
    out.bytes(text.getBytes(StandardCharsets.UTF_8));
  }

  static void check(String name, String text) {
    // Bytes that are no UTF-8 were read as U+FFFD, which is longer than what it stands for.
    if (text.length() > MAX_READ) {
      throw new IllegalArgumentException(
          name + " has " + text.length() + " characters, the limit is " + MAX_READ);
    }
  }
}
