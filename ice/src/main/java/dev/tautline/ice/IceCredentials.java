package dev.tautline.ice;

import java.util.random.RandomGenerator;

/**
 * The user name fragment and password of one side and generation, RFC 8445 section 5.3.
 *
 * @param ufrag 4 to 256 characters of {@code A-Z a-z 0-9 + /}
 * @param pwd 22 to 256 characters of the same; secret to the two peers
 */
public record IceCredentials(String ufrag, String pwd) {
  private static final String ICE_CHARS =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  private static final int MAX_LENGTH = 256;
  private static final int MIN_UFRAG = 4;
  private static final int MIN_PWD = 22;

  /**
   * Checks lengths and characters.
   *
   * @throws IllegalArgumentException if either does not have the form
   */
  public IceCredentials {
    check("ufrag", ufrag, MIN_UFRAG);
    check("pwd", pwd, MIN_PWD);
  }

  /** New ones: 48 random bits of ufrag, 144 of password. */
  public static IceCredentials generate(RandomGenerator random) {
    return new IceCredentials(token(random, 8), token(random, 24));
  }

  /** The password is left out: it is secret. */
  @Override
  public String toString() {
    return "IceCredentials[ufrag=" + ufrag + "]";
  }

  private static void check(String name, String value, int min) {
    if (value.length() < min || value.length() > MAX_LENGTH) {
      throw new IllegalArgumentException(
          name
              + " has "
              + value.length()
              + " characters, where RFC 8445 section 5.3 allows "
              + min
              + " to "
              + MAX_LENGTH);
    }
    for (int i = 0; i < value.length(); i++) {
      // RFC 8839 names ALPHA / DIGIT / "+" / "/"; "-", "_" and "=" are seen in the wild and do no
      // harm. A colon would break USERNAME apart.
      char c = value.charAt(i);
      if (ICE_CHARS.indexOf(c) < 0 && c != '-' && c != '_' && c != '=') {
        throw new IllegalArgumentException(name + " has a character that RFC 8839 does not allow");
      }
    }
  }

  private static String token(RandomGenerator random, int length) {
    byte[] bits = new byte[length];
    random.nextBytes(bits);
    var token = new StringBuilder(length);
    for (byte sixBits : bits) {
      // 64 characters: each is as likely as the others.
      token.append(ICE_CHARS.charAt(sixBits & 0x3f));
    }
    return token.toString();
  }
}
