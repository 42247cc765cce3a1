package dev.tautline.dtls.bc;

import dev.tautline.dtls.DtlsCipherSuite;
import dev.tautline.dtls.DtlsOptions;
import dev.tautline.dtls.DtlsOptions.ExtendedMasterSecret;
import java.io.IOException;
import java.util.Hashtable;
import java.util.Vector;
import org.bouncycastle.tls.CertificateRequest;
import org.bouncycastle.tls.CertificateStatusRequest;
import org.bouncycastle.tls.DefaultTlsClient;
import org.bouncycastle.tls.NamedGroup;
import org.bouncycastle.tls.ProtocolVersion;
import org.bouncycastle.tls.TlsAuthentication;
import org.bouncycastle.tls.TlsCredentials;
import org.bouncycastle.tls.TlsExtensionsUtils;
import org.bouncycastle.tls.TlsServerCertificate;
import org.jspecify.annotations.Nullable;

/** What we say and take as the DTLS client. */
final class HandshakeClient extends DefaultTlsClient {
  private final PeerCertificates certificates;
  private final DtlsOptions options;

  HandshakeClient(SealingCrypto crypto, PeerCertificates certificates, DtlsOptions options) {
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
    return options.cipherSuites().stream().mapToInt(DtlsCipherSuite::code).toArray();
  }

  @Override
  @SuppressWarnings({"JdkObsolete", "NonApiType"}) // Bouncy Castle's signature.
  protected Vector<Integer> getSupportedGroups(
      @SuppressWarnings("rawtypes") Vector namedGroupRoles) {
    var groups = new Vector<Integer>();
    groups.add(NamedGroup.x25519);
    groups.add(NamedGroup.secp256r1);
    groups.add(NamedGroup.secp384r1);
    return groups;
  }

  @Override
  protected @Nullable CertificateStatusRequest getCertificateStatusRequest() {
    return null;
  }

  @Override
  @SuppressWarnings({"rawtypes", "JdkObsolete", "NonApiType"}) // Bouncy Castle's signature.
  public Hashtable getClientExtensions() throws IOException {
    Hashtable extensions = super.getClientExtensions();
    // For CBC suites, of which we offer none.
    extensions.remove(TlsExtensionsUtils.EXT_encrypt_then_mac);
    UseSrtp.offer(extensions);
    return extensions;
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
  public TlsAuthentication getAuthentication() {
    return new TlsAuthentication() {
      @Override
      public void notifyServerCertificate(TlsServerCertificate serverCertificate)
          throws IOException {
        certificates.take(serverCertificate.getCertificate());
      }

      @Override
      public TlsCredentials getClientCredentials(CertificateRequest request) throws IOException {
        return certificates.signer(context, request.getSupportedSignatureAlgorithms());
      }
    };
  }
}
