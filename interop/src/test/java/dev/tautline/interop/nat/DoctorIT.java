package dev.tautline.interop.nat;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.tautline.cli.Main;
import dev.tautline.interop.ChildProcess;
import dev.tautline.interop.turn.TurnCredentials;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** {@code tautline doctor} in networks of the laboratory, against coturn. */
@Timeout(90)
class DoctorIT {
  private static final String STUN = "stun:" + NetLab.SERVER + ":3478";
  private static final String TURN_UDP = "turn:" + NetLab.SERVER + ":3478";
  private static final String TURN_TCP = "turn:" + NetLab.SERVER + ":3478?transport=tcp";
  private static final String TURN_TLS = "turns:" + NetLab.SERVER + ":443";

  private static NetLab lab;
  private static LabTurn turn;
  private static TurnCredentials credentials;

  @BeforeAll
  static void start() {
    lab = NetLab.create();
    turn = new LabTurn(lab.internet());
    credentials = turn.credentials();
  }

  @AfterAll
  static void stop() {
    if (turn != null) {
      turn.close();
    }
    if (lab != null) {
      lab.close();
    }
  }

  /** The lines it prints about these TURN servers with the right password, and with STUN. */
  private static List<String> doctor(NetworkKind kind, int code, String... turnUrls) {
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "--stun",
                STUN,
                "--turn-trust",
                turn.authority(),
                "--turn-password=" + credentials.password()));
    return doctor(kind, code, arguments, turnUrls);
  }

  private static List<String> doctor(
      NetworkKind kind, int code, List<String> options, String... turnUrls) {
    List<String> arguments = new ArrayList<>(List.of("doctor"));
    arguments.addAll(options);
    arguments.addAll(List.of("--turn-user", credentials.username()));
    for (String url : turnUrls) {
      arguments.addAll(List.of("--turn", url));
    }
    List<String> out = new CopyOnWriteArrayList<>();
    try (ChildProcess process =
        ChildProcess.start(
            "doctor",
            Path.of("."),
            lab.host(kind).command(LabHost.java(Main.class, arguments.toArray(new String[0]))),
            out::add)) {
      assertThat(process.awaitExit(60)).as(process::lastOutput).isEqualTo(code);
    }
    return out;
  }

  private static String line(List<String> out, String start) {
    return out.stream()
        .filter(line -> line.startsWith(start))
        .findFirst()
        .orElseThrow(() -> new AssertionError("no line " + start + " in " + out));
  }

  @Test
  void behindAnOrdinaryNatEachServerWorksAndTheNatIsNamed() {
    List<String> out = doctor(NetworkKind.EIM_APDF, 0, TURN_UDP, TURN_TCP, TURN_TLS);

    assertThat(line(out, STUN + " from 192.168.")).contains("answers, sees us as 203.0.113.");
    assertThat(line(out, "  NAT: "))
        .contains("one mapping for all destinations")
        .contains("only who was sent to, from that port");
    for (String url : List.of(TURN_UDP, TURN_TCP, TURN_TLS)) {
      assertThat(line(out, url + ": ")).contains("works: relays by " + NetLab.SERVER);
    }
    assertThat(out.get(out.size() - 1)).contains("need a TURN server");
  }

  @Test
  void aWrongPasswordIsNamed() throws Exception {
    List<String> out =
        doctor(
            NetworkKind.EIM_APDF,
            1,
            List.of("--json", "--turn-password=wrong"),
            TURN_UDP,
            TURN_TCP);

    JsonNode report = new ObjectMapper().readTree(String.join("", out));
    assertThat(report.get("ok").booleanValue()).isFalse();
    for (String url : List.of(TURN_UDP, TURN_TCP)) {
      assertThat(report.get("findings"))
          .anySatisfy(
              finding -> {
                assertThat(finding.get("name").textValue()).isEqualTo(url);
                assertThat(finding.get("ok").booleanValue()).isFalse();
                assertThat(finding.get("text").textValue())
                    .contains("gives no relay", "refused the password", "401");
              });
    }
  }

  @Test
  void whereUdpIsBlockedTurnOverTlsIsFoundToWork() {
    List<String> out = doctor(NetworkKind.UDP_BLOCKED, 1, TURN_UDP, TURN_TLS);

    assertThat(line(out, STUN)).endsWith(": no answer");
    assertThat(line(out, TURN_UDP + ": ")).contains("gives no relay");
    assertThat(line(out, TURN_TLS + ": ")).contains("works");
    assertThat(out).anyMatch(line -> line.contains("TURN server over TCP or TLS (turns:)"));
  }
}
