package dev.tautline.datachannel;

/** Makes a peer's text fit for a log line. */
final class Logs {
  private static final int MAX_CHARACTERS = 80;

  private Logs() {}

  /** In quotes, without control characters, and cut where it is long. */
  static String quoted(String text) {
    var out = new StringBuilder(Math.min(text.length(), MAX_CHARACTERS) + 8);
    out.append('"');
    for (int i = 0; i < text.length(); i++) {
      if (i == MAX_CHARACTERS) {
        out.append('…');
        break;
      }
      char c = text.charAt(i);
      if (c == '"' || c == '\\') {
        out.append('\\').append(c);
      } else if (c < 0x20
          || c >= 0x7f && c < 0xa0
          || Character.isSurrogate(c)
          || c == 0x2028
          || c == 0x2029
          || Character.getType(c) == Character.FORMAT) {
        out.append(String.format(java.util.Locale.ROOT, "\\u%04x", (int) c));
      } else {
        out.append(c);
      }
    }
    return out.append('"').toString();
  }
}
