package dev.tautline.dtls.bc;

import dev.tautline.dtls.engine.PeerTrust;
import java.io.IOException;
import java.util.Vector;
import org.bouncycastle.tls.AlertDescription;
import org.bouncycastle.tls.Certificate;
import org.bouncycastle.tls.HashAlgorithm;
import org.bouncycastle.tls.SignatureAlgorithm;
import org.bouncycastle.tls.SignatureAndHashAlgorithm;
import org.bouncycastle.tls.TlsContext;
import org.bouncycastle.tls.TlsCredentialedSigner;
import org.bouncycastle.tls.TlsFatalAlert;
import org.bouncycastle.tls.crypto.TlsCertificate;
import org.bouncycastle.tls.crypto.TlsCryptoParameters;
import org.bouncycastle.tls.crypto.impl.bc.BcDefaultTlsCredentialedSigner;
import org.bouncycastle.tls.crypto.impl.bc.BcTlsCertificate;
import org.bouncycastle.tls.crypto.impl.bc.BcTlsCrypto;
import org.jspecify.annotations.Nullable;

/** Our certificate and the peer's: the same for both roles. */
final class PeerCertificates {
  private final BcTlsCrypto crypto;
  private final OwnIdentity own;
  private final PeerTrust trust;
  private byte @Nullable [] peerCertificate;
  private boolean mismatch;

  PeerCertificates(BcTlsCrypto crypto, OwnIdentity own, PeerTrust trust) {
    this.crypto = crypto;
    this.own = own;
    this.trust = trust;
  }

  boolean isMismatch() {
    return mismatch;
  }

  byte[] peerCertificate() {
    byte[] certificate = peerCertificate;
    if (certificate == null) {
      throw new IllegalStateException("the handshake ended without the peer's certificate");
    }
    return certificate;
  }

  /**
   * Takes the peer's certificate. Chain, dates, names and usage count for nothing: the fingerprint
   * is all, and where it is known already a wrong certificate ends the handshake here.
   */
  void take(@Nullable Certificate chain) throws IOException {
    if (chain == null || chain.isEmpty()) {
      throw new TlsFatalAlert(AlertDescription.handshake_failure, "the peer has no certificate");
    }
    byte[] certificate = chain.getCertificateAt(0).getEncoded();
    peerCertificate = certificate;
    if (trust.judge(certificate) == PeerTrust.Verdict.MISMATCH) {
      mismatch = true;
      throw new TlsFatalAlert(AlertDescription.bad_certificate);
    }
  }

  /**
   * Signs with our key.
   *
   * @param peerAlgorithms what the peer verifies, or null where it did not say
   */
  TlsCredentialedSigner signer(TlsContext context, @Nullable Vector<?> peerAlgorithms)
      throws IOException {
    var chain =
        new Certificate(new TlsCertificate[] {new BcTlsCertificate(crypto, own.certificate())});
    return new BcDefaultTlsCredentialedSigner(
        new TlsCryptoParameters(context), crypto, own.key(), chain, algorithm(peerAlgorithms));
  }

  private static SignatureAndHashAlgorithm algorithm(@Nullable Vector<?> peerAlgorithms)
      throws TlsFatalAlert {
    var preferred =
        SignatureAndHashAlgorithm.getInstance(HashAlgorithm.sha256, SignatureAlgorithm.ecdsa);
    if (peerAlgorithms == null || peerAlgorithms.contains(preferred)) {
      return preferred;
    }
    for (Object offered : peerAlgorithms) {
      if (offered instanceof SignatureAndHashAlgorithm algorithm
          && algorithm.getSignature() == SignatureAlgorithm.ecdsa
          && algorithm.getHash() >= HashAlgorithm.sha256) {
        return algorithm;
      }
    }
    throw new TlsFatalAlert(
        AlertDescription.handshake_failure, "the peer does not verify ECDSA signatures");
  }
}
