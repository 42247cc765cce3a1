package dev.tautline.dtls.bc;

import dev.tautline.dtls.DtlsCertificate;
import java.io.IOException;
import java.security.SecureRandom;
import java.util.Hashtable;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.bouncycastle.crypto.util.PrivateKeyFactory;
import org.bouncycastle.tls.Certificate;
import org.bouncycastle.tls.CertificateRequest;
import org.bouncycastle.tls.ClientCertificateType;
import org.bouncycastle.tls.DTLSClientProtocol;
import org.bouncycastle.tls.DTLSServerProtocol;
import org.bouncycastle.tls.DTLSTransport;
import org.bouncycastle.tls.DatagramTransport;
import org.bouncycastle.tls.DefaultTlsClient;
import org.bouncycastle.tls.DefaultTlsServer;
import org.bouncycastle.tls.HashAlgorithm;
import org.bouncycastle.tls.ProtocolVersion;
import org.bouncycastle.tls.SignatureAlgorithm;
import org.bouncycastle.tls.SignatureAndHashAlgorithm;
import org.bouncycastle.tls.TlsAuthentication;
import org.bouncycastle.tls.TlsContext;
import org.bouncycastle.tls.TlsCredentialedSigner;
import org.bouncycastle.tls.TlsCredentials;
import org.bouncycastle.tls.TlsServerCertificate;
import org.bouncycastle.tls.TlsUtils;
import org.bouncycastle.tls.crypto.TlsCertificate;
import org.bouncycastle.tls.crypto.TlsCryptoParameters;
import org.bouncycastle.tls.crypto.impl.bc.BcDefaultTlsCredentialedSigner;
import org.bouncycastle.tls.crypto.impl.bc.BcTlsCrypto;

/** Bouncy Castle as it comes, with its own records, timers and cipher. */
final class StockPeer implements AutoCloseable {
  /** How a stock client differs. */
  enum Flavour {
    PLAIN,
    /** Offers what browsers of 2026 offer: 1.3 first, and a key share that fills a datagram. */
    BROWSER,
    /** Knows no extended master secret. */
    WITHOUT_EXTENDED_MASTER_SECRET,
    /** Asks for short records. */
    SHORT_RECORDS
  }

  private final BlockingQueue<byte[]> inbound = new ArrayBlockingQueue<>(1000);
  private final Consumer<byte[]> network;
  private final DtlsCertificate certificate;
  private final BcTlsCrypto crypto = new BcTlsCrypto(new SecureRandom());
  private final int sendLimit;
  private final CompletableFuture<DTLSTransport> connected = new CompletableFuture<>();

  StockPeer(Consumer<byte[]> network, DtlsCertificate certificate, int sendLimit) {
    this.network = network;
    this.certificate = certificate;
    this.sendLimit = sendLimit;
  }

  void datagram(byte[] datagram) {
    if (!inbound.offer(datagram)) {
      throw new AssertionError("the stock peer does not read");
    }
  }

  CompletableFuture<DTLSTransport> connected() {
    return connected;
  }

  void connect(int cipherSuite, Flavour flavour) {
    run(() -> new DTLSClientProtocol().connect(new Client(cipherSuite, flavour), new Transport()));
  }

  void accept(int cipherSuite) {
    run(() -> new DTLSServerProtocol().accept(new Server(cipherSuite), new Transport()));
  }

  private interface Handshake {
    DTLSTransport run() throws IOException;
  }

  private void run(Handshake handshake) {
    var thread =
        new Thread(
            () -> {
              try {
                connected.complete(handshake.run());
              } catch (IOException | RuntimeException e) {
                connected.completeExceptionally(e);
              }
            },
            "stock-peer");
    thread.setDaemon(true);
    thread.start();
  }

  /** The next application data, or null when none comes. */
  byte[] receive() throws IOException {
    byte[] buffer = new byte[2000];
    int length = connected.join().receive(buffer, 0, buffer.length, 5_000);
    return java.util.Arrays.copyOf(buffer, Math.max(0, length));
  }

  void send(byte[] data) throws IOException {
    connected.join().send(data, 0, data.length);
  }

  @Override
  public void close() throws IOException {
    if (connected.isDone() && !connected.isCompletedExceptionally()) {
      connected.join().close();
    }
  }

  private TlsCredentialedSigner signer(TlsContext context) throws IOException {
    return new BcDefaultTlsCredentialedSigner(
        new TlsCryptoParameters(context),
        crypto,
        PrivateKeyFactory.createKey(certificate.privateKey().getEncoded()),
        new Certificate(
            new TlsCertificate[] {crypto.createCertificate(certificate.certificateDer())}),
        SignatureAndHashAlgorithm.getInstance(HashAlgorithm.sha256, SignatureAlgorithm.ecdsa));
  }

  private final class Transport implements DatagramTransport {
    @Override
    public int getReceiveLimit() {
      return 2000;
    }

    @Override
    public int getSendLimit() {
      return sendLimit;
    }

    @Override
    public int receive(byte[] buffer, int offset, int length, int waitMillis) throws IOException {
      try {
        byte[] datagram = inbound.poll(waitMillis, TimeUnit.MILLISECONDS);
        if (datagram == null) {
          return -1;
        }
        System.arraycopy(datagram, 0, buffer, offset, datagram.length);
        return datagram.length;
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IOException(e);
      }
    }

    @Override
    public void send(byte[] buffer, int offset, int length) {
      network.accept(java.util.Arrays.copyOfRange(buffer, offset, offset + length));
    }

    @Override
    public void close() {}
  }

  private final class Client extends DefaultTlsClient {
    private final int cipherSuite;
    private final Flavour flavour;

    Client(int cipherSuite, Flavour flavour) {
      super(StockPeer.this.crypto);
      this.cipherSuite = cipherSuite;
      this.flavour = flavour;
    }

    @Override
    protected ProtocolVersion[] getSupportedVersions() {
      return new ProtocolVersion[] {ProtocolVersion.DTLSv12};
    }

    @Override
    protected int[] getSupportedCipherSuites() {
      return new int[] {cipherSuite};
    }

    @Override
    public boolean shouldUseExtendedMasterSecret() {
      return flavour != Flavour.WITHOUT_EXTENDED_MASTER_SECRET;
    }

    @Override
    @SuppressWarnings({"unchecked", "rawtypes"})
    public Hashtable getClientExtensions() throws IOException {
      Hashtable extensions = super.getClientExtensions();
      if (flavour == Flavour.BROWSER) {
        // supported_versions: DTLS 1.3, 1.2; a key share of X25519MLKEM768 and its group first.
        extensions.put(43, new byte[] {4, (byte) 0xfe, (byte) 0xfc, (byte) 0xfe, (byte) 0xfd});
        extensions.put(10, new byte[] {0, 6, 0x11, (byte) 0xec, 0, 0x1d, 0, 0x17});
        byte[] keyShare = new byte[2 + 4 + 1216];
        keyShare[0] = (byte) ((keyShare.length - 2) >> 8);
        keyShare[1] = (byte) (keyShare.length - 2);
        keyShare[2] = 0x11;
        keyShare[3] = (byte) 0xec;
        keyShare[4] = (byte) (1216 >> 8);
        keyShare[5] = (byte) 1216;
        extensions.put(51, keyShare);
      } else if (flavour == Flavour.SHORT_RECORDS) {
        extensions.put(1, new byte[] {1});
      }
      return extensions;
    }

    @Override
    public TlsAuthentication getAuthentication() {
      return new TlsAuthentication() {
        @Override
        public void notifyServerCertificate(TlsServerCertificate serverCertificate) {}

        @Override
        public TlsCredentials getClientCredentials(CertificateRequest request) throws IOException {
          return signer(context);
        }
      };
    }
  }

  private final class Server extends DefaultTlsServer {
    private final int cipherSuite;

    Server(int cipherSuite) {
      super(StockPeer.this.crypto);
      this.cipherSuite = cipherSuite;
    }

    @Override
    protected ProtocolVersion[] getSupportedVersions() {
      return new ProtocolVersion[] {ProtocolVersion.DTLSv12};
    }

    @Override
    protected int[] getSupportedCipherSuites() {
      return new int[] {cipherSuite};
    }

    @Override
    protected TlsCredentialedSigner getECDSASignerCredentials() throws IOException {
      return signer(context);
    }

    @Override
    public CertificateRequest getCertificateRequest() {
      return new CertificateRequest(
          new short[] {ClientCertificateType.ecdsa_sign},
          TlsUtils.getDefaultSupportedSignatureAlgorithms(context),
          null);
    }

    @Override
    public void notifyClientCertificate(Certificate clientCertificate) {}
  }
}
