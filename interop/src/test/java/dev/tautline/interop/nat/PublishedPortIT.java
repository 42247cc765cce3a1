package dev.tautline.interop.nat;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.tautline.cli.Main;
import dev.tautline.interop.ChildProcess;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * A server in a container of which one UDP port is published, as by {@code docker run -p
 * 4000:4000/udp}, set up by environment variables alone. Its clients are behind a NAT of their own
 * and know no STUN server: only what the server tells them can work.
 */
@Timeout(60)
class PublishedPortIT {
  private static final int CONNECTIONS = 6;
  private static final long LIMIT_SECONDS = 20;
  private static final String PUBLISHED = "203.0.113.11";
  private static final ObjectMapper JSON = new ObjectMapper();

  @Test
  void clientsConnectOverTheOnePortWhetherItsAddressIsGivenOrFoundByStun() throws Exception {
    try (NetLab lab = NetLab.create();
        ChildProcess stun = stunServer(lab)) {
      NetLab.Host container = lab.host(NetworkKind.CONTAINER);
      NetLab.Host outside = lab.host(NetworkKind.EIM_APDF);
      String port = "TAUTLINE_UDP_PORT=" + NetworkKind.PUBLISHED_PORT;
      try (var client = new LabHost(outside)) {
        try (var given =
            new LabHost(container, List.of(port, "TAUTLINE_ANNOUNCED_ADDRESS=" + PUBLISHED))) {
          connect(given, client, 100, stun);
        }
        // A container that is started anew, as its port is free again.
        try (var found =
            new LabHost(
                container,
                List.of(port, "TAUTLINE_ANNOUNCED_ADDRESS=stun:" + NetLab.SERVER + ":3478"))) {
          connect(found, client, 200, stun);
        }
        // Without an announced address nobody comes in: it is that which made it work.
        try (var unannounced = new LabHost(container, List.of(port))) {
          var session = new Session(unannounced, client, 300);
          session.open();
          assertThat(session.gathered.await(LIMIT_SECONDS, TimeUnit.SECONDS)).isTrue();
          assertThat(session.toldByServer).noneMatch(c -> c.contains(PUBLISHED));
          assertThat(session.echoed.await(2, TimeUnit.SECONDS)).as("connected").isFalse();
        }
      }
    }
  }

  private static ChildProcess stunServer(NetLab lab) throws InterruptedException {
    var ready = new CountDownLatch(1);
    ChildProcess process =
        ChildProcess.start(
            "stun-server",
            Path.of("."),
            lab.internet()
                .command(LabHost.java(Main.class, "stun-server", "--bind", NetLab.SERVER)),
            line -> {
              if (line.startsWith("STUN server on")) {
                ready.countDown();
              }
            });
    if (!ready.await(LIMIT_SECONDS, TimeUnit.SECONDS)) {
      process.close();
      throw new AssertionError(process.lastOutput());
    }
    return process;
  }

  private static void connect(LabHost server, LabHost client, int first, ChildProcess stun)
      throws InterruptedException {
    server.awaitReady();
    client.awaitReady();
    List<Session> sessions = new ArrayList<>();
    for (int i = 0; i < CONNECTIONS; i++) {
      var session = new Session(server, client, first + i);
      sessions.add(session);
      session.open();
    }
    for (Session session : sessions) {
      assertThat(session.echoed.await(LIMIT_SECONDS, TimeUnit.SECONDS))
          .as(() -> session + "\n" + server.lastOutput() + "\n" + stun.lastOutput())
          .isTrue();
    }
    for (Session session : sessions) {
      session.end();
      // The client sends to the published address, and was told nothing else.
      assertThat(session.seenByClient)
          .containsExactly("host udp " + PUBLISHED + ":" + NetworkKind.PUBLISHED_PORT);
      assertThat(session.toldByServer)
          .filteredOn(line -> !line.isEmpty())
          .singleElement()
          .asString()
          .contains(" " + PUBLISHED + " " + NetworkKind.PUBLISHED_PORT + " typ host");
      assertThat(session.problems).isEmpty();
    }
  }

  /** The client offers, the server answers; what they say is passed on. */
  private static final class Session {
    final CountDownLatch echoed = new CountDownLatch(1);
    final CountDownLatch gathered = new CountDownLatch(1);
    final List<String> toldByServer = new CopyOnWriteArrayList<>();
    final List<String> seenByClient = new CopyOnWriteArrayList<>();
    final List<String> problems = new CopyOnWriteArrayList<>();
    private final CountDownLatch closed = new CountDownLatch(2);
    private final LabHost server;
    private final LabHost client;
    private final int number;

    Session(LabHost server, LabHost client, int number) {
      this.server = server;
      this.client = client;
      this.number = number;
      server.listen(number, event -> fromServer(event));
      client.listen(number, event -> fromClient(event));
    }

    void open() throws InterruptedException {
      server.awaitReady();
      server.tell(number, "open", options(false));
      client.tell(number, "open", options(true));
    }

    private static ObjectNode options(boolean offers) {
      ObjectNode options = JSON.createObjectNode().put("offers", offers);
      options.putArray("servers");
      return options;
    }

    private void fromServer(JsonNode event) {
      switch (event.get("event").asText()) {
        case "description" -> pass(event, client);
        case "candidate" -> {
          String line = event.get("candidate").asText();
          toldByServer.add(line);
          if (line.isEmpty()) {
            gathered.countDown();
          }
          pass(event, client);
        }
        case "connected" -> {}
        case "closed" -> closed.countDown();
        default -> problems.add("server " + event);
      }
    }

    private void fromClient(JsonNode event) {
      switch (event.get("event").asText()) {
        case "description", "candidate" -> pass(event, server);
        case "echo" -> echoed.countDown();
        case "connected" -> {}
        case "closed" -> {
          seenByClient.add(event.path("candidate").asText());
          closed.countDown();
        }
        default -> problems.add("client " + event);
      }
    }

    private void pass(JsonNode event, LabHost to) {
      to.tell(number, event.get("event").asText(), event.deepCopy());
    }

    void end() throws InterruptedException {
      client.tell(number, "close", JSON.createObjectNode());
      server.tell(number, "close", JSON.createObjectNode());
      assertThat(closed.await(LIMIT_SECONDS, TimeUnit.SECONDS)).isTrue();
    }

    @Override
    public String toString() {
      return "session " + number + ", server told " + toldByServer + ", problems " + problems;
    }
  }
}
