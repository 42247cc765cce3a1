package dev.tautline.dtls;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * A certificate's fingerprint as SDP carries it, RFC 8122 section 5.
 *
 * @param algorithm the hash's name in lower case, such as {@code sha-256}
 * @param value the hash in upper-case hexadecimal, bytes divided by colons
 */
public record Fingerprint(String algorithm, String value) {
  private static final HexFormat HEX = HexFormat.ofDelimiter(":").withUpperCase();

  /**
   * The hashes that count, strongest first. SHA-1 counts only where nothing better is announced;
   * MD5 and MD2 never do (RFC 8122 section 5).
   */
  private static final List<String> STRONGEST_FIRST =
      List.of("sha-512", "sha-384", "sha-256", "sha-1");

  /**
   * Brings both parts to their one form.
   *
   * @throws IllegalArgumentException if the value is not bytes in hexadecimal divided by colons, or
   *     has not the hash's length
   */
  public Fingerprint {
    algorithm = algorithm.toLowerCase(Locale.ROOT);
    value = value.toUpperCase(Locale.ROOT);
    byte[] hash = HEX.parseHex(value);
    int expected = hashBytes(algorithm);
    if (hash.length == 0 || expected != 0 && hash.length != expected) {
      throw new IllegalArgumentException(
          "a fingerprint of " + algorithm + " has " + expected + " bytes, not " + hash.length);
    }
  }

  /**
   * Parses the value of {@code a=fingerprint:}, such as {@code sha-256 4A:AD:…}, in any letter
   * case. A hash that is not supported is parsed too; it never matches.
   *
   * @throws IllegalArgumentException if it has not that form
   */
  public static Fingerprint parse(String sdpValue) {
    String trimmed = sdpValue.trim();
    int space = trimmed.indexOf(' ');
    if (space <= 0) {
      throw new IllegalArgumentException("a fingerprint is a hash's name, a space and the hash");
    }
    return new Fingerprint(trimmed.substring(0, space), trimmed.substring(space + 1).trim());
  }

  /** The fingerprint of a certificate in DER by SHA-256, which every peer supports. */
  public static Fingerprint ofCertificate(byte[] derCertificate) {
    return ofCertificate("sha-256", derCertificate);
  }

  /**
   * The fingerprint of a certificate in DER.
   *
   * @param algorithm {@code sha-256}, {@code sha-384}, {@code sha-512} or {@code sha-1}
   * @throws IllegalArgumentException if the hash is not supported
   */
  public static Fingerprint ofCertificate(String algorithm, byte[] derCertificate) {
    String name = algorithm.toLowerCase(Locale.ROOT);
    if (!STRONGEST_FIRST.contains(name)) {
      throw new IllegalArgumentException("fingerprint hash " + algorithm + " is not supported");
    }
    return new Fingerprint(name, HEX.formatHex(hash(name, derCertificate)));
  }

  /** The value of {@code a=fingerprint:}. */
  public String toSdp() {
    return algorithm + " " + value;
  }

  /** Whether this hash may decide at all. */
  public boolean isSupported() {
    return STRONGEST_FIRST.contains(algorithm);
  }

  /**
   * Whether this is the certificate's fingerprint; compared in constant time. False for a hash that
   * is not supported.
   */
  public boolean matches(byte[] derCertificate) {
    return isSupported()
        && MessageDigest.isEqual(HEX.parseHex(value), hash(algorithm, derCertificate));
  }

  /**
   * Those that count of what a peer announced: all of the strongest supported hash. Empty when none
   * is supported.
   */
  public static List<Fingerprint> strongest(List<Fingerprint> announced) {
    Optional<String> hash =
        STRONGEST_FIRST.stream()
            .filter(name -> announced.stream().anyMatch(f -> f.algorithm().equals(name)))
            .findFirst();
    return hash.map(name -> announced.stream().filter(f -> f.algorithm().equals(name)).toList())
        .orElse(List.of());
  }

  private static int hashBytes(String algorithm) {
    return switch (algorithm) {
      case "sha-512" -> 64;
      case "sha-384" -> 48;
      case "sha-256" -> 32;
      case "sha-1" -> 20;
      default -> 0;
    };
  }

  private static byte[] hash(String algorithm, byte[] bytes) {
    try {
      // The JDK's names are those of SDP in upper case.
      return MessageDigest.getInstance(algorithm.toUpperCase(Locale.ROOT)).digest(bytes);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has " + algorithm, e);
    }
  }
}
