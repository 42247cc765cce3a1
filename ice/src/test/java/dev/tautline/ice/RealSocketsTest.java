package dev.tautline.ice;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.tautline.ice.IceAgentOptions.Family;
import dev.tautline.ice.IceAgentOptions.Loopback;
import dev.tautline.stun.netty.StunBindingServer;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioDatagramChannel;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What only real sockets show. */
class RealSocketsTest {
  private IceRuntime runtime;

  @BeforeEach
  void open() {
    runtime = IceRuntime.create(IceRuntimeOptions.defaults().withThreadNamePrefix("rs-test"));
  }

  @AfterEach
  void close() {
    runtime.close();
    // A thread has ended a moment after its last task.
    await("a closed runtime leaves no thread")
        .until(
            () ->
                Thread.getAllStackTraces().keySet().stream()
                    .noneMatch(t -> t.getName().startsWith("rs-test")));
    assertThat(runtime.openAgents()).isZero();
  }

  private static IceAgentOptions.Builder loopback() {
    return IceAgentOptions.builder().loopback(Loopback.ONLY).families(Set.of(Family.IPV4));
  }

  private RecordingPeer peer(IceAgentOptions options) {
    return new RecordingPeer(runtime, options);
  }

  private static void connect(RecordingPeer a, RecordingPeer z) {
    a.gatherAll();
    z.gatherAll();
    a.addAll(z);
    z.addAll(a);
    a.start(IceRole.CONTROLLING, z);
    z.start(IceRole.CONTROLLED, a);
    a.awaitState(IceState.COMPLETED);
    z.awaitState(IceState.COMPLETED);
  }

  @Test
  void bothFamiliesAreGatheredAndOneConnects() {
    var options = IceAgentOptions.builder().loopback(Loopback.ONLY).build();
    RecordingPeer a = peer(options);
    RecordingPeer z = peer(options);
    connect(a, z);
    assertThat(a.candidates).extracting(IceCandidate::address).contains("127.0.0.1");
    assertThat(a.candidates).extracting(IceCandidate::priority).doesNotHaveDuplicates();
    assertThat(a.candidates)
        .extracting(c -> c.ufrag().orElseThrow())
        .containsOnly(a.agent.localCredentials().ufrag());
  }

  @Test
  void candidatesMayComeAfterTheStartFromOneSideOnly() {
    RecordingPeer a = peer(loopback().build());
    RecordingPeer z = peer(loopback().build());
    a.gatherAll();
    z.gatherAll();
    a.start(IceRole.CONTROLLING, z);
    z.start(IceRole.CONTROLLED, a);
    z.addAll(a);
    a.awaitState(IceState.COMPLETED);
    z.awaitState(IceState.COMPLETED);
    assertThat(a.on(a.agent::selectedPair).orElseThrow().remote().type())
        .isEqualTo(IceCandidateType.PEER_REFLEXIVE);
  }

  @Test
  void aCandidateToldBeforeOurSocketsWereBoundIsReportedAsTaken() {
    RecordingPeer a = peer(loopback().build());
    RecordingPeer z = peer(loopback().build());
    z.gatherAll();
    z.start(IceRole.CONTROLLED, a);
    a.start(IceRole.CONTROLLING, z);
    a.addAll(z);
    a.gatherAll();
    a.awaitState(IceState.COMPLETED);
    assertThat(a.on(a.agent::report).remoteCandidates())
        .isNotEmpty()
        .allMatch(remote -> remote.outcome().equals("taken"));
  }

  @Test
  void ipv6IsWrittenInItsShortForm() {
    RecordingPeer a =
        peer(
            IceAgentOptions.builder()
                .loopback(Loopback.ONLY)
                .families(Set.of(Family.IPV6))
                .build());
    a.gatherAll();
    assertThat(a.candidates).extracting(IceCandidate::address).containsExactly("::1");
  }

  @Test
  void datagramsBeforeTheAnswerAreHeldAndGivenOnceThePairIsValid() {
    RecordingPeer a = peer(loopback().build());
    RecordingPeer z = peer(loopback().build());
    a.gatherAll();
    z.gatherAll();
    z.addAll(a);
    z.start(IceRole.CONTROLLED, a);
    z.awaitState(IceState.CONNECTED);
    IntStream.range(0, 20).forEach(i -> z.send("early " + i));
    a.awaitThat(
        () -> a.report().counters().stream().anyMatch(c -> c.name().equals("dtls held limit")));
    assertThat(a.datagrams).isEmpty();

    a.start(IceRole.CONTROLLING, z);

    a.awaitThat(() -> a.datagrams.size() == 16);
    assertThat(a.texts()).isEqualTo(IntStream.range(0, 16).mapToObj(i -> "early " + i).toList());
  }

  @Test
  void hostileDatagramsOfEveryLengthAreDropped() throws IOException {
    RecordingPeer a = peer(loopback().build());
    RecordingPeer z = peer(loopback().build());
    connect(a, z);
    var target =
        new InetSocketAddress(InetAddress.getByName("127.0.0.1"), a.candidates.get(0).port());
    int sent = 0;
    try (var attacker = new DatagramSocket(new InetSocketAddress("127.0.0.1", 0))) {
      for (int length = 0; length < 20; length++) {
        for (int first : new int[] {0, 1, 3, 22, 64, 128, 255}) {
          byte[] bytes = new byte[length];
          if (length > 0) {
            bytes[0] = (byte) first;
          }
          attacker.send(new DatagramPacket(bytes, length, target));
          sent++;
        }
      }
    }
    int expected = sent;
    a.awaitThat(
        () -> a.report().counters().stream().mapToLong(IceReport.Counter::count).sum() >= expected);
    assertThat(a.datagrams).isEmpty();
    assertThat(a.state()).isEqualTo(IceState.COMPLETED);
    z.send("still here");
    a.awaitThat(() -> a.texts().contains("still here"));
  }

  @Test
  void consentOfAKilledPeerEnds() {
    var quick =
        loopback()
            .consentInterval(Duration.ofMillis(50))
            .disconnectedAfter(Duration.ofMillis(70))
            .consentTimeout(Duration.ofMillis(300))
            .build();
    RecordingPeer a = peer(quick);
    RecordingPeer z = peer(quick);
    connect(a, z);
    z.close();
    a.awaitState(IceState.FAILED);
    assertThat(a.states).endsWith(IceState.DISCONNECTED, IceState.FAILED);
    assertThat(a.on(() -> a.agent.path().ready())).isFalse();
    assertThat(a.on(() -> a.agent.path().hasConsent())).isFalse();
    assertThat(a.report().hint()).contains("stopped answering");
    a.send("into the void");
    assertThat(a.report().counters()).anyMatch(c -> c.name().equals("not sent without consent"));
  }

  @Test
  void wrongCredentialsFailAndTheReportSaysSo() {
    RecordingPeer a = peer(loopback().patience(Duration.ofMillis(400)).build());
    RecordingPeer z = peer(loopback().patience(Duration.ofMillis(400)).build());
    a.gatherAll();
    z.gatherAll();
    a.addAll(z);
    z.addAll(a);
    a.run(() -> a.agent.start(IceRole.CONTROLLING, withWrongPassword(z)));
    z.run(() -> z.agent.start(IceRole.CONTROLLED, withWrongPassword(a)));
    a.awaitState(IceState.FAILED);
    z.awaitState(IceState.FAILED);
    assertThat(z.report().hint()).contains("wrong credentials");
    assertThat(z.report().toString()).contains("state FAILED").contains("pair:");
  }

  private static IceRemote withWrongPassword(RecordingPeer of) {
    return new IceRemote(
        new IceCredentials(of.agent.localCredentials().ufrag(), "wrong".repeat(6)),
        IceMode.FULL,
        java.util.OptionalInt.of(5));
  }

  // ---- Servers ---------------------------------------------------------------------------------

  @Test
  void serversAreAskedAtOnceAndASilentOneBlocksNobody() throws Exception {
    var group = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
    try (var silent = new DatagramSocket(new InetSocketAddress("127.0.0.1", 0));
        StunBindingServer server =
            StunBindingServer.bind(
                    group, NioDatagramChannel::new, new InetSocketAddress("127.0.0.1", 0))
                .get(5, TimeUnit.SECONDS)) {
      IceServer good = IceServer.parse("stun:127.0.0.1:" + server.address().getPort());
      IceServer bad = IceServer.parse("stun:127.0.0.1:" + silent.getLocalPort());
      RecordingPeer a =
          peer(
              loopback().servers(List.of(bad, good)).serverTimeout(Duration.ofMillis(400)).build());
      a.gatherAll();
      assertThat(a.errors)
          .singleElement()
          .satisfies(
              e -> {
                assertThat(e.errorCode()).isEqualTo(701);
                assertThat(e.url()).isEqualTo(bad.url());
              });
      IceReport report = a.report();
      assertThat(report.servers())
          .extracting(IceReport.Server::outcome)
          .satisfiesExactlyInAnyOrder(
              silence -> assertThat(silence).contains("no answer to 3 requests"),
              seen -> assertThat(seen).contains("sees us as 127.0.0.1"));
      // Without a NAT between, the address is the host's own: no second candidate.
      assertThat(a.candidates).hasSize(1);
    } finally {
      group.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
    }
  }

  @Test
  void aMappedAddressBecomesAServerReflexiveCandidate() throws Exception {
    try (var nat = new FakeStunServer(new InetSocketAddress("198.51.100.7", 40_000))) {
      RecordingPeer a =
          peer(
              loopback().servers(List.of(IceServer.parse("stun:127.0.0.1:" + nat.port()))).build());
      a.gatherAll();
      assertThat(a.candidates).hasSize(2);
      IceCandidate reflexive = a.candidates.get(1);
      assertThat(reflexive.type()).isEqualTo(IceCandidateType.SERVER_REFLEXIVE);
      assertThat(reflexive.address()).isEqualTo("198.51.100.7");
      assertThat(reflexive.port()).isEqualTo(40_000);
      assertThat(reflexive.related())
          .contains(new IceCandidate.RelatedAddress("127.0.0.1", a.candidates.get(0).port()));
      assertThat(reflexive.priority()).isLessThan(a.candidates.get(0).priority());
    }
  }

  @Test
  void aServerThatCannotBeResolvedIsReported() {
    RecordingPeer a =
        peer(
            loopback()
                .servers(List.of(new IceServer("stun:…", "a".repeat(64) + ".invalid", 3478)))
                .build());
    a.gatherAll();
    assertThat(a.errors).singleElement().satisfies(e -> assertThat(e.errorCode()).isEqualTo(701));
    assertThat(a.report().servers().get(0).outcome()).contains("could not be resolved");
  }

  // ---- Multicast DNS ---------------------------------------------------------------------------

  @Test
  void aLocalNameIsResolvedByMulticastDns() throws Exception {
    try (var responder = new FakeMdnsResponder("peer-1.local", "127.0.0.1")) {
      RecordingPeer a = peer(loopback().multicastDnsAddress(responder.address()).build());
      RecordingPeer z = peer(loopback().build());
      a.gatherAll();
      z.gatherAll();
      a.start(IceRole.CONTROLLING, z);
      z.start(IceRole.CONTROLLED, a);
      a.run(() -> a.agent.addRemoteCandidate(named(z.candidates.get(0), "Peer-1.local")));
      a.awaitState(IceState.COMPLETED);
      z.awaitState(IceState.COMPLETED);
      assertThat(responder.questions()).contains("peer-1.local.");
    }
  }

  @Test
  void anUnresolvableNameFailsNothing() throws Exception {
    try (var responder = new FakeMdnsResponder("other.local", "127.0.0.1")) {
      RecordingPeer a = peer(loopback().multicastDnsAddress(responder.address()).build());
      RecordingPeer z = peer(loopback().build());
      a.gatherAll();
      z.gatherAll();
      z.addAll(a);
      a.run(() -> a.agent.addRemoteCandidate(named(z.candidates.get(0), "nobody.local")));
      IntStream.range(0, 1000)
          .forEach(
              i ->
                  a.run(
                      () ->
                          a.agent.addRemoteCandidate(
                              named(z.candidates.get(0), "n" + i + ".local"))));
      a.start(IceRole.CONTROLLING, z);
      z.start(IceRole.CONTROLLED, a);
      // The peer's own check reaches us all the same.
      a.awaitState(IceState.COMPLETED);
      a.awaitThat(
          () ->
              a.report().remoteCandidates().stream()
                  .noneMatch(r -> r.outcome().contains("being resolved")));
      assertThat(a.report().remoteCandidates()).hasSizeLessThan(200);
    }
  }

  @Test
  void otherCandidatesGoNowhereAndSayWhy() {
    RecordingPeer a = peer(IceAgentOptions.builder().interfaceFilter(n -> false).build());
    RecordingPeer z = peer(loopback().build());
    z.gatherAll();
    IceCandidate host = z.candidates.get(0);
    a.start(IceRole.CONTROLLING, z);
    a.run(() -> a.agent.addRemoteCandidate(host));
    a.run(() -> a.agent.addRemoteCandidate(named(host, "www.example.org")));
    a.run(
        () ->
            a.agent.addRemoteCandidate(
                new IceCandidate(
                    "1",
                    1,
                    "tcp",
                    1,
                    "192.0.2.1",
                    9,
                    IceCandidateType.HOST,
                    Optional.empty(),
                    Optional.of("active"),
                    Optional.empty())));
    a.run(
        () ->
            a.agent.addRemoteCandidate(
                new IceCandidate(
                    "1",
                    1,
                    "udp",
                    1,
                    "192.0.2.1",
                    9,
                    IceCandidateType.HOST,
                    Optional.empty(),
                    Optional.empty(),
                    Optional.of("older"))));
    assertThat(a.report().remoteCandidates())
        .extracting(IceReport.RemoteCandidate::outcome)
        .containsExactly(
            "not paired: a loopback address, which is not used here",
            "not paired: a host name",
            "not paired: transport tcp",
            "not paired: of another generation");
  }

  private static IceCandidate named(IceCandidate c, String name) {
    return new IceCandidate(
        c.foundation(),
        1,
        "udp",
        c.priority(),
        name,
        c.port(),
        c.type(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty());
  }

  // ---- Sending ---------------------------------------------------------------------------------

  @ParameterizedTest
  @EnumSource(
      value = IceTransport.class,
      names = {"EPOLL", "NIO"})
  void batchesOfEqualAndUnequalSizesArriveWholeAndInOrder(IceTransport transport) {
    try (IceRuntime other =
        IceRuntime.create(IceRuntimeOptions.defaults().withTransport(transport))) {
      var a = new RecordingPeer(other, loopback().build());
      var z = new RecordingPeer(other, loopback().build());
      connect(a, z);
      List<byte[]> sent = new ArrayList<>();
      var random = new java.util.Random(5);
      for (int i = 0; i < 150; i++) {
        byte[] datagram = new byte[i % 10 == 9 ? 1 + random.nextInt(1200) : 1225];
        random.nextBytes(datagram);
        datagram[0] = RecordingPeer.DTLS;
        sent.add(datagram);
      }
      a.run(
          () -> {
            for (byte[] datagram : sent) {
              a.agent.path().append(datagram, 0, datagram.length);
            }
            a.agent.path().flush();
          });
      z.awaitThat(() -> z.datagrams.size() == sent.size());
      for (int i = 0; i < sent.size(); i++) {
        assertThat(z.datagrams.get(i)).as("datagram " + i).isEqualTo(sent.get(i));
      }
    }
  }

  @Test
  void aDatagramThatIsTooLongIsRefused() {
    RecordingPeer a = peer(loopback().build());
    byte[] longer = new byte[a.agent.path().maxPayload() + 1];
    assertThatThrownBy(() -> a.run(() -> a.agent.path().append(longer, 0, longer.length)))
        .hasCauseInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("not within");
  }

  @Test
  void callsOffTheLoopAreRefused() {
    RecordingPeer a = peer(loopback().build());
    assertThatIllegalStateException()
        .isThrownBy(() -> a.agent.gather())
        .withMessageContaining("loop");
  }

  @Test
  void aFaultOfTheListenerClosesTheAgentInsteadOfHidingIt() {
    RecordingPeer a = peer(loopback().build());
    RecordingPeer z = peer(loopback().build());
    connect(a, z);
    a.onDatagram(
        d -> {
          throw new IllegalStateException("a fault, injected by the test");
        });
    z.send("boom");
    a.awaitState(IceState.CLOSED);
  }

  @Test
  void closingTwiceAndACallAfterClosingDoNothing() {
    RecordingPeer a = peer(loopback().build());
    a.gatherAll();
    a.close();
    a.close();
    a.run(a.agent::gather);
    a.run(() -> a.agent.start(IceRole.CONTROLLING, IceRemote.of(a.agent.localCredentials())));
    assertThat(a.states).containsExactly(IceState.CLOSED);
    assertThat(a.state()).isEqualTo(IceState.CLOSED);
  }

  @Test
  void aClosedRuntimeMakesNoAgents() {
    runtime.close();
    assertThatIllegalStateException().isThrownBy(() -> peer(loopback().build()));
    runtime.close();
  }

  @Test
  void anAgentHasNoThreadOfItsOwn() {
    List<RecordingPeer> peers = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      RecordingPeer a = peer(loopback().build());
      RecordingPeer z = peer(loopback().build());
      connect(a, z);
      peers.add(a);
      peers.add(z);
    }
    long threads =
        Thread.getAllStackTraces().keySet().stream()
            .filter(t -> t.getName().startsWith("rs-test"))
            .count();
    // One for a loop, and the runtime's one that watches the network.
    assertThat(threads).isLessThanOrEqualTo(IceRuntimeOptions.defaults().loops() + 1);
    peers.forEach(RecordingPeer::close);
  }
}
