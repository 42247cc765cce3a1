package dev.tautline.signalling.room;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.random.RandomGenerator;

/** Members' secrets: made, hashed, compared. */
final class Tokens {
  private static final int BYTES = 32;

  private Tokens() {}

  static String next(RandomGenerator random) {
    byte[] bytes = new byte[BYTES];
    random.nextBytes(bytes);
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
  }

  /**
   * Hashed without salt or stretching: 256 random bits cannot be guessed from their hash, and a
   * store whose contents leak gives no tokens away.
   */
  static byte[] hash(String token) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(token.getBytes(StandardCharsets.UTF_8));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  /** Compares in a time that does not depend on where the first difference is. */
  static boolean equal(byte[] hash, byte[] other) {
    return MessageDigest.isEqual(hash, other);
  }
}
