package dev.tautline.dtls;

import dev.tautline.dtls.bc.OwnIdentity;
import dev.tautline.dtls.bc.SelfSigned;
import java.io.ByteArrayInputStream;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.interfaces.ECKey;
import java.time.Instant;

/**
 * A certificate with its private key: what a peer shows of itself. Immutable; may serve any number
 * of connections.
 */
public final class DtlsCertificate {
  private final byte[] der;
  private final PrivateKey key;
  private final Fingerprint fingerprint;
  private final Instant notAfter;
  private final OwnIdentity identity;

  private DtlsCertificate(byte[] der, PrivateKey key, Instant notAfter) {
    this.der = der;
    this.key = key;
    this.identity = OwnIdentity.of(der, key);
    this.notAfter = notAfter;
    this.fingerprint = Fingerprint.ofCertificate(der);
  }

  /**
   * A new self-signed certificate: ECDSA on P-256, random serial number and name, valid from a day
   * ago for thirty days from now.
   *
   * @param random where the key comes from
   */
  public static DtlsCertificate generate(SecureRandom random) {
    return SelfSigned.generate(random, Instant.now());
  }

  /** As {@link #generate(SecureRandom)}, with a random source of its own. */
  public static DtlsCertificate generate() {
    return generate(new SecureRandom());
  }

  /**
   * A certificate that exists already.
   *
   * @param certificateDer the certificate in DER
   * @param key its private key, ECDSA, with an encoding
   * @throws IllegalArgumentException if the key is of another kind or one of both cannot be read
   */
  public static DtlsCertificate of(byte[] certificateDer, PrivateKey key) {
    if (!(key instanceof ECKey) || key.getEncoded() == null) {
      throw new IllegalArgumentException(
          "a private key of " + key.getAlgorithm() + ", where an encodable EC key is needed");
    }
    try {
      var certificate =
          (X509Certificate)
              CertificateFactory.getInstance("X.509")
                  .generateCertificate(new ByteArrayInputStream(certificateDer));
      return new DtlsCertificate(
          certificateDer.clone(), key, certificate.getNotAfter().toInstant());
    } catch (CertificateException e) {
      throw new IllegalArgumentException("the certificate cannot be read", e);
    }
  }

  /** The fingerprint by SHA-256. */
  public Fingerprint fingerprint() {
    return fingerprint;
  }

  /** The certificate in DER. */
  public byte[] certificateDer() {
    return der.clone();
  }

  /** The private key. */
  public PrivateKey privateKey() {
    return key;
  }

  OwnIdentity identity() {
    return identity;
  }

  /** When it expires. Peers do not look; it says when to make another one. */
  public Instant notAfter() {
    return notAfter;
  }

  /** The fingerprint; never the key. */
  @Override
  public String toString() {
    return "DtlsCertificate[" + fingerprint.toSdp() + "]";
  }
}
