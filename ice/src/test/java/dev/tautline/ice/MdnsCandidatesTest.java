package dev.tautline.ice;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.tautline.ice.IceAgentOptions.CandidatePolicy;
import dev.tautline.ice.IceAgentOptions.Family;
import dev.tautline.ice.IceAgentOptions.HostCandidates;
import dev.tautline.ice.IceAgentOptions.Loopback;
import dev.tautline.ice.IceAgentOptions.MulticastDns;
import dev.tautline.stun.netty.StunBindingServer;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioDatagramChannel;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.MulticastSocket;
import java.net.NetworkInterface;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Host candidates told as names, with real multicast over the loopback interface, which needs no
 * network; its port is another than 5353, so that nobody else's questions are heard.
 */
class MdnsCandidatesTest {
  private static final String NAME = "[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}\\.local";

  private InetSocketAddress group;
  private IceRuntime runtime;

  @BeforeEach
  void open() throws IOException {
    try (var free = new DatagramSocket(0)) {
      group = new InetSocketAddress("224.0.0.251", free.getLocalPort());
    }
    runtime = runtime(IceTransport.AUTO);
  }

  @AfterEach
  void close() {
    runtime.close();
    // A thread has ended a moment after its last task.
    await("a closed runtime leaves no thread")
        .until(
            () ->
                Thread.getAllStackTraces().keySet().stream()
                    .noneMatch(t -> t.getName().startsWith("mdns-test")));
  }

  private static IceRuntime runtime(IceTransport transport) {
    return IceRuntime.create(
        IceRuntimeOptions.defaults().withThreadNamePrefix("mdns-test").withTransport(transport));
  }

  private IceAgentOptions.Builder loopback(HostCandidates hostCandidates) {
    return IceAgentOptions.builder()
        .loopback(Loopback.ONLY)
        .families(Set.of(Family.IPV4))
        .multicastDnsAddress(group)
        .hostCandidates(hostCandidates);
  }

  private RecordingPeer peer(IceAgentOptions.Builder options) {
    return new RecordingPeer(runtime, options.build());
  }

  /** Starts both; A knows of Z, Z has to see A's checks. */
  private static void connectOneWay(RecordingPeer a, RecordingPeer z) {
    a.gatherAll();
    z.gatherAll();
    a.start(IceRole.CONTROLLING, z);
    z.start(IceRole.CONTROLLED, a);
    a.addAll(z);
    a.awaitState(IceState.COMPLETED);
    z.awaitState(IceState.COMPLETED);
  }

  @ParameterizedTest
  @CsvSource({"EPOLL,IPV4", "EPOLL,IPV6", "NIO,IPV4", "NIO,IPV6"})
  void twoAgentsFindEachOtherByNameAlone(IceTransport transport, Family family) {
    runtime.close();
    runtime = runtime(transport);
    try (IceRuntime other = runtime(transport)) {
      var options = loopback(HostCandidates.MDNS_NAMES).families(Set.of(family));
      var a = new RecordingPeer(runtime, options.build());
      var z = new RecordingPeer(other, options.build());
      connectOneWay(a, z);
      assertThat(z.candidates).isNotEmpty().allMatch(c -> c.address().matches(NAME));

      // A resolved the name; Z saw where A's check came from.
      assertThat(a.on(a.agent::selectedPair).orElseThrow().remote()).isEqualTo(z.candidates.get(0));
      assertThat(z.on(z.agent::selectedPair).orElseThrow().remote().type())
          .isEqualTo(IceCandidateType.PEER_REFLEXIVE);
      z.addAll(a);
      z.awaitThat(
          () -> z.on(z.agent::selectedPair).orElseThrow().remote().equals(a.candidates.get(0)));
      a.send("to z");
      z.awaitThat(() -> z.texts().contains("to z"));
    }
  }

  @Test
  void nothingThatIsToldHoldsAnAddress() throws Exception {
    var group = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
    try (var server =
        StunBindingServer.bind(
                group, NioDatagramChannel::new, new InetSocketAddress("127.0.0.1", 0))
            .get(5, TimeUnit.SECONDS)) {
      String url = "stun:127.0.0.1:" + server.address().getPort();
      RecordingPeer a =
          peer(
              loopback(HostCandidates.MDNS_NAMES)
                  .servers(List.of(IceServer.parse(url), IceServer.parse("stun:127.0.0.1:9")))
                  .serverTimeout(Duration.ofMillis(300)));
      RecordingPeer z = peer(loopback(HostCandidates.MDNS_NAMES));
      connectOneWay(a, z);

      // What a server sees is told, though it is what the name stands for.
      assertThat(a.candidates)
          .extracting(IceCandidate::type)
          .containsExactlyInAnyOrder(IceCandidateType.HOST, IceCandidateType.SERVER_REFLEXIVE);
      IceCandidate reflexive = only(a, IceCandidateType.SERVER_REFLEXIVE);
      assertThat(reflexive.related()).contains(new IceCandidate.RelatedAddress("0.0.0.0", 0));
      assertThat(reflexive.address()).isEqualTo("127.0.0.1");
      assertThat(a.errors).isNotEmpty().allMatch(e -> e.address().isEmpty() && e.port() == 0);
      // But for the peer's address, which is the same here.
      assertThat(z.report().toString().replaceAll("-> .*", ""))
          .as("the report of one without servers")
          .doesNotContain("127.0.0.1");
      assertThat(z.report().pairs())
          .allMatch(pair -> pair.local().matches("host " + NAME + ":\\d+"));
      // Two agents have nothing in common by which a peer of both would know that they are one.
      IceCandidate ofA = only(a, IceCandidateType.HOST);
      IceCandidate ofZ = only(z, IceCandidateType.HOST);
      assertThat(ofA.address()).isNotEqualTo(ofZ.address());
      assertThat(ofA.foundation()).isNotEqualTo(ofZ.foundation());
    } finally {
      group.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
    }
  }

  private static IceCandidate only(RecordingPeer peer, IceCandidateType type) {
    List<IceCandidate> found = peer.candidates.stream().filter(c -> c.type() == type).toList();
    assertThat(found).hasSize(1);
    return found.get(0);
  }

  @Test
  void aPeerThatResolvesNothingIsReachedByOurChecks() {
    RecordingPeer named = peer(loopback(HostCandidates.MDNS_NAMES));
    RecordingPeer plain = peer(loopback(HostCandidates.OFFERED).multicastDns(MulticastDns.OFF));
    plain.gatherAll();
    named.gatherAll();
    plain.addAll(named);
    connectOneWay(named, plain);
    assertThat(plain.on(plain.agent::selectedPair).orElseThrow().remote().type())
        .isEqualTo(IceCandidateType.PEER_REFLEXIVE);
  }

  /**
   * As Chromium 156 and Firefox 153 do, which send no unicast to one who asks from another port.
   */
  @ParameterizedTest
  @EnumSource(
      value = IceTransport.class,
      names = {"EPOLL", "NIO"})
  void anAnswerToTheGroupAloneIsHeard(IceTransport transport) throws Exception {
    runtime.close();
    runtime = runtime(transport);
    RecordingPeer z = peer(loopback(HostCandidates.OFFERED));
    z.gatherAll();
    String name = "5ee5c6f4-5b0d-4ba9-9b5f-52d1a0d7a3a1.local";
    IceCandidate plain = z.candidates.get(0);
    IceCandidate named =
        IceCandidate.parse(plain.toLine().replace(' ' + plain.address() + ' ', ' ' + name + ' '));
    try (var responder = FakeMdnsResponder.inGroup(name, plain.address(), group)) {
      RecordingPeer a = peer(loopback(HostCandidates.OFFERED));
      a.gatherAll();
      a.start(IceRole.CONTROLLING, z);
      z.start(IceRole.CONTROLLED, a);
      a.run(() -> a.agent.addRemoteCandidate(named));
      a.awaitState(IceState.COMPLETED);
      assertThat(a.on(a.agent::selectedPair).orElseThrow().remote()).isEqualTo(named);
      assertThat(responder.questions()).contains(name + '.');
    }
    z.awaitThat(() -> isFree(group.getPort()));
  }

  @Test
  void namesOutliveARestartAndEndWithTheAgent() throws Exception {
    try (var listener = new Listener(group)) {
      RecordingPeer a = peer(loopback(HostCandidates.MDNS_NAMES));
      a.gatherAll();
      IceCandidate first = a.candidates.get(0);
      assertThat(listener.hears(first.address())).as("the announcement").isEqualTo(120);
      a.run(
          () -> {
            a.agent.prepareRestart(IceCredentials.generate(new Random(1)));
            a.agent.gather();
          });
      a.awaitThat(() -> a.candidates.size() == 2);
      assertThat(a.candidates.get(1).address()).isEqualTo(first.address());
      a.close();
      assertThat(listener.hears(first.address())).as("the goodbye").isZero();
    }
  }

  @Test
  void thePortIsFreeAgainWhenTheLastNameIsGone() throws Exception {
    RecordingPeer a = peer(loopback(HostCandidates.MDNS_NAMES));
    a.gatherAll();
    assertThat(isFree(group.getPort())).isFalse();
    a.close();
    a.awaitThat(() -> isFree(group.getPort()));
    RecordingPeer z = peer(loopback(HostCandidates.MDNS_NAMES));
    z.gatherAll();
    assertThat(z.candidates.get(0).address()).isNotEqualTo(a.candidates.get(0).address());
  }

  /** For one who does not share it. */
  private static boolean isFree(int port) {
    try (var alone = new DatagramSocket(port)) {
      return alone.isBound();
    } catch (IOException e) {
      return false;
    }
  }

  @Test
  void aRuntimeThatClosesTakesLeaveForItsAgents() throws Exception {
    try (var listener = new Listener(group)) {
      RecordingPeer a = peer(loopback(HostCandidates.MDNS_NAMES));
      a.gatherAll();
      String name = a.candidates.get(0).address();
      assertThat(listener.hears(name)).isEqualTo(120);
      runtime.close();
      assertThat(listener.hears(name)).isZero();
    }
  }

  @Test
  void whereThePortCannotBeSharedNoHostCandidateIsToldAndTheReportSaysWhy() throws Exception {
    try (var taken = new DatagramSocket(group.getPort())) {
      assertThat(taken.isBound()).isTrue();
      RecordingPeer a = peer(loopback(HostCandidates.MDNS_NAMES).patience(Duration.ofMillis(300)));
      RecordingPeer z = peer(loopback(HostCandidates.OFFERED));
      a.gatherAll();
      assertThat(a.candidates).isEmpty();
      a.start(IceRole.CONTROLLING, z);
      a.awaitState(IceState.FAILED);
      assertThat(a.report().hint()).contains(".local").contains("no host candidate was told");
      assertThat(a.report().timeline())
          .anyMatch(event -> event.what().contains("a host candidate is not told"));
    }
  }

  @Test
  void withoutNamesOfItsOwnItStillConnectsToAPeerThatIsReached() throws Exception {
    try (var taken = new DatagramSocket(group.getPort())) {
      assertThat(taken.isBound()).isTrue();
      RecordingPeer a = peer(loopback(HostCandidates.MDNS_NAMES));
      RecordingPeer z = peer(loopback(HostCandidates.OFFERED));
      connectOneWay(a, z);
      assertThat(a.candidates).isEmpty();
    }
  }

  @Test
  void anAddressHasOneNameForUdpAndTcp() throws IOException {
    runtime.close();
    int port;
    try (var free = new ServerSocket(0)) {
      port = free.getLocalPort();
    }
    runtime =
        IceRuntime.create(
            IceRuntimeOptions.defaults()
                .withThreadNamePrefix("mdns-test")
                .withPorts(IcePorts.defaults().withUdpPort(port).withTcpPort(port)));
    RecordingPeer a = peer(loopback(HostCandidates.MDNS_NAMES));
    a.gatherAll();
    assertThat(a.candidates)
        .extracting(IceCandidate::transport)
        .containsExactlyInAnyOrder("udp", "tcp");
    assertThat(a.candidates)
        .extracting(IceCandidate::address)
        .containsOnly(a.candidates.get(0).address());
    assertThat(a.candidates).extracting(IceCandidate::foundation).doesNotHaveDuplicates();
    try (IceRuntime other = runtime(IceTransport.AUTO)) {
      var z = new RecordingPeer(other, loopback(HostCandidates.MDNS_NAMES).build());
      connectOneWay(z, a);
    }
  }

  @Test
  void whereRelaysAloneAreUsedNoNameIsAskedFor() throws IOException {
    try (var responder = new FakeMdnsResponder("peer-1.local", "127.0.0.1")) {
      RecordingPeer a =
          peer(
              loopback(HostCandidates.OFFERED)
                  .candidatePolicy(CandidatePolicy.RELAY)
                  .multicastDnsAddress(responder.address()));
      RecordingPeer z = peer(loopback(HostCandidates.MDNS_NAMES));
      z.gatherAll();
      a.addAll(z);
      assertThat(a.report().remoteCandidates())
          .isNotEmpty()
          .allMatch(r -> r.outcome().contains("relays alone"));
      assertThat(responder.questions()).isEmpty();
    }
  }

  @Test
  void aGroupThatIsNoneIsSaid() {
    group = new InetSocketAddress("127.0.0.1", group.getPort());
    RecordingPeer a = peer(loopback(HostCandidates.MDNS_NAMES));
    a.gatherAll();
    assertThat(a.candidates).isEmpty();
    assertThat(a.report().timeline())
        .anyMatch(event -> event.what().contains("no IPv4 multicast address"));
  }

  /** Somebody else's socket in the group. */
  private static final class Listener implements AutoCloseable {
    private final MulticastSocket socket;

    Listener(InetSocketAddress group) throws IOException {
      socket = new MulticastSocket(group.getPort());
      socket.joinGroup(group, NetworkInterface.getByInetAddress(InetAddress.getLoopbackAddress()));
      socket.setSoTimeout(5_000);
    }

    /** The TTL of the next record with this name. */
    long hears(String name) throws IOException {
      byte[] wanted = name.substring(0, 36).getBytes(StandardCharsets.US_ASCII);
      byte[] buffer = new byte[9000];
      while (true) {
        var packet = new DatagramPacket(buffer, buffer.length);
        socket.receive(packet);
        // One record: header, label of 36, label of 5, root, type, class, TTL.
        if (packet.getLength() > 12 + 44 + 8 && Arrays.equals(buffer, 13, 49, wanted, 0, 36)) {
          return buffer[12 + 44 + 7] & 0xff;
        }
      }
    }

    @Override
    public void close() {
      socket.close();
    }
  }
}
