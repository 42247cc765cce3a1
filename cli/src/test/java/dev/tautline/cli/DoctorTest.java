package dev.tautline.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.tautline.stun.netty.NatDiscoveryClient;
import dev.tautline.stun.netty.StunBindingServer;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.net.DatagramSocket;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * {@code tautline doctor} and {@code tautline stun-server}, mostly as processes; doctor in a
 * network with TURN is tested in interop.
 */
@Timeout(60)
class DoctorTest {
  /** An address of this host that peers would be told; doctor leaves loopback out, as they do. */
  private static InetAddress own;

  @BeforeAll
  static void ownAddress() throws Exception {
    own =
        NetworkInterface.networkInterfaces()
            .flatMap(NetworkInterface::inetAddresses)
            .filter(Inet4Address.class::isInstance)
            .filter(address -> !address.isLoopbackAddress() && !address.isLinkLocalAddress())
            .findFirst()
            .orElse(null);
    String missing = "this host has no IPv4 address beside loopback";
    if ("true".equals(System.getenv("CI"))) {
      assertThat(own).as(missing).isNotNull();
    }
    assumeTrue(own != null, missing);
  }

  private static String url(int port) {
    return "stun:" + own.getHostAddress() + ':' + port;
  }

  private static List<String> doctor(int code, String... arguments) throws Exception {
    String[] all = new String[arguments.length + 1];
    all[0] = "doctor";
    System.arraycopy(arguments, 0, all, 1, arguments.length);
    try (TautlineProcess process = TautlineProcess.ofClasses(all)) {
      process.exits(code);
      assertThat(process.errLines()).isEmpty();
      return process.outLines();
    }
  }

  @Test
  void aServerThatAnswersIsNamedWithWhatItSees() throws Exception {
    try (StunBindingServer server =
        StunBindingServer.start(new InetSocketAddress(own, 0)).get(10, TimeUnit.SECONDS)) {
      String url = url(server.address().getPort());

      List<String> out = doctor(0, "--stun", url);

      assertThat(out.get(0)).startsWith("addresses: ").contains(own.getHostAddress());
      assertThat(out.get(1)).matches("to oneself: direct, works \\(\\d+ ms\\)");
      assertThat(out)
          .anySatisfy(
              line ->
                  assertThat(line)
                      .startsWith(url + " from " + own.getHostAddress() + ": answers, sees us as ")
                      .contains(own.getHostAddress() + ":", "our own address"));
    }
  }

  @Test
  void silenceIsAProblemWithAdvice() throws Exception {
    try (var silent = new DatagramSocket(new InetSocketAddress(own, 0))) {
      String url = url(silent.getLocalPort());

      List<String> out = doctor(1, "--stun", url);

      assertThat(out).contains(url + " from " + own.getHostAddress() + ": no answer");
      assertThat(out.get(out.size() - 1))
          .contains("gets no answer: the server is down, or a firewall blocks UDP")
          .contains("turns:");
    }
  }

  @Test
  void jsonHasTheSameAndNothingElse() throws Exception {
    int unused;
    try (var socket = new DatagramSocket(new InetSocketAddress(own, 0))) {
      unused = socket.getLocalPort();
    }

    List<String> out = doctor(1, "--json", "--stun", url(unused));

    assertThat(out).hasSize(1);
    JsonNode report = new JsonMapper().readTree(out.get(0));
    assertThat(report.get("ok").booleanValue()).isFalse();
    JsonNode findings = report.get("findings");
    assertThat(findings.get(0).get("name").textValue()).isEqualTo("addresses");
    assertThat(findings.get(1).get("name").textValue()).isEqualTo("to oneself");
    assertThat(findings.get(1).get("ok").booleanValue()).isTrue();
    assertThat(findings)
        .anySatisfy(
            finding -> {
              assertThat(finding.get("name").textValue()).startsWith(url(unused));
              assertThat(finding.get("ok").booleanValue()).isFalse();
              assertThat(finding.get("text").textValue()).isEqualTo("no answer");
            });
    assertThat(report.get("advice").get(0).textValue()).contains("gets no answer");
  }

  @Test
  void withoutServersItSaysWhatWouldTellMore() throws Exception {
    List<String> out = doctor(0);

    assertThat(out.get(out.size() - 1)).contains("--stun").contains("--turn");
  }

  @Test
  void aTurnServerThatIsNotThereGivesNoRelay() throws Exception {
    String url = "turn:" + own.getHostAddress() + ":9?transport=tcp";

    List<String> out = doctor(1, "--turn", url, "--turn-user", "u", "--turn-password=p");

    assertThat(out)
        .anySatisfy(
            line ->
                assertThat(line)
                    .startsWith(url + ": gives no relay: ")
                    .hasSizeGreaterThan(url.length() + 20));
  }

  @ParameterizedTest
  @CsvSource({
    "--stun, stun:host:port",
    "--stun, stun:",
    "--stun, stun:host:70000",
    "--turn, http://turn.example",
    "--turn, turn.example",
    "--turn, turns:turn.example?transport=udp",
    "--turn, stun:stun.example",
    "--timeout, soon"
  })
  void aMistakeInTheCommandLineIsNamedBeforeAnythingIsAsked(String option, String value) {
    var out = new ByteArrayOutputStream();
    var err = new ByteArrayOutputStream();
    PrintStream outBefore = System.out;
    PrintStream errBefore = System.err;
    System.setOut(new PrintStream(out, true, StandardCharsets.UTF_8));
    System.setErr(new PrintStream(err, true, StandardCharsets.UTF_8));
    int code;
    try {
      code = Main.run("doctor", "--stun", "stun:192.0.2.1", option, value);
    } finally {
      System.setOut(outBefore);
      System.setErr(errBefore);
    }

    assertThat(code).isEqualTo(2);
    assertThat(out.toString(StandardCharsets.UTF_8)).isEmpty();
    assertThat(err.toString(StandardCharsets.UTF_8).lines())
        .singleElement()
        .satisfies(line -> assertThat(line).contains(value).contains("--help"));
  }

  @Test
  void theStunServerAnswersUntilItIsStopped() throws Exception {
    try (TautlineProcess server =
        TautlineProcess.ofClasses("stun-server", "--bind", "127.0.0.1", "--port", "0")) {
      String line = server.awaitOut("STUN server on ");
      assertThat(line).matches("STUN server on 127\\.0\\.0\\.1:\\d+ .*");
      int port = Integer.parseInt(line.replaceFirst("^.*:(\\d+) .*$", "$1"));
      InetAddress loopback = InetAddress.getByName("127.0.0.1");

      var found =
          NatDiscoveryClient.run(
                  loopback, new InetSocketAddress(loopback, port), Duration.ofSeconds(5))
              .get(10, TimeUnit.SECONDS);
      assertThat(found.mapped().orElseThrow().getAddress()).isEqualTo(loopback);

      // Its port is taken, which the second says.
      try (TautlineProcess second =
          TautlineProcess.ofClasses(
              "stun-server", "--bind", "127.0.0.1", "--port", Integer.toString(port))) {
        second.exits(1);
        assertThat(second.errLines())
            .singleElement()
            .satisfies(text -> assertThat(text).contains("127.0.0.1:" + port, "--port"));
      }
      server.stop();
      // What a JVM ends with after SIGTERM.
      server.exits(143);
    }
  }

  @Test
  void anAddressThatIsNotOursIsNamed() throws Exception {
    try (TautlineProcess server =
        TautlineProcess.ofClasses("stun-server", "--bind", "192.0.2.1", "--port", "0")) {
      server.exits(1);
      assertThat(server.errLines())
          .singleElement()
          .satisfies(text -> assertThat(text).contains("192.0.2.1", "--bind"));
    }
  }
}
