package dev.tautline.ice;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tautline.ice.IceAgentOptions.CandidatePolicy;
import dev.tautline.ice.IceAgentOptions.Family;
import dev.tautline.ice.IceAgentOptions.HostCandidates;
import dev.tautline.ice.IceAgentOptions.Loopback;
import dev.tautline.stun.StunClass;
import dev.tautline.stun.StunFormatException;
import dev.tautline.stun.StunMessage;
import dev.tautline.stun.attribute.AlternateServer;
import dev.tautline.stun.attribute.ErrorCode;
import dev.tautline.stun.codec.StunParser;
import dev.tautline.stun.codec.StunWriter;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** TURN servers that behave badly, on real sockets. */
@Timeout(60)
class RelayGatheringTest {
  private static final Optional<IceServer.Credentials> CREDENTIALS =
      Optional.of(new IceServer.Credentials("user", "password"));

  private IceRuntime runtime;
  private final List<AutoCloseable> open = new ArrayList<>();

  @BeforeEach
  void open() {
    runtime = IceRuntime.create();
  }

  @AfterEach
  void close() throws Exception {
    for (AutoCloseable closeable : open) {
      closeable.close();
    }
    runtime.close();
  }

  private static IceAgentOptions.Builder loopback(String... urls) {
    List<IceServer> servers = new ArrayList<>();
    for (String url : urls) {
      servers.add(IceServer.parse(url, CREDENTIALS));
    }
    return IceAgentOptions.builder()
        .loopback(Loopback.ONLY)
        .families(Set.of(Family.IPV4))
        .serverTimeout(Duration.ofSeconds(2))
        .servers(servers);
  }

  private RecordingPeer gathered(IceAgentOptions options) {
    var peer = new RecordingPeer(runtime, options);
    open.add(peer);
    peer.gatherAll();
    return peer;
  }

  /** A UDP server that answers each request as it is told. */
  private int udpServer(AtomicInteger requests, Function<StunMessage, byte[]> answer)
      throws IOException {
    var socket = new DatagramSocket(new InetSocketAddress("127.0.0.1", 0));
    open.add(socket);
    start(
        () -> {
          byte[] buffer = new byte[2048];
          while (!socket.isClosed()) {
            var packet = new DatagramPacket(buffer, buffer.length);
            try {
              socket.receive(packet);
              requests.incrementAndGet();
              byte[] bytes =
                  answer.apply(StunParser.parse(buffer, 0, packet.getLength()).message());
              socket.send(new DatagramPacket(bytes, bytes.length, packet.getSocketAddress()));
            } catch (IOException | StunFormatException e) {
              if (!socket.isClosed()) {
                throw new AssertionError(e);
              }
            }
          }
        });
    return socket.getLocalPort();
  }

  private static void start(Runnable task) {
    var thread = new Thread(task, "bad-turn-server");
    thread.setDaemon(true);
    thread.start();
  }

  private static byte[] sentTo(StunMessage request, int port) {
    return new StunWriter(
            StunMessage.of(
                StunClass.ERROR,
                request.method(),
                request.transactionId(),
                ErrorCode.of(300),
                new AlternateServer(new InetSocketAddress("127.0.0.1", port))))
        .toBytes();
  }

  @Test
  void serversThatSendUsInCirclesAreLeft() throws Exception {
    var requests = new AtomicInteger();
    int[] ports = new int[2];
    ports[0] = udpServer(requests, request -> sentTo(request, ports[1]));
    ports[1] = udpServer(requests, request -> sentTo(request, ports[0]));
    RecordingPeer peer = gathered(loopback("turn:127.0.0.1:" + ports[0]).build());

    assertThat(peer.errors)
        .singleElement()
        .satisfies(
            error -> {
              assertThat(error.errorCode()).isEqualTo(300);
              assertThat(error.errorText()).contains("in circles");
            });
    assertThat(requests).hasValue(2);
  }

  @Test
  void aChainOfServersIsFollowedThreeTimes() throws Exception {
    var requests = new AtomicInteger();
    int last = 9;
    for (int i = 0; i < 6; i++) {
      int next = last;
      last = udpServer(requests, request -> sentTo(request, next));
    }
    RecordingPeer peer = gathered(loopback("turn:127.0.0.1:" + last).build());

    assertThat(peer.errors).singleElement();
    assertThat(requests.get()).isLessThanOrEqualTo(4);
  }

  @Test
  void aServerElsewhereMayNotSendUsToOurOwnHost() throws Exception {
    var requests = new AtomicInteger();
    int port =
        udpServer(
            requests,
            request ->
                new StunWriter(
                        StunMessage.of(
                            StunClass.ERROR,
                            request.method(),
                            request.transactionId(),
                            ErrorCode.of(300),
                            new AlternateServer(new InetSocketAddress("0.0.0.0", 80))))
                    .toBytes());
    RecordingPeer peer = gathered(loopback("turn:127.0.0.1:" + port).build());

    assertThat(peer.errors)
        .singleElement()
        .satisfies(error -> assertThat(error.errorText()).contains("which we cannot reach"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"HTTP/1.1 400 Bad Request\r\n\r\n", "\u0000\u0001\u0000\u0000xxxx", "\u007f"})
  void rubbishOverTcpEndsTheConnection(String rubbish) throws Exception {
    var listener = new ServerSocket(0, 10, InetAddress.getByName("127.0.0.1"));
    open.add(listener);
    start(
        () -> {
          try (Socket client = listener.accept()) {
            // In odd pieces, and then the end.
            client.setTcpNoDelay(true);
            for (char c : rubbish.toCharArray()) {
              client.getOutputStream().write(c);
              client.getOutputStream().flush();
            }
            client.shutdownOutput();
            while (client.getInputStream().read() >= 0) {
              continue;
            }
          } catch (IOException e) {
            if (!listener.isClosed() && !"Connection reset".equals(e.getMessage())) {
              throw new AssertionError(e);
            }
          }
        });
    RecordingPeer peer =
        gathered(loopback("turn:127.0.0.1:" + listener.getLocalPort() + "?transport=tcp").build());

    assertThat(peer.errors)
        .singleElement()
        .satisfies(
            error -> {
              assertThat(error.errorCode()).isEqualTo(701);
              assertThat(error.errorText())
                  .containsAnyOf("what is no TURN", "the server closed the connection");
            });
  }

  @Test
  void aSilentServerDelaysNoOther() throws Exception {
    var silent = new DatagramSocket(new InetSocketAddress("127.0.0.1", 0));
    open.add(silent);
    try (var stun = new FakeStunServer(new InetSocketAddress("203.0.113.7", 4711))) {
      List<IceServer> servers =
          List.of(
              IceServer.parse("turn:127.0.0.1:" + silent.getLocalPort(), CREDENTIALS),
              IceServer.parse("turn:127.0.0.1:9?transport=tcp", CREDENTIALS),
              IceServer.parse("stun:127.0.0.1:" + stun.port()));
      RecordingPeer peer = gathered(loopback().servers(servers).build());

      assertThat(peer.candidates).anyMatch(c -> c.type() == IceCandidateType.SERVER_REFLEXIVE);
      assertThat(peer.errors).hasSize(2);
      assertThat(peer.errors.get(0).url()).contains("tcp");
      assertThat(peer.errors.get(1).errorText())
          .isEqualTo("the TURN server did not answer 5 requests");
    }
  }

  @Test
  void withRelaysAloneNoAddressOfOursIsTold() {
    RecordingPeer peer =
        gathered(loopback("stun:127.0.0.1:9").candidatePolicy(CandidatePolicy.RELAY).build());

    assertThat(peer.candidates).isEmpty();
    assertThat(peer.errors).isEmpty();
  }

  @Test
  void hiddenHostAddressesAreNotToldButUsed() throws Exception {
    try (var stun = new FakeStunServer(new InetSocketAddress("203.0.113.7", 4711))) {
      RecordingPeer hidden =
          gathered(
              loopback("stun:127.0.0.1:" + stun.port())
                  .hostCandidates(HostCandidates.HIDDEN)
                  .build());
      RecordingPeer other = gathered(loopback().build());

      assertThat(hidden.candidates)
          .singleElement()
          .satisfies(
              c -> {
                assertThat(c.type()).isEqualTo(IceCandidateType.SERVER_REFLEXIVE);
                assertThat(c.related()).contains(new IceCandidate.RelatedAddress("0.0.0.0", 0));
              });
      hidden.start(IceRole.CONTROLLING, other);
      other.start(IceRole.CONTROLLED, hidden);
      hidden.addAll(other);
      hidden.awaitState(IceState.COMPLETED);
      other.awaitState(IceState.COMPLETED);
    }
  }

  @Test
  void anAddressFilterLeavesAddressesOut() {
    RecordingPeer peer = gathered(loopback().addressFilter(address -> false).build());

    assertThat(peer.candidates).isEmpty();
  }
}
