package dev.tautline.interop.openssl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.tautline.dtls.DtlsCipherSuite;
import dev.tautline.dtls.DtlsEvent;
import dev.tautline.dtls.DtlsFailure;
import dev.tautline.dtls.DtlsOptions;
import dev.tautline.dtls.DtlsRole;
import dev.tautline.dtls.Fingerprint;
import dev.tautline.interop.ChildProcess;
import dev.tautline.interop.Require;
import java.io.IOException;
import java.io.InputStream;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;

/** Our engine in both roles against {@code openssl s_server} and {@code openssl s_client}. */
@Tag("interop-openssl")
@Timeout(60)
class OpenSslIT {
  @TempDir Path folder;
  private String openssl = "";

  @BeforeEach
  void findsOpenSsl() {
    openssl = Require.program("openssl", "openssl").toString();
  }

  /** A key and a self-signed certificate of OpenSSL's own making. */
  private Fingerprint makeCertificate(String... keyArguments) {
    var command = new ArrayList<>(List.of(openssl, "req", "-x509", "-nodes", "-days", "2"));
    command.addAll(List.of(keyArguments));
    command.addAll(List.of("-subj", "/CN=peer", "-keyout", "key.pem", "-out", "cert.pem"));
    ChildProcess.run("openssl req", folder, command, 20);
    try (InputStream in = Files.newInputStream(folder.resolve("cert.pem"))) {
      return Fingerprint.ofCertificate(
          CertificateFactory.getInstance("X.509").generateCertificate(in).getEncoded());
    } catch (IOException | CertificateException e) {
      throw new AssertionError(e);
    }
  }

  private Fingerprint makeEcCertificate() {
    return makeCertificate("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256");
  }

  private Fingerprint makeRsaCertificate() {
    return makeCertificate("-newkey", "rsa:2048");
  }

  private static int freePort() throws IOException {
    try (var socket = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  /** A server that wants a certificate and sends a HelloVerifyRequest first. */
  private ChildProcess startServer(int port, StringBuffer output, String... more)
      throws InterruptedException, ExecutionException, TimeoutException {
    var command =
        new ArrayList<>(
            List.of(openssl, "s_server", "-dtls1_2", "-4", "-accept", Integer.toString(port)));
    command.addAll(List.of("-cert", "cert.pem", "-key", "key.pem", "-Verify", "1"));
    command.addAll(List.of(more));
    var ready = new CompletableFuture<Void>();
    ChildProcess server =
        ChildProcess.start(
            "s_server",
            folder,
            command,
            line -> {
              output.append(line).append('\n');
              if (line.startsWith("ACCEPT")) {
                ready.complete(null);
              }
            });
    ready.get(10, TimeUnit.SECONDS);
    return server;
  }

  private ChildProcess startClient(int port, StringBuffer output, String... more) {
    var command =
        new ArrayList<>(List.of(openssl, "s_client", "-dtls1_2", "-connect", "127.0.0.1:" + port));
    command.addAll(List.of("-cert", "cert.pem", "-key", "key.pem"));
    command.addAll(List.of(more));
    return ChildProcess.start(
        "s_client", folder, command, line -> output.append(line).append('\n'));
  }

  private static void talks(UdpDtls ours, ChildProcess peer, StringBuffer output) {
    ours.send("from tautline\n");
    awaitOutput(peer, output, "from tautline");
    peer.writeLine("from openssl");
    await().atMost(Duration.ofSeconds(10)).until(() -> ours.received().contains("from openssl"));
  }

  private static void awaitOutput(ChildProcess peer, StringBuffer output, String text) {
    await(text + " of " + peer.lastOutput())
        .atMost(Duration.ofSeconds(10))
        .until(() -> output.indexOf(text) >= 0);
  }

  private static DtlsOptions only(DtlsCipherSuite suite) {
    return DtlsOptions.builder()
        .cipherSuites(Stream.of(suite, DtlsCipherSuite.ECDHE_ECDSA_AES_128_GCM).distinct().toList())
        .build();
  }

  @ParameterizedTest
  @EnumSource(mode = Mode.MATCH_ALL, names = ".*ECDSA.*")
  void asServerOfOpenSsl(DtlsCipherSuite suite) throws Exception {
    Fingerprint fingerprint = makeEcCertificate();
    try (var ours = new UdpDtls(DtlsOptions.defaults(), DtlsRole.SERVER, fingerprint, null)) {
      var output = new StringBuffer();
      try (ChildProcess peer =
          startClient(ours.port(), output, "-cipher", openSslName(suite), "-mtu", "1200")) {
        DtlsEvent.Established established = ours.established().get(20, TimeUnit.SECONDS);
        assertThat(established.cipherSuite()).isEqualTo(suite.ianaName());
        talks(ours, peer, output);

        // The first letter of a line is a command to s_client: Q ends it with a close_notify.
        peer.writeLine("Q");
        assertThat(ours.ended().get(10, TimeUnit.SECONDS)).isEqualTo(new DtlsEvent.PeerClosed());
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void asClientOfOpenSsl(DtlsCipherSuite suite) throws Exception {
    Fingerprint fingerprint =
        suite.needsRsaCertificate() ? makeRsaCertificate() : makeEcCertificate();
    int port = freePort();
    var output = new StringBuffer();
    try (ChildProcess peer = startServer(port, output, "-cipher", openSslName(suite));
        var ours =
            new UdpDtls(
                only(suite),
                DtlsRole.CLIENT,
                fingerprint,
                new InetSocketAddress(InetAddress.getLoopbackAddress(), port))) {
      DtlsEvent.Established established = ours.established().get(20, TimeUnit.SECONDS);
      assertThat(established.cipherSuite()).isEqualTo(suite.ianaName());
      talks(ours, peer, output);

      // The other direction cannot be seen here: s_server lets go of the socket before it sends
      // its close_notify.
      ours.closeEngine();
      awaitOutput(peer, output, "DONE");
    }
  }

  @Test
  void openSslSeesOurCloseNotify() throws Exception {
    Fingerprint fingerprint = makeEcCertificate();
    try (var ours = new UdpDtls(DtlsOptions.defaults(), DtlsRole.SERVER, fingerprint, null)) {
      var output = new StringBuffer();
      try (ChildProcess peer = startClient(ours.port(), output)) {
        ours.established().get(20, TimeUnit.SECONDS);
        talks(ours, peer, output);

        ours.closeEngine();

        await(peer.lastOutput()).atMost(Duration.ofSeconds(10)).until(() -> !peer.isAlive());
      }
    }
  }

  @Test
  void openSslIsRefusedWithAnotherFingerprint() throws Exception {
    makeEcCertificate();
    var other = Fingerprint.ofCertificate(new byte[] {1, 2, 3});
    try (var ours = new UdpDtls(DtlsOptions.defaults(), DtlsRole.SERVER, other, null)) {
      var output = new StringBuffer();
      try (ChildProcess peer = startClient(ours.port(), output)) {
        DtlsEvent end = ours.ended().get(20, TimeUnit.SECONDS);
        assertThat(end)
            .isInstanceOfSatisfying(
                DtlsEvent.Failed.class,
                failed -> assertThat(failed.code()).isEqualTo(DtlsFailure.FINGERPRINT_MISMATCH));
        // The alert arrives, too: s_client prints "bad certificate" and ends.
        await(peer.lastOutput()).atMost(Duration.ofSeconds(10)).until(() -> !peer.isAlive());
        assertThat(peer.lastOutput()).contains("bad certificate");
      }
    }
  }

  @Test
  void openSslWithoutACertificateIsRefused() throws Exception {
    Fingerprint fingerprint = makeEcCertificate();
    try (var ours = new UdpDtls(DtlsOptions.defaults(), DtlsRole.SERVER, fingerprint, null)) {
      var command =
          List.of(openssl, "s_client", "-dtls1_2", "-connect", "127.0.0.1:" + ours.port());
      try (ChildProcess peer =
          ChildProcess.start("s_client without certificate", folder, command, line -> {})) {
        DtlsEvent end = ours.ended().get(20, TimeUnit.SECONDS);
        assertThat(end)
            .as(peer.lastOutput())
            .isInstanceOfSatisfying(
                DtlsEvent.Failed.class,
                failed -> assertThat(failed.code()).isEqualTo(DtlsFailure.HANDSHAKE_FAILED));
      }
    }
  }

  @Test
  void openSslWithoutOurSuitesIsRefused() throws Exception {
    Fingerprint fingerprint = makeEcCertificate();
    try (var ours = new UdpDtls(DtlsOptions.defaults(), DtlsRole.SERVER, fingerprint, null)) {
      var output = new StringBuffer();
      // Encrypt-then-MAC with CBC: not offered by us.
      try (ChildProcess peer =
          startClient(ours.port(), output, "-cipher", "ECDHE-ECDSA-AES128-SHA")) {
        DtlsEvent end = ours.ended().get(20, TimeUnit.SECONDS);
        assertThat(end)
            .as(peer.lastOutput())
            .isInstanceOfSatisfying(
                DtlsEvent.Failed.class,
                failed -> assertThat(failed.code()).isEqualTo(DtlsFailure.HANDSHAKE_FAILED));
      }
    }
  }

  private static String openSslName(DtlsCipherSuite suite) {
    return switch (suite) {
      case ECDHE_ECDSA_AES_128_GCM -> "ECDHE-ECDSA-AES128-GCM-SHA256";
      case ECDHE_ECDSA_AES_256_GCM -> "ECDHE-ECDSA-AES256-GCM-SHA384";
      case ECDHE_ECDSA_CHACHA20_POLY1305 -> "ECDHE-ECDSA-CHACHA20-POLY1305";
      case ECDHE_RSA_AES_128_GCM -> "ECDHE-RSA-AES128-GCM-SHA256";
      case ECDHE_RSA_AES_256_GCM -> "ECDHE-RSA-AES256-GCM-SHA384";
      case ECDHE_RSA_CHACHA20_POLY1305 -> "ECDHE-RSA-CHACHA20-POLY1305";
    };
  }
}
