package dev.tautline.ice;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tautline.ice.IceAgentOptions.Family;
import dev.tautline.ice.IceAgentOptions.Loopback;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A stranger at our real sockets, before and while a connection is set up. */
class HostileDatagramsTest {
  private static final int HELLOS = 10_000;

  /** A burst that fits into a socket's buffer, so that the agent sees all of it. */
  private static final int BURST = 50;

  private IceRuntime runtime;
  private DatagramChannel stranger;

  @BeforeEach
  void open() throws IOException {
    runtime = IceRuntime.create(IceRuntimeOptions.defaults().withThreadNamePrefix("hostile-test"));
    stranger = DatagramChannel.open();
    stranger.bind(new InetSocketAddress(InetAddress.getByName("127.0.0.1"), 0));
    stranger.configureBlocking(false);
  }

  @AfterEach
  void close() throws IOException {
    stranger.close();
    runtime.close();
  }

  private RecordingPeer peer() {
    return new RecordingPeer(
        runtime,
        IceAgentOptions.builder().loopback(Loopback.ONLY).families(Set.of(Family.IPV4)).build());
  }

  private static InetSocketAddress addressOf(RecordingPeer peer) throws IOException {
    return new InetSocketAddress(InetAddress.getByName("127.0.0.1"), peer.candidates.get(0).port());
  }

  private static long count(RecordingPeer peer, String counter) {
    return peer.report().counters().stream()
        .filter(c -> c.name().equals(counter))
        .mapToLong(IceReport.Counter::count)
        .sum();
  }

  /** 10 000 addresses in all greet it, and each burst is waited for until it was dropped. */
  private static void greet(RecordingPeer peer, int from, int to) throws IOException {
    Strangers.greet(
        addressOf(peer),
        from,
        to,
        sent -> peer.awaitThat(() -> count(peer, "dtls from unknown") >= sent));
  }

  private void assertNoAnswer() throws IOException {
    assertThat(stranger.receive(ByteBuffer.allocate(2000)))
        .as("an answer to the stranger")
        .isNull();
  }

  @Test
  void clientHellosOfStrangersGetNoAnswerAndLeaveNoState() throws IOException {
    RecordingPeer a = peer();
    RecordingPeer z = peer();
    a.gatherAll();
    z.gatherAll();
    greet(a, 0, HELLOS / 3);

    // As the answerer: it checks, and its checks do not arrive yet.
    a.start(IceRole.CONTROLLED, z);
    greet(a, HELLOS / 3, 2 * HELLOS / 3);
    assertThat(a.datagrams).isEmpty();
    assertThat(a.report().remoteCandidates()).isEmpty();
    assertThat(a.report().pairs()).isEmpty();
    assertThat(count(a, "dtls held limit")).as("nothing of it was kept").isZero();

    z.addAll(a);
    a.addAll(z);
    z.start(IceRole.CONTROLLING, a);
    greet(a, 2 * HELLOS / 3, HELLOS);
    a.awaitState(IceState.COMPLETED);
    z.awaitState(IceState.COMPLETED);
    assertThat(a.datagrams).as("none was given to the layer above").isEmpty();
    z.send("of the peer");
    a.awaitThat(() -> !a.datagrams.isEmpty());
    assertThat(a.texts()).containsExactly("of the peer");
  }

  @Test
  void datagramsOfEveryShortLengthAndFirstByteDisturbNoSetUp() throws IOException {
    RecordingPeer a = peer();
    RecordingPeer z = peer();
    a.gatherAll();
    z.gatherAll();
    a.start(IceRole.CONTROLLED, z);
    InetSocketAddress target = addressOf(a);
    long sent = 0;
    for (int length = 0; length < 20; length++) {
      for (int first = 0; first < (length == 0 ? 1 : 256); first++) {
        byte[] bytes = new byte[length];
        if (length > 0) {
          bytes[0] = (byte) first;
        }
        stranger.send(ByteBuffer.wrap(bytes), target);
        if (++sent % BURST == 0) {
          long expected = sent;
          a.awaitThat(
              () ->
                  a.report().counters().stream().mapToLong(IceReport.Counter::count).sum()
                      >= expected);
        }
      }
    }
    assertNoAnswer();
    a.addAll(z);
    z.addAll(a);
    z.start(IceRole.CONTROLLING, a);
    a.awaitState(IceState.COMPLETED);
    assertThat(a.datagrams).isEmpty();
  }

  @Test
  void tenThousandCandidatesLeaveALimitedReport() throws IOException {
    RecordingPeer a = peer();
    RecordingPeer z = peer();
    a.gatherAll();
    z.gatherAll();
    z.addAll(a);
    a.start(IceRole.CONTROLLED, z);
    IceCandidate like = z.candidates.get(0);
    a.run(
        () ->
            IntStream.range(0, 10_000)
                .mapToObj(i -> at(like, "10." + i % 7 + "." + i / 250 + "." + i % 250))
                .forEach(a.agent::addRemoteCandidate));
    z.start(IceRole.CONTROLLING, a);
    a.awaitState(IceState.COMPLETED);
    z.awaitState(IceState.COMPLETED);
    assertThat(a.report().remoteCandidates()).hasSizeLessThan(200);
    assertThat(a.report().pairs()).hasSizeLessThanOrEqualTo(100);
  }

  private static IceCandidate at(IceCandidate like, String address) {
    return new IceCandidate(
        like.foundation(),
        1,
        "udp",
        like.priority(),
        address,
        like.port(),
        IceCandidateType.HOST,
        Optional.empty(),
        Optional.empty(),
        Optional.empty());
  }
}
