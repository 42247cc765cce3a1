package dev.tautline.cli;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tautline.datachannel.IceServer;
import dev.tautline.datachannel.IceTransportPolicy;
import dev.tautline.datachannel.PeerConnectionOptions;
import dev.tautline.datachannel.Tautline;
import dev.tautline.stun.discovery.NatBehaviour;
import dev.tautline.stun.discovery.NatBehaviour.Filtering;
import dev.tautline.stun.discovery.NatBehaviour.Mapping;
import dev.tautline.stun.netty.NatDiscoveryClient;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Tells a person what kind of network this host is in. */
@Command(
    name = "doctor",
    description = {
      "Tell what kind of network this is: addresses, what the NAT does, which servers answer, and",
      "whether a connection to oneself through each works."
    },
    mixinStandardHelpOptions = true)
final class DoctorCommand implements Callable<Integer> {
  private static final Duration STUN_PATIENCE = Duration.ofMillis(1_600);
  private static final int TRUST_FILE_LIMIT = 1 << 20;
  private static final JsonMapper JSON = new JsonMapper();

  @Option(
      names = "--stun",
      paramLabel = "URL",
      description =
          "A STUN server, stun:host or stun:host:port; may be given several times. One with two"
              + " addresses (RFC 5780) tells what the NAT does.")
  private List<String> stun = new ArrayList<>();

  @Option(
      names = "--turn",
      paramLabel = "URL",
      description =
          "A TURN server, turn:host, turn:host:port?transport=tcp or turns:host; may be given"
              + " several times.")
  private List<String> turn = new ArrayList<>();

  @Option(names = "--turn-user", paramLabel = "NAME", description = "User name for TURN.")
  private @Nullable String user;

  @Option(
      names = "--turn-password",
      paramLabel = "PASSWORD",
      arity = "0..1",
      interactive = true,
      description =
          "Password for TURN; without a value it is asked for. Default: the environment variable"
              + " TAUTLINE_TURN_PASSWORD.")
  private char @Nullable [] password;

  @Option(
      names = "--turn-trust",
      paramLabel = "FILE",
      description = "Certificates (PEM) to trust for turns:, in place of the JDK's.")
  private @Nullable Path trust;

  @Option(
      names = "--timeout",
      paramLabel = "SECONDS",
      defaultValue = "20",
      description = "How long one connection may take (default: ${DEFAULT-VALUE}).")
  private int seconds = 20;

  @Option(
      names = "--json",
      description =
          "One JSON object at the end in place of lines: \"ok\", \"findings\" (each with \"name\","
              + " \"ok\", \"text\") and \"advice\".")
  private boolean json;

  @Spec private @Nullable CommandSpec spec;

  private final List<String> advice = new ArrayList<>();
  private final List<Finding> findings = new ArrayList<>();

  /** A line of what was found. */
  private record Finding(String name, Verdict verdict, String text) {}

  private enum Verdict {
    GOOD,
    PROBLEM
  }

  @Override
  public Integer call() throws InterruptedException {
    Limit limit = Limit.ofSeconds(seconds);
    // All that can be seen to be wrong beforehand is, before anything is asked.
    List<HostPort> stunServers = new ArrayList<>();
    for (String url : stun) {
      stunServers.add(wellFormed(() -> HostPort.parse(url, "stun", 3478)));
    }
    for (String url : turn) {
      wellFormed(() -> turnServer(url));
    }
    Optional<KeyStore> trusted = trusted();
    try (Tautline tautline = Tautline.create()) {
      var self = new SelfConnection(tautline, limit.duration());
      List<InetAddress> addresses = addresses(self);
      for (HostPort server : stunServers) {
        askStun(server, addresses);
      }
      for (String url : turn) {
        tryTurn(self, url, trusted);
      }
    }
    boolean good = findings.stream().allMatch(f -> f.verdict() == Verdict.GOOD);
    conclude(good);
    return good ? 0 : Main.FAILED;
  }

  /** A URL that is none is a mistake of the command line, not of the network. */
  private <T> T wellFormed(Supplier<T> read) {
    try {
      return read.get();
    } catch (CommandFailure | IllegalArgumentException e) {
      throw new ParameterException(
          Objects.requireNonNull(spec).commandLine(), CommandFailure.sentence(e), e);
    }
  }

  private static dev.tautline.ice.IceServer turnServer(String url) {
    dev.tautline.ice.IceServer server = dev.tautline.ice.IceServer.parse(url);
    if (!server.kind().isTurn()) {
      throw new IllegalArgumentException("\"" + url + "\" is no TURN server; ask it with --stun");
    }
    return server;
  }

  private List<InetAddress> addresses(SelfConnection self) throws InterruptedException {
    SelfConnection.Result direct = self.connect(PeerConnectionOptions.builder().build());
    List<InetAddress> addresses = new ArrayList<>();
    for (String address : direct.hostAddresses()) {
      addresses.add(literal(address));
    }
    if (addresses.isEmpty()) {
      problem("addresses", "none that another host could reach");
      advice.add("This host has no network, or all its interfaces are filtered.");
    } else {
      say("addresses", String.join(", ", direct.hostAddresses()));
      if (direct.connected()) {
        say("to oneself", "direct, works (" + direct.millis() + " ms)");
      } else {
        problem("to oneself", "direct, fails: " + direct.reason());
        advice.add("UDP does not even leave this host and come back: look at its own firewall.");
      }
    }
    return addresses;
  }

  private void askStun(HostPort server, List<InetAddress> locals) throws InterruptedException {
    String name = "stun:" + HostPort.text(server.host(), server.port());
    InetAddress[] resolved;
    try {
      resolved = InetAddress.getAllByName(server.host());
    } catch (UnknownHostException e) {
      problem(name, "the name cannot be resolved");
      advice.add("Check the name " + server.host() + " and this host's name servers.");
      return;
    }
    boolean asked = false;
    for (InetAddress address : resolved) {
      for (InetAddress local : locals) {
        if (local.getClass() == address.getClass()) {
          asked = true;
          askStun(name, local, new InetSocketAddress(address, server.port()));
        }
      }
    }
    if (!asked) {
      problem(name, "not asked: no address of this host is of its family");
    }
  }

  private void askStun(String name, InetAddress local, InetSocketAddress server)
      throws InterruptedException {
    String way = name + " from " + local.getHostAddress();
    NatBehaviour found;
    try {
      found = NatDiscoveryClient.run(local, server, STUN_PATIENCE).get();
    } catch (ExecutionException e) {
      problem(way, "cannot be asked: " + CommandFailure.sentence(e));
      return;
    }
    if (!found.answered()) {
      problem(way, "no answer");
      advice.add(
          "UDP to "
              + HostPort.text(server)
              + " gets no answer: the server is down, or a firewall blocks UDP. Where UDP is"
              + " blocked, peers meet through a TURN server over TCP or TLS (turns:).");
      return;
    }
    say(
        way,
        "answers, sees us as "
            + HostPort.text(found.mapped().orElseThrow())
            + (found.mapping() == Mapping.NONE ? ", which is our own address" : ""));
    if (found.mapping() == Mapping.UNKNOWN && found.filtering() == Filtering.UNKNOWN) {
      say("  NAT", "there is one; the server has no second address to tell what it does");
      return;
    }
    say("  NAT", found.mapping().text() + "; " + found.filtering().text());
    advise(found);
  }

  private void advise(NatBehaviour found) {
    String sentence =
        switch (found.mapping()) {
          case NONE, ENDPOINT_INDEPENDENT ->
              found.filtering() == Filtering.ADDRESS_AND_PORT_DEPENDENT
                  ? "Direct connections work with all peers but those behind a symmetric NAT; these"
                      + " need a TURN server."
                  : "Direct connections work with all peers whose own network lets UDP through.";
          case ADDRESS_DEPENDENT, ADDRESS_AND_PORT_DEPENDENT ->
              "This NAT is symmetric: direct connections work with peers that have a public address"
                  + " or a lenient NAT only. Have a TURN server.";
          case UNKNOWN -> "";
        };
    if (!sentence.isEmpty() && !advice.contains(sentence)) {
      advice.add(sentence);
    }
  }

  private void tryTurn(SelfConnection self, String url, Optional<KeyStore> trusted)
      throws InterruptedException {
    PeerConnectionOptions.Builder builder =
        PeerConnectionOptions.builder()
            .iceServers(List.of(new IceServer(List.of(url), user, passwordText())))
            .iceTransportPolicy(IceTransportPolicy.RELAY);
    trusted.ifPresent(builder::turnTrustStore);
    SelfConnection.Result result = self.connect(builder.build());
    String relays = String.join(", ", result.relayAddresses());
    if (result.connected()) {
      say(url, "works: relays by " + relays + ", to oneself in " + result.millis() + " ms");
    } else if (relays.isEmpty()) {
      problem(url, "gives no relay: " + result.reason());
    } else {
      problem(url, "gives a relay (" + relays + "), but it does not carry: " + result.reason());
      advice.add(
          "The server of "
              + url
              + " refuses to relay to itself, or a firewall is before its ports.");
    }
  }

  private @Nullable String passwordText() {
    return password != null ? new String(password) : System.getenv("TAUTLINE_TURN_PASSWORD");
  }

  private Optional<KeyStore> trusted() {
    Path file = trust;
    if (file == null) {
      return Optional.empty();
    }
    try {
      if (Files.size(file) > TRUST_FILE_LIMIT) {
        throw new CommandFailure(file + " is larger than 1 MiB: is it a file of certificates?");
      }
      KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
      store.load(null, null);
      try (InputStream in = Files.newInputStream(file)) {
        int number = 0;
        for (Certificate certificate :
            CertificateFactory.getInstance("X.509").generateCertificates(in)) {
          store.setCertificateEntry("trusted-" + number++, certificate);
        }
        if (number == 0) {
          throw new CommandFailure(file + " holds no certificate; --turn-trust takes a PEM file");
        }
      }
      return Optional.of(store);
    } catch (IOException | GeneralSecurityException e) {
      throw new CommandFailure(
          file + " cannot be read as certificates: " + CommandFailure.sentence(e), e);
    }
  }

  private void conclude(boolean good) {
    if (stun.isEmpty() && turn.isEmpty()) {
      advice.add(
          "No server was asked. Give --stun and --turn to learn how this network looks from"
              + " outside.");
    }
    List<String> sentences = advice.stream().distinct().toList();
    if (!json) {
      System.out.println();
      sentences.forEach(System.out::println);
      return;
    }
    ObjectNode report = JSON.createObjectNode().put("ok", good);
    ArrayNode list = report.putArray("findings");
    for (Finding finding : findings) {
      list.addObject()
          .put("name", finding.name())
          .put("ok", finding.verdict() == Verdict.GOOD)
          .put("text", finding.text());
    }
    sentences.forEach(report.putArray("advice")::add);
    System.out.println(report);
  }

  private void problem(String name, String text) {
    found(name, Verdict.PROBLEM, text);
  }

  private void say(String name, String text) {
    found(name, Verdict.GOOD, text);
  }

  private void found(String name, Verdict verdict, String text) {
    var finding = new Finding(name.strip(), verdict, Main.oneLine(text));
    findings.add(finding);
    if (!json) {
      System.out.println(name + ": " + finding.text());
    }
  }

  private static InetAddress literal(String address) {
    try {
      return InetAddress.getByName(address);
    } catch (UnknownHostException e) {
      throw new CommandFailure(address + " is no address", e);
    }
  }
}
