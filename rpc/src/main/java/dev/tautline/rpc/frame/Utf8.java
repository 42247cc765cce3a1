package dev.tautline.rpc.frame;

/** Sizes as channels count them: in UTF-8 bytes. */
public final class Utf8 {
  private Utf8() {}

  /** UTF-8 bytes of the text; a lone surrogate counts as the three bytes it is replaced by. */
  public static int length(CharSequence text) {
    int bytes = text.length();
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c < 0x80) {
        continue;
      }
      if (c < 0x800) {
        bytes++;
      } else if (Character.isHighSurrogate(c)
          && i + 1 < text.length()
          && Character.isLowSurrogate(text.charAt(i + 1))) {
        bytes += 2;
        i++;
      } else {
        bytes += 2;
      }
    }
    return bytes;
  }
}
