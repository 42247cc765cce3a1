package dev.tautline.dtls.bc;

import dev.tautline.dtls.DtlsCipherSuite;
import dev.tautline.dtls.DtlsOptions;
import dev.tautline.dtls.DtlsOptions.ExtendedMasterSecret;
import java.io.IOException;
import java.util.Hashtable;
import org.bouncycastle.tls.Certificate;
import org.bouncycastle.tls.CertificateRequest;
import org.bouncycastle.tls.ClientCertificateType;
import org.bouncycastle.tls.DefaultTlsServer;
import org.bouncycastle.tls.NamedGroup;
import org.bouncycastle.tls.ProtocolVersion;
import org.bouncycastle.tls.TlsCredentialedSigner;
import org.bouncycastle.tls.TlsExtensionsUtils;
import org.bouncycastle.tls.TlsUtils;

/** What we say and take as the DTLS server. */
final class HandshakeServer extends DefaultTlsServer {
  private static final int[] GROUPS = {
    NamedGroup.x25519, NamedGroup.secp256r1, NamedGroup.secp384r1
  };

  private final PeerCertificates certificates;
  private final DtlsOptions options;

  HandshakeServer(SealingCrypto crypto, PeerCertificates certificates, DtlsOptions options) {
    super(crypto);
    this.certificates = certificates;
    this.options = options;
  }

  @Override
  protected ProtocolVersion[] getSupportedVersions() {
    return new ProtocolVersion[] {ProtocolVersion.DTLSv12};
  }

  @Override
  protected int[] getSupportedCipherSuites() {
    // Our certificate is ECDSA's.
    return options.cipherSuites().stream()
        .filter(suite -> !suite.needsRsaCertificate())
        .mapToInt(DtlsCipherSuite::code)
        .toArray();
  }

  @Override
  protected boolean preferLocalCipherSuites() {
    return true;
  }

  @Override
  public int[] getSupportedGroups() {
    return GROUPS.clone();
  }

  @Override
  protected int selectECDH(int minimumCurveBits) {
    int[] offered = context.getSecurityParametersHandshake().getClientSupportedGroups();
    if (offered == null) {
      return NamedGroup.secp256r1;
    }
    // The library would take any group it knows by size; browsers name hybrid ones first, which
    // TLS 1.2 does not have.
    for (int group : GROUPS) {
      for (int candidate : offered) {
        if (candidate == group) {
          return group;
        }
      }
    }
    return -1;
  }

  @Override
  @SuppressWarnings({"rawtypes", "JdkObsolete", "NonApiType"}) // Bouncy Castle's signature.
  public Hashtable getServerExtensions() throws IOException {
    Hashtable extensions = super.getServerExtensions();
    // A limit on record lengths would hold for data too, and SCTP's packets do not heed it.
    extensions.remove(TlsExtensionsUtils.EXT_max_fragment_length);
    extensions.remove(TlsExtensionsUtils.EXT_status_request);
    UseSrtp.answer(clientExtensions, extensions);
    return extensions;
  }

  @Override
  protected boolean allowCertificateStatus() {
    return false;
  }

  @Override
  public boolean requiresExtendedMasterSecret() {
    return options.extendedMasterSecret() == ExtendedMasterSecret.REQUIRED;
  }

  @Override
  public void notifySecureRenegotiation(boolean secureRenegotiation) {
    // We never renegotiate, so a peer that cannot do it securely is as good as one that can.
  }

  @Override
  @SuppressWarnings("deprecation") // Says that chains are not checked: the fingerprint is all.
  public boolean shouldCheckSigAlgOfPeerCerts() {
    return false;
  }

  @Override
  public int getHandshakeTimeoutMillis() {
    return Patience.handshakeTimeoutMillis(options);
  }

  @Override
  public int getHandshakeResendTimeMillis() {
    return Patience.handshakeTimeoutMillis(options);
  }

  @Override
  public CertificateRequest getCertificateRequest() {
    return new CertificateRequest(
        new short[] {ClientCertificateType.ecdsa_sign, ClientCertificateType.rsa_sign},
        TlsUtils.getDefaultSupportedSignatureAlgorithms(context),
        null);
  }

  @Override
  public void notifyClientCertificate(Certificate clientCertificate) throws IOException {
    certificates.take(clientCertificate);
  }

  @Override
  protected TlsCredentialedSigner getECDSASignerCredentials() throws IOException {
    return certificates.signer(
        context, context.getSecurityParametersHandshake().getClientSigAlgs());
  }
}
