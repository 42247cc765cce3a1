package dev.tautline.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tautline.signalling.server.RoomsServer;
import dev.tautline.signalling.server.RoomsServerOptions;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The commands as processes, with the runnable jar. */
class CommandsIT {
  @Test
  void theDemoEndsWithItsTableAndExitCodeZero() throws Exception {
    try (TautlineProcess demo = TautlineProcess.start("demo", "--mib", "64")) {
      demo.exits(0);

      assertThat(demo.errLines()).isEmpty();
      List<String> out = demo.outLines();
      assertThat(out)
          .anyMatch(line -> line.startsWith("candidate pair") && line.contains("host udp"))
          .anyMatch(line -> line.startsWith("time to open") && line.contains("DTLS"))
          .anyMatch(line -> line.startsWith("round trip") && line.contains("p99"))
          .anyMatch(line -> line.startsWith("throughput") && line.contains("MB/s"))
          .anyMatch(line -> line.startsWith("CPU seconds"))
          .anyMatch(line -> line.startsWith("SHA-256") && line.contains("equal"));
      assertThat(out).filteredOn(line -> line.contains(" calls ")).hasSize(12);
    }
  }

  @Test
  void twoProcessesConnectByCopyAndPaste() throws Exception {
    try (TautlineProcess first = TautlineProcess.start("connect", "--manual");
        TautlineProcess second = TautlineProcess.start("connect", "--manual", "--answer")) {
      String offer = first.awaitOut("{");
      assertThat(offer).contains("\"type\":\"offer\"");
      String answer = second.type(offer).awaitOut("{");
      assertThat(answer).contains("\"type\":\"answer\"");
      first.type(answer).awaitErr("Connected");
      second.awaitErr("Connected");

      first.type("hello from the first");
      assertThat(second.awaitOut("hello")).isEqualTo("hello from the first");
      second.type("grüße vom zweiten ✓");
      assertThat(first.awaitOut("zweiten")).isEqualTo("grüße vom zweiten ✓");

      first.endOfInput();
      first.exits(0);
      second.exits(0);
    }
  }

  @Test
  void twoProcessesConnectThroughARoom() throws Exception {
    try (RoomsServer server = RoomsServer.start(RoomsServerOptions.builder().port(0).build())) {
      String uri = server.uri().toString();
      try (TautlineProcess first =
              TautlineProcess.start("connect", "--server", uri, "--room", "r");
          TautlineProcess second =
              TautlineProcess.start("connect", "--server", uri, "--room", "r")) {
        first.awaitErr("Connected");
        second.awaitErr("Connected");
        first.type("one line");
        assertThat(second.awaitOut("line")).isEqualTo("one line");
        second.endOfInput();
        second.exits(0);
        first.exits(0);
      }
    }
  }

  @Test
  void serveTellsWhereItListensAndOnLoopbackOnly() throws Exception {
    try (TautlineProcess serve = TautlineProcess.start("serve", "--port", "0")) {
      assertThat(serve.awaitOut("rooms server on")).contains("http://127.0.0.1:");
    }
  }

  @Test
  void theLogOfOneConnectionIsReadableByItsId() throws Exception {
    try (TautlineProcess demo = TautlineProcess.start("demo", "--mib", "1", "--debug")) {
      demo.exits(0);
      List<String> log = demo.errLines();
      var ids = new java.util.TreeMap<String, Integer>();
      var pattern = java.util.regex.Pattern.compile("\\bpc-[0-9a-f]{4,}\\b");
      for (String line : log) {
        var matcher = pattern.matcher(line);
        if (matcher.find()) {
          ids.merge(matcher.group(), 1, Integer::sum);
        }
      }
      assertThat(ids).as("two JVMs, one connection each").hasSize(2);
      for (String id : ids.keySet()) {
        String whole = String.join("\n", log.stream().filter(line -> line.contains(id)).toList());
        assertThat(whole).containsIgnoringCase("candidate").contains("DTLS").contains("SCTP");
      }
    }
  }
}
