package dev.tautline.datachannel;

import static dev.tautline.datachannel.PeerPair.get;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.tautline.dtls.DtlsCertificate;
import dev.tautline.dtls.DtlsEngine;
import dev.tautline.dtls.DtlsEngines;
import dev.tautline.dtls.DtlsHandshakes;
import dev.tautline.dtls.DtlsOptions;
import dev.tautline.dtls.DtlsRole;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Real ClientHellos, which any DTLS server would answer, from 10 000 addresses before and while a
 * connection is set up: all of 127.0.0.0/8 is this host.
 */
@Timeout(60)
class StrangersTest {
  private static final int STRANGERS = 10_000;
  private static final int BURST = 50;
  private static final PeerConnectionOptions LOOPBACK =
      PeerConnectionOptions.builder().loopback(Loopback.ONLY).ipFamilies(IpFamilies.IPV4).build();

  /** Sends a burst every two milliseconds, so that the socket's buffer is left to the peer, too. */
  private static final class Fire implements AutoCloseable {
    final AtomicInteger sent = new AtomicInteger();
    final AtomicInteger answers = new AtomicInteger();
    final CountDownLatch half = new CountDownLatch(1);
    final CompletableFuture<Void> over = new CompletableFuture<>();
    private final byte[] hello;
    private final InetSocketAddress target;
    private final ArrayDeque<DatagramChannel> open = new ArrayDeque<>();
    private final ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor();

    Fire(byte[] hello, int port) throws IOException {
      this.hello = hello;
      this.target = new InetSocketAddress(InetAddress.getByName("127.0.0.1"), port);
      clock.scheduleAtFixedRate(this::burst, 0, 2, TimeUnit.MILLISECONDS);
    }

    private void burst() {
      try {
        int first = sent.get();
        if (first >= STRANGERS) {
          while (!open.isEmpty()) {
            listenAndClose(open.removeFirst());
          }
          over.complete(null);
          clock.shutdown();
          return;
        }
        for (int i = first; i < first + BURST; i++) {
          DatagramChannel stranger = DatagramChannel.open();
          open.addLast(stranger);
          byte[] address = {127, (byte) (16 + (i >> 16)), (byte) (i >> 8), (byte) i};
          stranger.bind(new InetSocketAddress(InetAddress.getByAddress(address), 0));
          stranger.configureBlocking(false);
          stranger.send(ByteBuffer.wrap(hello), target);
        }
        sent.addAndGet(BURST);
        if (sent.get() >= STRANGERS / 2) {
          half.countDown();
        }
        // Each listens for a hundred milliseconds.
        while (open.size() > 50 * BURST) {
          listenAndClose(open.removeFirst());
        }
      } catch (IOException e) {
        over.completeExceptionally(e);
        throw new UncheckedIOException(e);
      }
    }

    private void listenAndClose(DatagramChannel stranger) throws IOException {
      if (stranger.receive(ByteBuffer.allocate(2000)) != null) {
        answers.incrementAndGet();
      }
      stranger.close();
    }

    @Override
    public void close() {
      clock.shutdownNow();
    }
  }

  /** What a DTLS client sends first. */
  private static byte[] clientHello() throws Exception {
    var ready = new CompletableFuture<Void>();
    try (DtlsHandshakes handshakes = DtlsHandshakes.create()) {
      DtlsEngine client =
          DtlsEngines.bouncyCastle(
              DtlsOptions.defaults(),
              DtlsRole.CLIENT,
              DtlsCertificate.generate(),
              handshakes,
              () -> ready.complete(null),
              (now, buffer, offset, length) -> {});
      client.start(0);
      byte[] buffer = new byte[2048];
      get(ready);
      int length = client.pollPacket(0, buffer, 0, buffer.length);
      assertThat(buffer[0]).as("a handshake record").isEqualTo((byte) 22);
      assertThat(buffer[13]).as("a ClientHello").isEqualTo((byte) 1);
      client.close(0);
      return Arrays.copyOf(buffer, length);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aConnectionOpensUnderFireAndNobodyElseIsAnswered(boolean onePort) throws Exception {
    byte[] hello = clientHello();
    Tautline.Builder builder = Tautline.builder();
    if (onePort) {
      try (var socket = new DatagramSocket(0)) {
        builder.udpPort(socket.getLocalPort());
      }
    }
    try (Tautline forServer = builder.build();
        Tautline forClient = Tautline.create();
        PeerConnection server = forServer.createPeerConnection(LOOPBACK);
        PeerConnection client = forClient.createPeerConnection(LOOPBACK)) {
      var echo = new CompletableFuture<String>();
      server.onDataChannel(c -> c.onMessage(m -> c.send(((DataChannelMessage.Text) m).text())));
      DataChannel channel = client.createDataChannel("under fire");
      channel.onMessage(m -> echo.complete(((DataChannelMessage.Text) m).text()));
      get(client.setLocalDescription());
      get(client.gatheringComplete());
      get(server.setRemoteDescription(client.localDescription().orElseThrow()));
      get(server.setLocalDescription());
      get(server.gatheringComplete());
      SessionDescription answer = server.localDescription().orElseThrow();
      int port =
          Integer.parseInt(
              answer.sdp().replaceFirst("(?s)^.*a=candidate:(?:\\S+ ){5}(\\d+) .*$", "$1"));

      try (var fire = new Fire(hello, port)) {
        // The answer is under way: the server checks, and waits for a ClientHello or sends one.
        assertThat(fire.half.await(20, TimeUnit.SECONDS)).isTrue();
        get(client.setRemoteDescription(answer));
        get(channel.opened());
        channel.send("through it");

        assertThat(echo).succeedsWithin(Duration.ofSeconds(10)).isEqualTo("through it");
        get(fire.over);
        assertThat(fire.sent).hasValueGreaterThanOrEqualTo(STRANGERS);
        assertThat(fire.answers).hasValue(0);
      }
      PeerConnectionStats.Transport transport = get(server.getStats()).transport().orElseThrow();
      assertThat(transport.dtlsHandshakes()).isEqualTo(1);
      assertThat(get(server.iceReport()).toString()).doesNotContain("127.16.");
    }
  }

  @Test
  void whatIsSentIsWhatADtlsServerAnswers() throws Exception {
    byte[] hello = clientHello();
    var woken = new AtomicInteger();
    try (DtlsHandshakes handshakes = DtlsHandshakes.create()) {
      DtlsEngine server =
          DtlsEngines.bouncyCastle(
              DtlsOptions.defaults(),
              DtlsRole.SERVER,
              DtlsCertificate.generate(),
              handshakes,
              woken::incrementAndGet,
              (now, buffer, offset, length) -> {});
      server.start(0);
      server.receive(0, hello, 0, hello.length);

      await().atMost(10, TimeUnit.SECONDS).until(() -> woken.get() > 0);
      byte[] buffer = new byte[2048];
      assertThat(server.pollPacket(0, buffer, 0, buffer.length)).isPositive();
      server.close(0);
    }
  }
}
