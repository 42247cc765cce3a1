package dev.tautline.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.tautline.datachannel.PeerConnectionOptions;
import dev.tautline.datachannel.Tautline;
import dev.tautline.rpc.Rpc;
import dev.tautline.rpc.RpcExposed;
import dev.tautline.rpc.endpoint.datachannel.DataChannelEndpoint;
import dev.tautline.signalling.client.Room;
import dev.tautline.signalling.client.RoomOptions;
import dev.tautline.signalling.server.RoomsServer;
import dev.tautline.signalling.server.RoomsServerOptions;
import dev.tautline.web.WebResources;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
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
  void theSecondJvmEndsWhenTheFirstIsKilled() throws Exception {
    try (TautlineProcess demo = TautlineProcess.start("demo", "--mib", "65536")) {
      String line = demo.awaitOut("second JVM (pid ");
      long pid = Long.parseLong(line.replaceFirst("^.*\\(pid (\\d+)\\).*$", "$1"));
      ProcessHandle second = ProcessHandle.of(pid).orElseThrow();

      demo.kill();

      assertThat(second.onExit()).succeedsWithin(Duration.ofSeconds(10));
    }
  }

  /** What the demo page exposes, as far as the demo uses it before it asks for the window. */
  @RpcExposed
  public interface Page {
    void log(String text);

    void changeBackgroundColor(int red, int green, int blue);
  }

  @Test
  void aPageThatLeavesWhileItIsDrivenEndsTheDemo() throws Exception {
    boolean comlink = TautlineProcess.jarHasComlink();
    if (!"true".equals(System.getenv("CI"))) {
      assumeTrue(comlink, WebResources.howToGetComlink());
    }
    try (TautlineProcess demo = TautlineProcess.start("demo", "--browser");
        Tautline tautline = Tautline.create()) {
      URI page = URI.create(demo.awaitOut("open http").substring("open ".length()));
      RoomOptions options =
          RoomOptions.builder(
                  page.resolve("/"), page.getQuery().replaceFirst("^room=", ""), tautline)
              .connectionOptions(PeerConnectionOptions.builder().includeLoopback(true).build())
              .build();
      try (Room room = Room.join(options).get(30, TimeUnit.SECONDS)) {
        Rpc.expose(
            DataChannelEndpoint.of(room.channel()),
            Page.class,
            new Page() {
              @Override
              public void log(String text) {}

              @Override
              public void changeBackgroundColor(int red, int green, int blue) {
                room.closeAsync();
              }
            });
        demo.exits(0);
        assertThat(demo.outLines()).endsWith("the page has left");
        assertThat(demo.errLines()).isEmpty();
      }
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

      first.type("x".repeat(300_000));
      assertThat(first.awaitErr("Not sent")).contains("300000");
      first.type("still here");
      assertThat(second.awaitOut("still")).isEqualTo("still here");

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
      assertThat(serve.awaitOut("rooms server on"))
          .matches("rooms server on http://127\\.0\\.0\\.1:\\d+ .*");
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
