package dev.tautline.interop.turn;

import static dev.tautline.interop.turn.TurnPair.get;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.tautline.datachannel.DataChannelMessage;
import dev.tautline.datachannel.HttpProxy;
import dev.tautline.datachannel.IceServer;
import dev.tautline.datachannel.IceTransportPolicy;
import dev.tautline.datachannel.IpFamilies;
import dev.tautline.datachannel.Loopback;
import dev.tautline.datachannel.PeerConnectionOptions;
import dev.tautline.datachannel.Tautline;
import dev.tautline.interop.turn.Coturn.Transport;
import java.net.DatagramSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Relays of coturn, with everything else on 127.0.0.1. */
@Timeout(120)
class TurnIT extends CoturnContract {
  private static PeerConnectionOptions.Builder loopback() {
    return PeerConnectionOptions.builder().loopback(Loopback.ONLY).ipFamilies(IpFamilies.IPV4);
  }

  private static PeerConnectionOptions.Builder relayed(IceServer... servers) throws Exception {
    return loopback()
        .iceServers(List.of(servers))
        .iceTransportPolicy(IceTransportPolicy.RELAY)
        .icePatience(Duration.ofSeconds(6))
        .turnTrustStore(coturn.trust());
  }

  private static void exchange(TurnPair pair) throws InterruptedException {
    BlockingQueue<String> atB = new LinkedBlockingQueue<>();
    pair.arrived().onMessage(m -> atB.add(text(m)));
    for (int i = 0; i < 200; i++) {
      pair.channel.send("message " + i + " " + "x".repeat(i * 10));
    }
    for (int i = 0; i < 200; i++) {
      assertThat(atB.poll(20, TimeUnit.SECONDS)).startsWith("message " + i + ' ');
    }
  }

  private static String text(DataChannelMessage message) {
    return ((DataChannelMessage.Text) message).text();
  }

  @ParameterizedTest
  @CsvSource({"UDP,UDP", "UDP,TCP", "TCP,TCP", "TLS,TLS", "TLS,UDP"})
  void bothSidesThroughARelay(Transport a, Transport b) throws Exception {
    try (var pair =
        new TurnPair(
            tautline, relayed(coturn.server(a)).build(), relayed(coturn.server(b)).build())) {
      pair.connect();
      exchange(pair);

      assertThat(get(pair.a.iceReport()).toString())
          .containsPattern("in use: .*typ relay.* <-> .*typ relay");
      assertThat(pair.a.localDescription().orElseThrow().sdp()).doesNotContain("typ host");
    }
  }

  /** The way to try it out: nothing but the URL of a server on the same host. */
  @ParameterizedTest
  @EnumSource(Transport.class)
  void aServerOnThisHostIsReachedWithoutAWordAboutLoopback(Transport transport) throws Exception {
    PeerConnectionOptions options =
        PeerConnectionOptions.builder()
            .iceServers(List.of(coturn.server(transport)))
            .iceTransportPolicy(IceTransportPolicy.RELAY)
            .turnTrustStore(coturn.trust())
            .build();
    try (var pair = new TurnPair(tautline, options, options)) {
      pair.connect();
      exchange(pair);

      assertThat(get(pair.a.iceReport()).toString())
          .containsPattern("in use: .*typ relay.* <-> .*typ relay");
    }
  }

  /** To the server all of them are one address, which gets one allocation; it tells others 437. */
  @Test
  void connectionsOverOnePortHaveARelayEach() throws Exception {
    int port;
    try (var socket = new DatagramSocket(0)) {
      port = socket.getLocalPort();
    }
    PeerConnectionOptions relay = relayed(coturn.server(Transport.UDP)).build();
    try (Tautline server = Tautline.builder().udpPort(port).build();
        var first = new TurnPair(server, relay, relay).connect();
        var second = new TurnPair(server, relay, relay).connect()) {
      exchange(first);
      exchange(second);
      exchange(first);

      assertThat(get(first.a.iceReport()).toString())
          .containsPattern("in use: .*typ relay.* <-> .*typ relay");
    }
  }

  @ParameterizedTest
  @EnumSource(Transport.class)
  void oneSideThroughARelay(Transport transport) throws Exception {
    try (var pair =
        new TurnPair(tautline, relayed(coturn.server(transport)).build(), loopback().build())) {
      pair.connect();
      exchange(pair);

      assertThat(get(pair.a.iceReport()).toString()).containsPattern("in use: .*typ relay");
    }
  }

  @Test
  void anAllocationIsFreedOnClose() throws Exception {
    long before = coturn.logged("lifetime=0");
    var pair =
        new TurnPair(
            tautline,
            relayed(coturn.server(Transport.UDP)).build(),
            relayed(coturn.server(Transport.TCP)).build());
    pair.connect();
    pair.close();

    await()
        .atMost(Duration.ofSeconds(10))
        .untilAsserted(() -> assertThat(coturn.logged("lifetime=0")).isEqualTo(before + 2));
  }

  @Test
  void aWrongPasswordIsNamed() throws Exception {
    IceServer good = coturn.server(Transport.UDP);
    var wrong = new IceServer(good.urls(), good.username(), "wrong");

    assertFails(wrong, "no relay candidate: the TURN server refused the password (401)", 401);
  }

  @Test
  void expiredCredentialsAreNamed() throws Exception {
    IceServer expired = coturn.server(coturn.url(Transport.TCP), Instant.now().minusSeconds(60));

    assertFails(expired, "no relay candidate: the TURN server refused the password (401)", 401);
  }

  @Test
  void aServerThatNobodyRunsIsNamed() throws Exception {
    assertFails(
        new IceServer(List.of("turn:127.0.0.1:9?transport=tcp"), "u", "p"),
        "no relay candidate: the connection was refused",
        701);
    assertFails(
        new IceServer(List.of("turn:127.0.0.1:9"), "u", "p"),
        "no relay candidate: the TURN server did not answer",
        701);
  }

  private static void assertFails(IceServer server, String hint, int code) throws Exception {
    assertFails(relayed(server).build(), hint, code);
  }

  private static void assertFails(PeerConnectionOptions options, String hint, int code) {
    try (var pair = new TurnPair(tautline, options, loopback().build())) {
      assertThatThrownBy(() -> get(pair.a.connected())).isInstanceOf(CompletionException.class);
      assertThat(get(pair.a.iceReport()).toString()).contains(hint);
      assertThat(pair.errors)
          .singleElement()
          .satisfies(
              error -> {
                assertThat(error.errorCode()).isEqualTo(code);
                assertThat(error.url()).isEqualTo(options.iceServers().get(0).urls().get(0));
              });
    }
  }

  @Test
  void aCertificateOfAnUnknownCaIsRefused() throws Exception {
    PeerConnectionOptions options = relayed(coturn.server(Transport.TLS)).build();

    // The JDK's own trust does not know the test's CA.
    assertFails(
        loopback()
            .iceServers(options.iceServers())
            .iceTransportPolicy(IceTransportPolicy.RELAY)
            .icePatience(Duration.ofSeconds(6))
            .build(),
        "no relay candidate: the certificate is not trusted",
        701);
  }

  @Test
  void aCertificateOfAnotherHostIsRefused() throws Exception {
    IceServer byAddress =
        coturn.server("turns:127.0.0.1:" + coturn.tlsPort(), Instant.now().plusSeconds(3600));

    assertFails(byAddress, "no relay candidate: the certificate is not for this host name", 701);
  }

  @ParameterizedTest
  @EnumSource(
      value = Transport.class,
      names = {"TCP", "TLS"})
  void throughAnHttpProxy(Transport transport) throws Exception {
    String login = Base64.getEncoder().encodeToString("user:pass".getBytes("UTF-8"));
    try (var proxy = new SmallProxy("Basic " + login)) {
      var through = new HttpProxy("127.0.0.1", proxy.port(), "user", "pass");
      try (var pair =
          new TurnPair(
              tautline,
              relayed(coturn.server(transport)).httpProxy(through).build(),
              relayed(coturn.server(Transport.UDP)).build())) {
        pair.connect();
        exchange(pair);
      }
      assertThat(proxy.requests.get(0)).startsWith("CONNECT ").contains("Host: ");
      assertThat(proxy.bytes.get()).isGreaterThan(100_000);

      assertFails(
          relayed(coturn.server(transport))
              .httpProxy(HttpProxy.of("127.0.0.1", proxy.port()))
              .build(),
          "no relay candidate: the proxy refused the tunnel (407)",
          701);
    }
  }

  @Test
  void anAllocationOutlivesItsLifetime(@TempDir Path own) throws Exception {
    try (var shortLived = new Coturn(own, "--max-allocate-lifetime=6", "--stale-nonce=5");
        var pair =
            new TurnPair(
                tautline,
                relayed(shortLived.server(Transport.UDP)).build(),
                relayed(shortLived.server(Transport.TCP)).build())) {
      pair.connect();
      // Refreshes at half of 6 s, with nonces that grow stale in between.
      await().atMost(Duration.ofSeconds(30)).until(() -> shortLived.logged("lifetime=6") >= 8);
      exchange(pair);
    }
  }

  @Test
  void aQuotaIsNamed(@TempDir Path own) throws Exception {
    try (var small = new Coturn(own, "--user-quota=1")) {
      IceServer server = small.server(Transport.UDP);
      try (var first = new TurnPair(tautline, relayed(server).build(), loopback().build())) {
        first.connect();
        assertFails(
            relayed(server).build(), "the TURN server gives this user no more allocations", 486);
      }
      // The first allocation is freed, so there is room again.
      await().atMost(Duration.ofSeconds(20)).until(() -> small.logged("delete: realm") >= 1);
      try (var third = new TurnPair(tautline, relayed(server).build(), loopback().build())) {
        third.connect();
      }
    }
  }

  @Test
  void aServerWithoutIpv6RelaysFromIpv4() throws Exception {
    try (var pair =
        new TurnPair(
            tautline,
            relayed(coturn.server(Transport.UDP)).ipFamilies(IpFamilies.ANY).build(),
            loopback().build())) {
      pair.connect();
      exchange(pair);
    }
  }

  @Test
  void aServerWithIpv6RelaysFromBoth(@TempDir Path own) throws Exception {
    try (var both = new Coturn(own, "--listening-ip=::1", "--relay-ip=::1");
        var pair =
            new TurnPair(
                tautline,
                relayed(both.server(Transport.UDP)).ipFamilies(IpFamilies.ANY).build(),
                loopback().ipFamilies(IpFamilies.IPV6).build())) {
      pair.connect();
      exchange(pair);

      assertThat(get(pair.a.iceReport()).toString())
          .containsPattern("in use: .* ::1 [0-9]+ typ relay");
      assertThat(pair.a.localDescription().orElseThrow().sdp())
          .containsPattern("127.0.0.1 [0-9]+ typ relay")
          .containsPattern("::1 [0-9]+ typ relay");
    }
  }
}
