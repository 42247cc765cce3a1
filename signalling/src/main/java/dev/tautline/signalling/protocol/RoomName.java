package dev.tautline.signalling.protocol;

/**
 * A room's name: 1 to 64 letters, digits, {@code . _ ~ -} of ASCII, a letter or digit first.
 *
 * @param value the name, which is its form in a URL, too: none of the characters needs an escape
 */
public record RoomName(String value) {
  /** The most characters that a name has. */
  public static final int MAX_LENGTH = 64;

  /**
   * Checks the shape.
   *
   * @throws IllegalArgumentException when the shape is wrong; the message says what is allowed
   */
  public RoomName {
    if (!isValid(value)) {
      throw new IllegalArgumentException(
          "A room name has 1 to "
              + MAX_LENGTH
              + " letters, digits or . _ ~ - (ASCII), a letter or digit first");
    }
  }

  /** Whether the text has a name's shape. */
  public static boolean isValid(String text) {
    if (text.isEmpty() || text.length() > MAX_LENGTH || !isLetterOrDigit(text.charAt(0))) {
      return false;
    }
    for (int i = 1; i < text.length(); i++) {
      char c = text.charAt(i);
      if (!isLetterOrDigit(c) && c != '.' && c != '_' && c != '~' && c != '-') {
        return false;
      }
    }
    return true;
  }

  private static boolean isLetterOrDigit(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  }

  @Override
  public String toString() {
    return value;
  }
}
