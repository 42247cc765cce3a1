package dev.tautline.interop.nat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import dev.tautline.interop.ChildProcess;
import dev.tautline.interop.Require;
import dev.tautline.interop.turn.TurnCredentials;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * coturn in the laboratory's Internet: STUN and TURN over UDP and TCP on port 3478, TURN over TLS
 * on port 443, IPv4 and IPv6, credentials by shared secret.
 */
final class LabTurn implements AutoCloseable {
  private static final String SECRET = "a secret of the laboratory";
  private static final int PORT = 3478;

  private final Path folder;
  private final ChildProcess process;

  LabTurn(NetLab.Host host) {
    Path program = Require.program("turnserver", "coturn");
    Path openssl = Require.program("openssl", "openssl");
    try {
      folder = Files.createTempDirectory("tautline-turn");
      certificate(openssl);
      var ready = new CountDownLatch(1);
      List<String> command = new ArrayList<>(List.of(program.toString(), "-n"));
      for (String address : List.of(NetLab.SERVER, NetLab.SERVER_ALTERNATE, NetLab.SERVER_IPV6)) {
        command.addAll(List.of("-L", address));
      }
      command.addAll(
          List.of(
              "-E",
              NetLab.SERVER,
              "-E",
              NetLab.SERVER_IPV6,
              "-p",
              String.valueOf(PORT),
              "--tls-listening-port",
              "443",
              "--cert",
              folder.resolve("server.pem").toString(),
              "--pkey",
              folder.resolve("server.key").toString(),
              "--use-auth-secret",
              "--static-auth-secret",
              SECRET,
              "--realm",
              "lab.example",
              "--no-cli",
              "--log-file",
              "stdout",
              "--pidfile",
              folder.resolve("pid").toString()));
      process =
          ChildProcess.start(
              "coturn",
              folder,
              host.command(command),
              line -> {
                if (line.contains("Total auth threads") || line.contains("Total General servers")) {
                  ready.countDown();
                }
              });
      if (!ready.await(15, TimeUnit.SECONDS)) {
        throw new IllegalStateException("coturn did not start\n" + process.lastOutput());
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  private void certificate(Path openssl) {
    ChildProcess.run(
        "openssl",
        folder,
        List.of(
            openssl.toString(),
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-keyout",
            "server.key",
            "-out",
            "server.pem",
            "-days",
            "2",
            "-subj",
            "/CN=lab.example",
            "-addext",
            "subjectAltName=IP:" + NetLab.SERVER + ",IP:" + NetLab.SERVER_IPV6),
        20);
  }

  /** The certificate that its clients have to trust, a PEM file. */
  String authority() {
    return folder.resolve("server.pem").toString();
  }

  /** The ICE servers of a peer, as {@link LabPeer} takes them. */
  ArrayNode servers(boolean withTurn) {
    var mapper = new ObjectMapper();
    ArrayNode servers = mapper.createArrayNode();
    String ipv6 = "[" + NetLab.SERVER_IPV6 + "]";
    servers
        .addObject()
        .putArray("urls")
        .add("stun:" + NetLab.SERVER + ":" + PORT)
        .add("stun:" + ipv6 + ":" + PORT);
    if (withTurn) {
      TurnCredentials credentials = credentials();
      var turn = servers.addObject();
      turn.putArray("urls")
          .add("turn:" + NetLab.SERVER + ":" + PORT)
          .add("turn:" + ipv6 + ":" + PORT)
          .add("turns:" + NetLab.SERVER + ":443?transport=tcp");
      turn.put("username", credentials.username()).put("credential", credentials.password());
    }
    return servers;
  }

  /** One TURN server as a page takes it, an {@code RTCIceServer}. */
  Map<String, Object> relay(String url) {
    TurnCredentials credentials = credentials();
    return Map.of(
        "urls",
        List.of(url),
        "username",
        credentials.username(),
        "credential",
        credentials.password());
  }

  /** What it takes for an hour. */
  TurnCredentials credentials() {
    return TurnCredentials.of(SECRET);
  }

  /** What it printed last. */
  String lastOutput() {
    return process.lastOutput();
  }

  @Override
  public void close() {
    process.close();
    try (var files = Files.walk(folder)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
