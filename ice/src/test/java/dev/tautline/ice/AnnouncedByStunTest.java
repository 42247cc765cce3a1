package dev.tautline.ice;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tautline.ice.IceAgentOptions.Family;
import dev.tautline.ice.gather.HostInterface;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** The announced address is what a STUN server sees; 127.0.0.0/8 stands for both sides of a NAT. */
class AnnouncedByStunTest {
  private static IceRuntimeOptions announcedBy(int udpPort, int stunPort) {
    return IceRuntimeOptions.defaults()
        .withPorts(
            IcePorts.defaults().withUdpPort(udpPort).withAnnounced("stun:127.0.0.1:" + stunPort));
  }

  private static IceAgentOptions loopback() {
    return LoopbackConnectTest.loopback(Family.IPV4);
  }

  private static InetSocketAddress at(String address, int port) throws Exception {
    return new InetSocketAddress(InetAddress.getByName(address), port);
  }

  private static List<String> told(RecordingPeer peer) {
    return peer.candidates.stream()
        .map(c -> c.type().token() + ' ' + c.address() + ' ' + c.port())
        .toList();
  }

  @Test
  void whatTheServerSeesTakesThePlaceOfOurs() throws Exception {
    int port = SharedPortTest.freePort();
    // Another port than ours: one that a NAT chose for this server is not the one it publishes.
    try (var stun = new FakeStunServer(at("127.0.0.2", 40_000));
        IceRuntime runtime = IceRuntime.create(announcedBy(port, stun.port()));
        DatagramSocket front = new DatagramSocket(at("127.0.0.2", port));
        IceRuntime clients = IceRuntime.create();
        var nat = OneToOneNat.start(front, at("127.0.0.1", port));
        var a = new RecordingPeer(runtime, loopback());
        var z = new RecordingPeer(clients, loopback())) {
      a.gatherAll();
      assertThat(told(a)).containsExactly("host 127.0.0.2 " + port);
      z.gatherAll();
      z.start(IceRole.CONTROLLING, a);
      z.addAll(a);
      a.start(IceRole.CONTROLLED, z);

      z.awaitState(IceState.COMPLETED);
      z.send("through the NAT");
      a.awaitThat(() -> a.texts().contains("through the NAT"));
      assertThat(nat.forwarded()).isPositive();
      assertThat(a.report().toString()).contains("sees us as 127.0.0.2 port 40000");

      // It is known now: the next connection asks nobody.
      int requests = stun.requests();
      try (var b = new RecordingPeer(runtime, loopback())) {
        b.gatherAll();
        assertThat(told(b)).containsExactly("host 127.0.0.2 " + port);
      }
      assertThat(stun.requests()).isEqualTo(requests);
    }
  }

  @Test
  void withoutAnAnswerOurOwnAddressIsToldAndTheReportSaysWhy() throws Exception {
    int port = SharedPortTest.freePort();
    var asked = new AtomicInteger();
    try (var silent = new DatagramSocket(at("127.0.0.1", 0));
        IceRuntime runtime = IceRuntime.create(announcedBy(port, silent.getLocalPort()))) {
      count(silent, asked);
      IceAgentOptions impatient =
          IceAgentOptions.builder()
              .loopback(IceAgentOptions.Loopback.ONLY)
              .families(java.util.Set.of(Family.IPV4))
              .serverTimeout(Duration.ofMillis(200))
              .build();
      try (var a = new RecordingPeer(runtime, impatient)) {
        a.gatherAll();

        assertThat(told(a)).containsExactly("host 127.0.0.1 " + port);
        assertThat(a.report().toString())
            .contains("stun:127.0.0.1:" + silent.getLocalPort())
            .contains("no answer to 3 requests")
            .contains("127.0.0.1 is offered without an announced address: no answer to 3");
      }
      // The next one does not wait for what was silent a moment ago.
      assertThat(asked).hasValue(3);
      try (var b = new RecordingPeer(runtime, loopback())) {
        b.gatherAll();
        assertThat(told(b)).containsExactly("host 127.0.0.1 " + port);
      }
      assertThat(asked).hasValue(3);
    }
  }

  private static void count(DatagramSocket silent, AtomicInteger asked) {
    var thread =
        new Thread(
            () -> {
              while (!silent.isClosed()) {
                try {
                  silent.receive(new DatagramPacket(new byte[100], 100));
                  asked.incrementAndGet();
                } catch (java.io.IOException e) {
                  assertThat(silent.isClosed()).isTrue();
                }
              }
            },
            "silent-stun");
    thread.setDaemon(true);
    thread.start();
  }

  @Test
  void aServerThatCannotBeAskedFromAnAddressLeavesThatAsItIs() throws Exception {
    int port = SharedPortTest.freePort();
    try (var stun = new FakeStunServer(at("127.0.0.2", 40_000));
        IceRuntime runtime = IceRuntime.create(announcedBy(port, stun.port()));
        var a =
            new RecordingPeer(runtime, LoopbackConnectTest.loopback(Family.IPV4, Family.IPV6))) {
      a.gatherAll();

      assertThat(told(a)).containsExactlyInAnyOrder("host 127.0.0.2 " + port, "host ::1 " + port);
    }
  }

  @Test
  void afterAChangeOfTheNetworkTheServerIsAskedAgain() throws Exception {
    int port = SharedPortTest.freePort();
    var loopback = new HostInterface("lo", true, List.of(InetAddress.getByName("127.0.0.1")));
    var interfaces = new CopyOnWriteArrayList<>(List.of(loopback));
    var looks = new AtomicInteger();
    try (var stun = new FakeStunServer(at("127.0.0.2", 40_000));
        IceRuntime runtime =
            IceRuntime.create(
                announcedBy(port, stun.port()),
                () -> {
                  looks.incrementAndGet();
                  return List.copyOf(interfaces);
                },
                Duration.ofMillis(5));
        var a = new RecordingPeer(runtime, loopback())) {
      a.gatherAll();
      assertThat(told(a)).containsExactly("host 127.0.0.2 " + port);
      // The watch has looked, too: what comes is a change to it.
      int before = looks.get();
      a.awaitThat(() -> looks.get() > before + 2);

      stun.tell(at("127.0.0.3", 40_000));
      interfaces.add(new HostInterface("eth7", false, List.of()));
      a.awaitThat(() -> told(a).contains("host 127.0.0.3 " + port));

      // What is offered from now on is the new one alone.
      assertThat(a.report().localCandidates())
          .singleElement()
          .satisfies(c -> assertThat(c.address()).isEqualTo("127.0.0.3"));
    }
  }
}
