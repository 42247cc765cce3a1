package dev.tautline.stun;

import java.nio.charset.StandardCharsets;
import java.security.InvalidKeyException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.text.Normalizer;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * The key of MESSAGE-INTEGRITY and MESSAGE-INTEGRITY-SHA256, RFC 8489 section 9. Immutable; may be
 * used by several threads.
 */
public final class IntegrityKey {
  private static final String SHA1 = "HmacSHA1";
  private static final String SHA256 = "HmacSHA256";

  private final byte[] key;
  // Keyed once, then copied: looking an algorithm up and keying it takes longer than the MAC of a
  // binding request. Nobody feeds these two.
  private volatile @Nullable Mac keyedSha1;
  private volatile @Nullable Mac keyedSha256;

  private IntegrityKey(byte[] key) {
    this.key = key;
  }

  /** Short-term credentials: the password itself, section 9.1.1. */
  public static IntegrityKey shortTerm(String password) {
    return new IntegrityKey(opaque(password));
  }

  /** Long-term credentials with MD5, section 9.2.2. */
  public static IntegrityKey longTermMd5(String user, String realm, String password) {
    return new IntegrityKey(digest("MD5", user, realm, password));
  }

  /** Long-term credentials with SHA-256, section 18.5.1.2. */
  public static IntegrityKey longTermSha256(String user, String realm, String password) {
    return new IntegrityKey(digest("SHA-256", user, realm, password));
  }

  /** The value of USERHASH: SHA-256 over user, a colon and realm, section 14.4. */
  public static byte[] userHash(String user, String realm) {
    return digest("SHA-256", user, realm);
  }

  /** The key's bytes, a copy. */
  public byte[] bytes() {
    return key.clone();
  }

  /** HMAC-SHA1, 20 bytes. */
  public byte[] hmacSha1(byte[] buffer, int offset, int length) {
    Mac keyed = keyedSha1;
    if (keyed == null) {
      keyed = keyed(SHA1);
      keyedSha1 = keyed;
    }
    return mac(keyed, SHA1, buffer, offset, length);
  }

  /** HMAC-SHA256, 32 bytes. */
  public byte[] hmacSha256(byte[] buffer, int offset, int length) {
    Mac keyed = keyedSha256;
    if (keyed == null) {
      keyed = keyed(SHA256);
      keyedSha256 = keyed;
    }
    return mac(keyed, SHA256, buffer, offset, length);
  }

  /** The key is left out: it is secret. */
  @Override
  public String toString() {
    return "IntegrityKey";
  }

  private byte[] mac(Mac keyed, String algorithm, byte[] buffer, int offset, int length) {
    Mac mac;
    try {
      mac = (Mac) keyed.clone();
    } catch (CloneNotSupportedException e) {
      // Another provider's; the JDK's own can be copied.
      mac = keyed(algorithm);
    }
    mac.update(buffer, offset, length);
    return mac.doFinal();
  }

  private Mac keyed(String algorithm) {
    try {
      Mac mac = Mac.getInstance(algorithm);
      // An empty key is legal for HMAC, but SecretKeySpec refuses it; one zero byte is the same key
      // after HMAC's padding.
      mac.init(new SecretKeySpec(key.length == 0 ? new byte[1] : key, algorithm));
      return mac;
    } catch (NoSuchAlgorithmException | InvalidKeyException e) {
      throw new IllegalStateException("every JDK has " + algorithm, e);
    }
  }

  private static byte[] digest(String algorithm, String... parts) {
    try {
      MessageDigest digest = MessageDigest.getInstance(algorithm);
      for (int i = 0; i < parts.length; i++) {
        if (i > 0) {
          digest.update((byte) ':');
        }
        digest.update(opaque(parts[i]));
      }
      return digest.digest();
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has " + algorithm, e);
    }
  }

  /** The OpaqueString profile of RFC 8265 section 4.2: other spaces become U+0020, then NFC. */
  private static byte[] opaque(String text) {
    var mapped = new StringBuilder(text.length());
    text.codePoints()
        .map(c -> Character.getType(c) == Character.SPACE_SEPARATOR ? ' ' : c)
        .forEach(mapped::appendCodePoint);
    return Normalizer.normalize(mapped, Normalizer.Form.NFC).getBytes(StandardCharsets.UTF_8);
  }
}
