package dev.tautline.interop.nat;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.tautline.interop.nat.LabLink.BrowserPair;
import dev.tautline.interop.nat.LabLink.Candidates;
import dev.tautline.interop.nat.LabLink.Side;
import dev.tautline.interop.peer.ForeignPeer;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A browser in a network of the laboratory, as it comes: it hides its addresses behind names of
 * multicast DNS. One of our peers is in the same network, another has a public address.
 */
@Timeout(60)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class LabBrowserContract {
  /** The one port that {@link NetworkKind#UDP_BLOCKED} lets out. */
  private static final String TCP_PORT = "443";

  private static final int BYTES = 1 << 20;
  private static final Duration LONGEST_GAP = Duration.ofSeconds(1);
  private static final Map<String, ?> NO_SERVERS = Map.of();

  /**
   * What the report says of a candidate whose name was resolved: before a check of it, or after.
   */
  private static final List<String> RESOLVED = List.of("taken", "known before from its check");

  private final LabBrowser.Kind kind;
  private NetLab lab;
  private LabTurn turn;
  private LabPeers browser;
  private LabPeers neighbour;
  private LabPeers server;
  private NetworkKind network = NetworkKind.SYMMETRIC;

  LabBrowserContract(LabBrowser.Kind kind) {
    this.kind = kind;
  }

  /** Ends the tests where the browser is missing. */
  abstract void require();

  @BeforeAll
  void start() throws InterruptedException {
    require();
    lab = NetLab.create();
    List<NetLab.Host> lan = lab.lan(network, 2);
    browser = new LabPeers(lan.get(0), LabBrowser.class, kind.name());
    neighbour = new LabPeers(lan.get(1), LabOurPeers.class);
    server = new LabPeers(lab.host(NetworkKind.PUBLIC), LabOurPeers.class, TCP_PORT);
    turn = new LabTurn(lab.internet());
    neighbour.awaitReady();
    server.awaitReady();
    browser.awaitReady();
  }

  @AfterAll
  void stop() {
    for (LabPeers peers : new LabPeers[] {browser, neighbour, server}) {
      if (peers != null) {
        peers.close();
      }
    }
    if (turn != null) {
      turn.close();
    }
    if (lab != null) {
      lab.close();
    }
  }

  private ForeignPeer page(Map<String, ?> config) {
    return browser.open(kind.toString(), config);
  }

  private static ForeignPeer jvm(LabPeers host) {
    return host.open("JVM", NO_SERVERS);
  }

  /** The browser's network is behind such a router from now on. */
  private void behind(NetworkKind next) {
    if (network != next) {
      lab.change(browser.host(), next);
      network = next;
    }
  }

  private Map<String, ?> relayedBy(String url) {
    return Map.of("iceServers", List.of(turn.relay(url)), "iceTransportPolicy", "relay");
  }

  /** Connects and opens a channel, which is told on the standard output with its time. */
  private LabLink connect(
      String what, ForeignPeer page, ForeignPeer jvm, Side offerer, Candidates candidates) {
    long begin = System.nanoTime();
    LabLink link = LabLink.connect(page, jvm, offerer, candidates);
    long millis = (System.nanoTime() - begin) / 1_000_000;
    JsonNode state = link.state();
    System.out.printf(
        "%s, %s, offer by %s, candidates %s: open after %d ms, browser %s, ours %s - %s%n",
        kind,
        what,
        offerer,
        candidates,
        millis,
        link.browserPair(),
        state.get("local"),
        state.get("remote"));
    return link;
  }

  /**
   * Two combinations of one path, as the restarts take most of a test's time. Not those of a JVM
   * that offered first with whole descriptions: there Firefox 153 now and then fails to send on its
   * own ICE stream just after it took the offer of a restart, and gives up DTLS for it.
   */
  private static boolean restartsToo(Side offerer, Candidates candidates) {
    return (offerer == Side.PAGE) == (candidates == Candidates.IN_DESCRIPTION);
  }

  private void restarts(String what, LabLink link) {
    for (Side by : Side.values()) {
      Duration gap = link.restartWhileCounting(by);
      System.out.printf(
          "%s, %s, restart by %s: longest gap %d ms%n", kind, what, by, gap.toMillis());
      assertThat(gap).isLessThan(LONGEST_GAP);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "PAGE, TRICKLED",
    "JVM, TRICKLED",
    "PAGE, IN_DESCRIPTION",
    "JVM, IN_DESCRIPTION",
  })
  void inOneNetworkTheBrowserThatHidesItsAddressIsReachedAndRestarts(
      Side offerer, Candidates candidates) {
    String what = "one network";
    try (LabLink link = connect(what, page(NO_SERVERS), jvm(neighbour), offerer, candidates)) {
      assertThat(link.theirUdpCandidates())
          .isNotEmpty()
          .allSatisfy(told -> assertThat(told.get("candidate").asText()).contains(".local "))
          .allSatisfy(told -> assertThat(LabLink.outcome(told)).isIn(RESOLVED));
      JsonNode ours = link.state();
      assertThat(ours.at("/remote/protocol").asText()).isEqualTo("udp");
      BrowserPair theirs = link.browserPair();
      assertThat(theirs.localType()).isEqualTo("host");
      assertThat(theirs.protocol()).isEqualTo("udp");
      link.thereAndBack(BYTES);
      if (restartsToo(offerer, candidates)) {
        restarts(what, link);
      }
    }
  }

  /** The browser is told nothing of us, so it cannot make itself known by a check. */
  @ParameterizedTest
  @EnumSource(Side.class)
  void inOneNetworkTheNameAloneLeadsToTheBrowser(Side offerer) {
    try (LabLink link =
        LabLink.connectBlind(page(NO_SERVERS), jvm(neighbour), offerer, Side.PAGE)) {
      JsonNode theirs = link.state().get("remote");
      assertThat(theirs.get("type").asText()).isEqualTo("host");
      assertThat(theirs.get("address").asText()).endsWith(".local");
    }
  }

  /** The same the other way: we hide our address as browsers do, and answer for the name. */
  @ParameterizedTest
  @EnumSource(Side.class)
  void inOneNetworkOurNameAloneLeadsTheBrowserToUs(Side offerer) {
    ForeignPeer hidden = neighbour.open("JVM", Map.of("hostCandidates", "MDNS_NAMES"));
    try (LabLink link = LabLink.connectBlind(page(NO_SERVERS), hidden, offerer, Side.JVM)) {
      assertThat(link.state().at("/remote/type").asText()).isEqualTo("prflx");
      assertThat(link.state().at("/local/address").asText()).endsWith(".local");
      assertThat(link.browserPair().remoteType()).isEqualTo("host");
    }
  }

  /** Through the symmetric NAT to the server by UDP, or by TCP where nothing else gets out. */
  @ParameterizedTest
  @CsvSource({
    "SYMMETRIC, turn:203.0.113.1:3478, udp, PAGE, IN_DESCRIPTION",
    "SYMMETRIC, turn:203.0.113.1:3478, udp, JVM, TRICKLED",
    "UDP_BLOCKED, turn:203.0.113.1:443?transport=tcp, tcp, PAGE, TRICKLED",
    "UDP_BLOCKED, turn:203.0.113.1:443?transport=tcp, tcp, JVM, TRICKLED",
  })
  void throughTurnAloneThePageReachesTheJvmAndRestarts(
      NetworkKind router, String url, String transport, Side offerer, Candidates candidates) {
    behind(router);
    String what = "TURN over " + transport + " through " + router.label();
    try (LabLink link = connect(what, page(relayedBy(url)), jvm(server), offerer, candidates)) {
      assertThat(link.browserPair()).isEqualTo(new BrowserPair("relay", "udp", transport, "host"));
      assertThat(link.state().at("/local/type").asText()).isEqualTo("host");
      assertThat(link.state().at("/remote/type").asText()).isEqualTo("relay");
      assertThat(link.state().at("/remote/address").asText()).isEqualTo(NetLab.SERVER);
      restarts(what, link);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "PAGE, TRICKLED",
    "JVM, TRICKLED",
    "PAGE, IN_DESCRIPTION",
    "JVM, IN_DESCRIPTION",
  })
  void whereUdpIsBlockedThePageReachesTheJvmOnItsTcpPort(Side offerer, Candidates candidates) {
    behind(NetworkKind.UDP_BLOCKED);
    String what = "ICE over TCP through " + network.label();
    try (LabLink link = connect(what, page(NO_SERVERS), jvm(server), offerer, candidates)) {
      JsonNode ours = link.state();
      assertThat(ours.at("/local/protocol").asText()).isEqualTo("tcp");
      assertThat(ours.at("/remote/protocol").asText()).isEqualTo("tcp");
      BrowserPair theirs = link.browserPair();
      assertThat(theirs.protocol()).isEqualTo("tcp");
      assertThat(theirs.remoteType()).isEqualTo("host");
      long millis = link.thereAndBack(BYTES);
      System.out.printf("%s, %s: 1 MiB there and back in %d ms%n", kind, what, millis);
      if (restartsToo(offerer, candidates)) {
        restarts(what, link);
      }
    }
  }
}
