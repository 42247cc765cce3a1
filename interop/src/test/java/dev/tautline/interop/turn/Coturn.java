package dev.tautline.interop.turn;

import static org.awaitility.Awaitility.await;

import dev.tautline.datachannel.IceServer;
import dev.tautline.interop.ChildProcess;
import dev.tautline.interop.Require;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * coturn from Debian on 127.0.0.1, with UDP, TCP and TLS listeners on free ports, credentials of a
 * shared secret, and a certificate for {@code localhost} of a CA of its own.
 */
final class Coturn implements AutoCloseable {
  private static final String SECRET = "a shared secret of this test";

  private final List<String> command;
  private ChildProcess process;
  private final List<String> log = new CopyOnWriteArrayList<>();
  private final int port;
  private final int tlsPort;
  private final Path folder;

  /** Starts it with more options than the usual ones, and waits until it listens. */
  Coturn(Path folder, String... more) throws IOException {
    this.folder = folder;
    Path program = Require.program("turnserver", "coturn");
    Path openssl = Require.program("openssl", "openssl");
    certificate(openssl);
    port = freePort();
    tlsPort = freePort();
    command =
        new ArrayList<>(
            List.of(
                program.toString(),
                "-n",
                "--listening-ip=127.0.0.1",
                "--relay-ip=127.0.0.1",
                "--listening-port=" + port,
                "--tls-listening-port=" + tlsPort,
                "--use-auth-secret",
                "--static-auth-secret=" + SECRET,
                "--realm=tautline.test",
                "--allow-loopback-peers",
                "--no-cli",
                "--no-dtls",
                "--no-software-attribute",
                "--verbose",
                "--log-file=stdout",
                "--pidfile=" + folder.resolve("turnserver.pid"),
                "--userdb=" + folder.resolve("turndb"),
                "--cert=" + folder.resolve("server.pem"),
                "--pkey=" + folder.resolve("server.key")));
    command.addAll(List.of(more));
    process = start();
  }

  private ChildProcess start() {
    ChildProcess started = ChildProcess.start("turnserver", folder, command, log::add);
    await()
        .atMost(Duration.ofSeconds(20))
        .until(() -> listens(port) && listens(tlsPort) || !started.isAlive());
    if (!started.isAlive()) {
      throw new AssertionError(started.lastOutput());
    }
    return started;
  }

  /** Ends it and starts it again on the same ports: its allocations are gone. */
  void restart() {
    process.close();
    process = start();
  }

  private void certificate(Path openssl) throws IOException {
    Files.writeString(
        folder.resolve("san.cnf"), "subjectAltName=DNS:localhost", StandardCharsets.US_ASCII);
    run(
        openssl,
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2"
            + " -subj /CN=tautline-test-ca -keyout ca.key -out ca.pem");
    run(
        openssl,
        "req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"
            + " -subj /CN=localhost -keyout server.key -out server.csr");
    run(
        openssl,
        "x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2"
            + " -extfile san.cnf -out server.pem");
  }

  private void run(Path openssl, String arguments) {
    List<String> command = new ArrayList<>(List.of(openssl.toString()));
    command.addAll(List.of(arguments.split(" ", -1)));
    ChildProcess.run("openssl", folder, command, 20);
  }

  private static int freePort() throws IOException {
    try (var socket = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
      return socket.getLocalPort();
    }
  }

  private static boolean listens(int port) {
    try (var socket = new java.net.Socket("127.0.0.1", port)) {
      return socket.isConnected();
    } catch (IOException e) {
      return false;
    }
  }

  /** What trusts its CA and nobody else. */
  KeyStore trust() throws IOException, GeneralSecurityException {
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    try (InputStream in = Files.newInputStream(folder.resolve("ca.pem"))) {
      store.setCertificateEntry(
          "ca", CertificateFactory.getInstance("X.509").generateCertificate(in));
    }
    return store;
  }

  String url(Transport transport) {
    return switch (transport) {
      case UDP -> "turn:127.0.0.1:" + port + "?transport=udp";
      case TCP -> "turn:127.0.0.1:" + port + "?transport=tcp";
      case TLS -> "turns:localhost:" + tlsPort + "?transport=tcp";
    };
  }

  int tlsPort() {
    return tlsPort;
  }

  /** With credentials that are good for an hour. */
  IceServer server(Transport transport) {
    return server(url(transport), Instant.now().plusSeconds(3600));
  }

  /** With credentials that end then. */
  IceServer server(String url, Instant until) {
    TurnCredentials credentials = TurnCredentials.until(until, SECRET);
    return new IceServer(List.of(url), credentials.username(), credentials.password());
  }

  /** What it logged. */
  List<String> log() {
    return log;
  }

  /** How often a line with these words was logged. */
  long logged(String words) {
    return log.stream().filter(line -> line.contains(words)).count();
  }

  @Override
  public void close() {
    process.close();
  }

  /** How a client reaches it. */
  enum Transport {
    UDP,
    TCP,
    TLS
  }
}
