package dev.tautline.dtls.record;

import java.security.GeneralSecurityException;
import java.security.NoSuchProviderException;
import javax.crypto.Cipher;

/** Makes the JDK's ciphers. */
final class AeadCiphers {
  private AeadCiphers() {}

  /**
   * A cipher of SunJCE, asked for by name: its AES-GCM is as fast as OpenSSL's on heap arrays, and
   * another provider in front of it may be twenty times slower. A runtime without it gives what it
   * has.
   */
  static Cipher create(AeadAlgorithm algorithm) throws GeneralSecurityException {
    String name =
        algorithm == AeadAlgorithm.CHACHA20_POLY1305 ? "ChaCha20-Poly1305" : "AES/GCM/NoPadding";
    try {
      return Cipher.getInstance(name, "SunJCE");
    } catch (NoSuchProviderException e) {
      return Cipher.getInstance(name);
    }
  }

  /** The key algorithm's name. */
  static String keyName(AeadAlgorithm algorithm) {
    return algorithm == AeadAlgorithm.CHACHA20_POLY1305 ? "ChaCha20" : "AES";
  }
}
