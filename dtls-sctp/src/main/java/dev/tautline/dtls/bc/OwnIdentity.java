package dev.tautline.dtls.bc;

import dev.tautline.dtls.DtlsCertificate;
import java.io.IOException;
import java.security.PrivateKey;
import org.bouncycastle.asn1.x509.Certificate;
import org.bouncycastle.crypto.params.AsymmetricKeyParameter;
import org.bouncycastle.crypto.util.PrivateKeyFactory;

/**
 * A certificate and its key as Bouncy Castle takes them, read once for all handshakes of a {@link
 * DtlsCertificate}. Immutable.
 */
public final class OwnIdentity {
  private final Certificate certificate;
  private final AsymmetricKeyParameter key;

  private OwnIdentity(Certificate certificate, AsymmetricKeyParameter key) {
    this.certificate = certificate;
    this.key = key;
  }

  /**
   * Reads both.
   *
   * @throws IllegalArgumentException if either cannot be read
   */
  public static OwnIdentity of(byte[] certificateDer, PrivateKey key) {
    try {
      return new OwnIdentity(
          Certificate.getInstance(certificateDer), PrivateKeyFactory.createKey(key.getEncoded()));
    } catch (IOException e) {
      throw new IllegalArgumentException("the private key cannot be read", e);
    }
  }

  Certificate certificate() {
    return certificate;
  }

  AsymmetricKeyParameter key() {
    return key;
  }
}
