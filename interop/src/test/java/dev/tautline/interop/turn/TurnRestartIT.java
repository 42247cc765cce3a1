package dev.tautline.interop.turn;

import static dev.tautline.interop.turn.TurnPair.get;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.tautline.datachannel.DataChannelMessage;
import dev.tautline.datachannel.HttpProxy;
import dev.tautline.datachannel.IceConnectionState;
import dev.tautline.datachannel.IceReport;
import dev.tautline.datachannel.IceRestart;
import dev.tautline.datachannel.IceTransportPolicy;
import dev.tautline.datachannel.IpFamilies;
import dev.tautline.datachannel.Loopback;
import dev.tautline.datachannel.OfferOptions;
import dev.tautline.datachannel.PeerConnection;
import dev.tautline.datachannel.PeerConnectionOptions;
import dev.tautline.datachannel.PeerConnectionStats;
import dev.tautline.interop.turn.Coturn.Transport;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Restarts of ICE over relays of coturn, and relays that are lost. */
@Timeout(120)
class TurnRestartIT extends CoturnContract {
  private static final int MESSAGES = 400;
  private static final int MESSAGE_BYTES = 16 << 10;
  private static final String LOGIN =
      "Basic "
          + Base64.getEncoder().encodeToString("user:pass".getBytes(StandardCharsets.US_ASCII));

  private static PeerConnectionOptions.Builder relayed(Transport transport) throws Exception {
    return PeerConnectionOptions.builder()
        .loopback(Loopback.ONLY)
        .ipFamilies(IpFamilies.IPV4)
        .iceServers(List.of(coturn.server(transport)))
        .iceTransportPolicy(IceTransportPolicy.RELAY)
        .turnTrustStore(coturn.trust());
  }

  private static PeerConnectionStats.Transport transport(PeerConnection connection) {
    return get(connection.getStats()).transport().orElseThrow();
  }

  /** With whole descriptions, so that no candidate comes before the one it belongs to. */
  private static void negotiate(PeerConnection from, PeerConnection to) {
    get(from.gatheringComplete());
    get(to.setRemoteDescription(from.localDescription().orElseThrow()));
    get(to.setLocalDescription());
    get(to.gatheringComplete());
    get(from.setRemoteDescription(to.localDescription().orElseThrow()));
  }

  private static void awaitGeneration(int generation, TurnPair pair) {
    for (PeerConnection one : List.of(pair.a, pair.b)) {
      await()
          .atMost(20, TimeUnit.SECONDS)
          .untilAsserted(
              () -> {
                String report = get(one.iceReport()).toString();
                assertThat(transport(one).iceGeneration()).as(report).isEqualTo(generation);
                assertThat(one.iceConnectionState())
                    .as(report)
                    .isEqualTo(IceConnectionState.COMPLETED);
              });
    }
  }

  private static byte[] message(int number) {
    return ByteBuffer.allocate(MESSAGE_BYTES).putInt(number).array();
  }

  private static void assertArrive(BlockingQueue<byte[]> received) throws InterruptedException {
    for (int i = 0; i < MESSAGES; i++) {
      byte[] one = received.poll(30, TimeUnit.SECONDS);
      assertThat(one).as("message " + i).isNotNull().hasSize(MESSAGE_BYTES);
      assertThat(ByteBuffer.wrap(one).getInt()).isEqualTo(i);
    }
    assertThat(received).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({"UDP, true", "UDP, false", "TCP, true", "TCP, false", "TLS, true"})
  void aTransferOverRelaysGoesOnWhileIceRestarts(Transport transport, boolean byOfferer)
      throws Exception {
    PeerConnectionOptions options = relayed(transport).build();
    try (var pair = new TurnPair(tautline, options, options).connect()) {
      BlockingQueue<byte[]> received = new LinkedBlockingQueue<>();
      pair.arrived().onMessage(m -> received.add(((DataChannelMessage.Binary) m).data()));
      PeerConnectionStats.Transport before = transport(pair.a);
      CompletableFuture<Void> sent = CompletableFuture.completedFuture(null);
      for (int i = 0; i < MESSAGES; i++) {
        byte[] message = message(i);
        sent = sent.thenCompose(v -> pair.channel.sendAsync(message));
        if (i == MESSAGES / 4) {
          PeerConnection from = byOfferer ? pair.a : pair.b;
          get(from.setLocalDescription(get(from.createOffer(OfferOptions.restartingIce()))));
          negotiate(from, byOfferer ? pair.b : pair.a);
        }
      }
      get(sent);
      assertArrive(received);

      awaitGeneration(2, pair);
      PeerConnectionStats.Transport after = transport(pair.a);
      assertThat(after.localUfrag()).isNotEqualTo(before.localUfrag());
      assertThat(after.remoteUfrag()).isNotEqualTo(before.remoteUfrag());
      assertThat(after.dtlsHandshakes()).isEqualTo(1);
      assertThat(get(pair.a.iceReport()).toString())
          .containsPattern("in use: .*typ relay.* <-> .*typ relay")
          .contains("generation 2 carries the data");
      assertThat(pair.errors).isEmpty();
    }
  }

  @Test
  void aTurnConnectionThatDiesIsReplacedByARestartAndNothingIsLost() throws Exception {
    try (var proxy = new SmallProxy(LOGIN)) {
      PeerConnectionOptions throughProxy =
          relayed(Transport.TCP)
              .httpProxy(new HttpProxy("127.0.0.1", proxy.port(), "user", "pass"))
              .iceRestart(IceRestart.AUTOMATIC)
              .build();
      PeerConnectionOptions other =
          relayed(Transport.UDP).restartWindow(Duration.ofSeconds(30)).build();
      try (var pair = new TurnPair(tautline, throughProxy, other).connect()) {
        BlockingQueue<byte[]> received = new LinkedBlockingQueue<>();
        pair.arrived().onMessage(m -> received.add(((DataChannelMessage.Binary) m).data()));
        AtomicInteger asked = new AtomicInteger();
        pair.a.onNegotiationNeeded(
            () -> {
              asked.incrementAndGet();
              CompletableFuture.runAsync(
                  () -> {
                    get(pair.a.setLocalDescription());
                    negotiate(pair.a, pair.b);
                  });
            });
        CompletableFuture<Void> sent = CompletableFuture.completedFuture(null);
        for (int i = 0; i < MESSAGES; i++) {
          byte[] message = message(i);
          sent = sent.thenCompose(v -> pair.channel.sendAsync(message));
          if (i == MESSAGES / 4) {
            int seen = received.size();
            await().atMost(20, TimeUnit.SECONDS).until(() -> received.size() > seen);
            proxy.cut();
          }
        }
        get(sent);
        assertArrive(received);

        awaitGeneration(2, pair);
        assertThat(asked).hasValue(1);
        assertThat(transport(pair.a).dtlsHandshakes()).isEqualTo(1);
        assertThat(get(pair.a.iceReport()).toString())
            .contains("is lost: the server closed the connection")
            .containsPattern("relays from .*; the relay .* was lost: the server closed")
            .containsPattern("in use: .*typ relay.* <-> .*typ relay");
        assertThat(proxy.requests.stream().filter(r -> r.startsWith("CONNECT"))).hasSize(2);
      }
    }
  }

  /**
   * Over UDP nothing tells that the allocation is gone: consent ends, and the restart finds out.
   */
  @Test
  void aTurnServerThatIsStartedAnewIsUsedAgainByARestart(@TempDir Path own) throws Exception {
    try (var server = new Coturn(own)) {
      PeerConnectionOptions options =
          relayed(Transport.UDP)
              .iceServers(List.of(server.server(Transport.UDP)))
              .restartWindow(Duration.ofSeconds(30))
              .build();
      try (var pair = new TurnPair(tautline, options, options).connect()) {
        BlockingQueue<byte[]> received = new LinkedBlockingQueue<>();
        pair.arrived().onMessage(m -> received.add(((DataChannelMessage.Binary) m).data()));
        server.restart();
        CompletableFuture<Void> sent = CompletableFuture.completedFuture(null);
        for (int i = 0; i < MESSAGES; i++) {
          byte[] message = message(i);
          sent = sent.thenCompose(v -> pair.channel.sendAsync(message));
        }
        await()
            .atMost(20, TimeUnit.SECONDS)
            .until(() -> pair.a.iceConnectionState() == IceConnectionState.DISCONNECTED);
        get(pair.a.setLocalDescription(get(pair.a.createOffer(OfferOptions.restartingIce()))));
        negotiate(pair.a, pair.b);
        pair.tellAll();

        awaitGeneration(2, pair);
        get(sent);
        assertArrive(received);
        assertThat(transport(pair.a).dtlsHandshakes()).isEqualTo(1);
        assertThat(get(pair.a.iceReport()).toString()).contains("was lost: the TURN server");
      }
    }
  }

  @Test
  void aTurnConnectionThatDiesForGoodIsTheReasonOfTheFailure() throws Exception {
    try (var proxy = new SmallProxy(LOGIN)) {
      PeerConnectionOptions throughProxy =
          relayed(Transport.TCP)
              .httpProxy(new HttpProxy("127.0.0.1", proxy.port(), "user", "pass"))
              .icePatience(Duration.ofSeconds(5))
              .build();
      try (var pair =
          new TurnPair(tautline, throughProxy, relayed(Transport.UDP).build()).connect()) {
        proxy.stop();

        await()
            .atMost(20, TimeUnit.SECONDS)
            .until(() -> pair.a.iceConnectionState() == IceConnectionState.DISCONNECTED);
        // Another pair could still come, until the peer's consent would have ended.
        await()
            .atMost(45, TimeUnit.SECONDS)
            .until(() -> pair.a.iceConnectionState() == IceConnectionState.FAILED);
        IceReport report = get(pair.a.iceReport());
        assertThat(report.hint())
            .matches(
                "no relay candidate: the relay 127.0.0.1 port \\d+ was lost: the server closed the"
                    + " connection");
        assertThat(report.toString()).contains("is lost: the server closed the connection");
        assertThat(report.masked().toString()).doesNotContain("127.0.0.1 port");
      }
    }
  }
}
