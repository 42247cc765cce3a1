package dev.tautline.ice;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tautline.ice.IceAgentOptions.Family;
import dev.tautline.ice.udp.PortDrop;
import dev.tautline.ice.udp.SharedPort;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** One UDP port for all connections of a runtime, on real sockets. */
class SharedPortTest {
  private static final int CONNECTIONS = 20;

  static int freePort() throws Exception {
    try (var socket = new DatagramSocket(0)) {
      return socket.getLocalPort();
    }
  }

  private static IceRuntime server(int port, IceTransport transport) {
    return IceRuntime.create(
        IceRuntimeOptions.defaults()
            .withLoops(3)
            .withTransport(transport)
            .withPorts(IcePorts.defaults().withUdpPort(port)));
  }

  private static IceAgentOptions loopback() {
    return LoopbackConnectTest.loopback(Family.IPV4);
  }

  private static SharedPort shared(IceRuntime runtime) {
    return runtime.ports().udp().orElseThrow();
  }

  private static InetSocketAddress at(int port) throws Exception {
    return new InetSocketAddress(InetAddress.getByName("127.0.0.1"), port);
  }

  @ParameterizedTest
  @CsvSource({"EPOLL,IPV4", "EPOLL,IPV6", "NIO,IPV4"})
  void carriesManyConnectionsAndForgetsThem(IceTransport transport, Family family)
      throws Exception {
    int port = freePort();
    try (IceRuntime runtime = server(port, transport);
        IceRuntime clients = IceRuntime.create()) {
      List<RecordingPeer> ours = new ArrayList<>();
      List<RecordingPeer> theirs = new ArrayList<>();
      for (int i = 0; i < CONNECTIONS; i++) {
        var a = new RecordingPeer(runtime, LoopbackConnectTest.loopback(family));
        var z = new RecordingPeer(clients, LoopbackConnectTest.loopback(family));
        ours.add(a);
        theirs.add(z);
        a.trickleTo(z);
        z.trickleTo(a);
        a.start(IceRole.CONTROLLED, z);
        z.start(IceRole.CONTROLLING, a);
        a.run(a.agent::gather);
        z.run(z.agent::gather);
      }
      for (int i = 0; i < CONNECTIONS; i++) {
        RecordingPeer a = ours.get(i);
        RecordingPeer z = theirs.get(i);
        a.awaitState(IceState.COMPLETED);
        z.awaitState(IceState.COMPLETED);
        a.send("to client " + i);
        z.send("to server " + i);
        int number = i;
        a.awaitThat(() -> a.texts().equals(List.of("to server " + number)));
        z.awaitThat(() -> z.texts().equals(List.of("to client " + number)));
        assertThat(a.candidates).extracting(IceCandidate::port).containsOnly(port);
      }
      assertThat(shared(runtime).knownAddresses()).isEqualTo(CONNECTIONS);
      if (transport == IceTransport.EPOLL) {
        assertThat(shared(runtime).hops()).as("datagrams for another loop").isPositive();
      }

      ours.forEach(RecordingPeer::close);

      assertThat(shared(runtime).knownAddresses()).isZero();
      assertThat(shared(runtime).openTransactions()).isZero();
    }
  }

  @Test
  void clientHellosFromTenThousandAddressesGetNoReplyAndNoState() throws Exception {
    int port = freePort();
    try (IceRuntime runtime = server(port, IceTransport.AUTO);
        IceRuntime clients = IceRuntime.create();
        var a = new RecordingPeer(runtime, loopback());
        var z = new RecordingPeer(clients, loopback())) {
      a.gatherAll();
      z.gatherAll();
      Strangers.greet(
          at(port),
          0,
          5_000,
          sent -> a.awaitThat(() -> shared(runtime).drops(PortDrop.UNKNOWN_ADDRESS) == sent));
      assertThat(shared(runtime).knownAddresses()).isZero();
      assertThat(shared(runtime).openTransactions()).isZero();
      assertThat(shared(runtime).hops()).isZero();

      a.start(IceRole.CONTROLLED, z);
      a.addAll(z);
      z.addAll(a);
      z.start(IceRole.CONTROLLING, a);
      Strangers.greet(
          at(port),
          5_000,
          10_000,
          sent -> a.awaitThat(() -> shared(runtime).drops(PortDrop.UNKNOWN_ADDRESS) == sent));

      a.awaitState(IceState.COMPLETED);
      z.awaitState(IceState.COMPLETED);
      assertThat(a.datagrams).isEmpty();
      assertThat(shared(runtime).knownAddresses()).as("the peer's alone").isEqualTo(1);
      z.send("of the peer");
      a.awaitThat(() -> a.texts().equals(List.of("of the peer")));
    }
  }

  @Test
  void anAddressIsKnownOnlyByAnAuthenticCheck() throws Exception {
    int port = freePort();
    try (IceRuntime runtime = server(port, IceTransport.AUTO);
        var a = new RecordingPeer(runtime, loopback());
        RawIcePeer raw = RawIcePeer.udp(at(port))) {
      a.gatherAll();
      a.run(() -> a.agent.start(IceRole.CONTROLLED, raw.asRemote()));
      IceCredentials local = a.agent.localCredentials();

      raw.send(raw.check("nobody", local.pwd()));
      a.awaitThat(() -> shared(runtime).drops(PortDrop.UNKNOWN_UFRAG) == 1);
      assertThat(raw.receive(150)).as("answer to an unknown ufrag").isNull();

      byte[] forged = raw.check(local.ufrag(), "x".repeat(24));
      raw.send(forged);
      byte[] refusal = raw.receive(2_000);
      assertThat(refusal).hasSizeLessThanOrEqualTo(forged.length);
      assertThat(shared(runtime).knownAddresses()).isZero();

      raw.connect(local);
      assertThat(shared(runtime).knownAddresses()).isEqualTo(1);
    }
  }

  @Test
  void noOtherConnectionTakesAnAddressWithFreshConsent() throws Exception {
    int port = freePort();
    try (IceRuntime runtime = server(port, IceTransport.AUTO);
        var a = new RecordingPeer(runtime, loopback());
        var b = new RecordingPeer(runtime, loopback());
        RawIcePeer raw = RawIcePeer.udp(at(port))) {
      a.gatherAll();
      b.gatherAll();
      a.run(() -> a.agent.start(IceRole.CONTROLLED, raw.asRemote()));
      b.run(() -> b.agent.start(IceRole.CONTROLLED, raw.asRemote()));
      raw.connect(a.agent.localCredentials());
      a.awaitState(IceState.COMPLETED);

      // Authentic for b, and yet a's address.
      IceCredentials other = b.agent.localCredentials();
      raw.send(raw.check(other.ufrag(), other.pwd()));
      a.awaitThat(() -> shared(runtime).drops(PortDrop.ADDRESS_TAKEN) == 1);
      assertThat(raw.receive(150)).as("answer").isNull();
      raw.send(RecordingPeer.framed("still for a"));

      a.awaitThat(() -> a.texts().equals(List.of("still for a")));
      assertThat(b.states).doesNotContain(IceState.CONNECTED);

      // Once a is gone the address is free.
      a.run(a.agent::close);
      raw.connect(other);
      b.awaitState(IceState.COMPLETED);
    }
  }

  @ParameterizedTest
  @EnumSource(
      names = {"EPOLL", "NIO"},
      value = IceTransport.class)
  void aClosedRuntimeHasGivenThePortBack(IceTransport transport) throws Exception {
    int port = freePort();
    for (int round = 0; round < Integer.getInteger("rounds", 40); round++) {
      // Throws when the port is taken.
      try (IceRuntime runtime = server(port, transport);
          var peer = new RecordingPeer(runtime, loopback())) {
        peer.gatherAll();
      }
    }
  }

  @Test
  void aTakenPortIsSaidAtOnce() throws Exception {
    int port = freePort();
    try (IceRuntime first = server(port, IceTransport.AUTO)) {
      assertThat(first.openAgents()).isZero();
      assertThatThrownBy(() -> server(port, IceTransport.AUTO))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("UDP port " + port);
    }
    try (IceRuntime again = server(port, IceTransport.AUTO)) {
      assertThat(again.openAgents()).isZero();
    }
  }

  @Test
  void portsOfARangeAreUsedAndItsEndIsSaid() throws Exception {
    int port = freePort();
    IceRuntimeOptions options =
        IceRuntimeOptions.defaults()
            .withPorts(IcePorts.defaults().withRange(new IcePorts.Range(port, port)));
    try (IceRuntime runtime = IceRuntime.create(options);
        var a = new RecordingPeer(runtime, loopback());
        var b = new RecordingPeer(runtime, loopback())) {
      a.gatherAll();
      b.gatherAll();

      assertThat(a.candidates).extracting(IceCandidate::port).containsExactly(port);
      assertThat(b.candidates).isEmpty();
      assertThat(b.report().toString()).contains("all ports of the range " + port + "-" + port);
    }
  }

  @Test
  void theAnnouncedAddressTakesThePlaceOfOurs() throws Exception {
    int port = freePort();
    // 127.0.0.0/8 is all ours: a published address that leads here, as a 1:1 NAT would.
    try (DatagramSocket front = new DatagramSocket(new InetSocketAddress("127.0.0.2", 0));
        IceRuntime runtime =
            IceRuntime.create(
                IceRuntimeOptions.defaults()
                    .withPorts(
                        IcePorts.defaults()
                            .withUdpPort(port)
                            .withAnnounced("127.0.0.2:" + front.getLocalPort())));
        IceRuntime clients = IceRuntime.create();
        var nat = OneToOneNat.start(front, at(port));
        var a = new RecordingPeer(runtime, loopback());
        var z = new RecordingPeer(clients, loopback())) {
      a.gatherAll();
      assertThat(a.candidates)
          .singleElement()
          .satisfies(
              c -> {
                assertThat(c.address()).isEqualTo("127.0.0.2");
                assertThat(c.port()).isEqualTo(front.getLocalPort());
                assertThat(c.type()).isEqualTo(IceCandidateType.HOST);
                assertThat(c.related()).isEmpty();
              });
      z.gatherAll();
      z.start(IceRole.CONTROLLING, a);
      z.addAll(a);
      a.start(IceRole.CONTROLLED, z);

      z.awaitState(IceState.COMPLETED);
      a.awaitState(IceState.COMPLETED);
      z.send("through the NAT");
      a.awaitThat(() -> a.texts().contains("through the NAT"));
      assertThat(nat.forwarded()).isPositive();
      assertThat(a.on(a.agent::selectedPair).orElseThrow().local().address())
          .isEqualTo("127.0.0.2");
    }
  }

  @Test
  void aRestartStaysOnThePort() throws Exception {
    int port = freePort();
    try (IceRuntime runtime = server(port, IceTransport.AUTO);
        IceRuntime clients = IceRuntime.create();
        var a = new RecordingPeer(runtime, loopback());
        var z = new RecordingPeer(clients, loopback())) {
      a.gatherAll();
      z.gatherAll();
      a.start(IceRole.CONTROLLED, z);
      z.start(IceRole.CONTROLLING, a);
      a.addAll(z);
      z.addAll(a);
      a.awaitState(IceState.COMPLETED);
      z.awaitState(IceState.COMPLETED);
      var random = new java.util.Random(3);
      IceCredentials ours = IceCredentials.generate(random);
      IceCredentials theirs = IceCredentials.generate(random);
      a.run(() -> a.agent.prepareRestart(ours));
      z.run(() -> z.agent.prepareRestart(theirs));
      a.trickleTo(z);
      z.trickleTo(a);
      a.run(() -> a.agent.restart(new IceRemote(theirs, IceMode.FULL, OptionalInt.of(5))));
      z.run(() -> z.agent.restart(new IceRemote(ours, IceMode.FULL, OptionalInt.of(5))));
      a.run(a.agent::gather);
      z.run(z.agent::gather);

      a.awaitThat(() -> a.on(a.agent::generation).map(IceGeneration::number).orElse(0) == 2);
      a.send("second generation");
      z.awaitThat(() -> z.texts().contains("second generation"));
      assertThat(shared(runtime).knownAddresses()).isEqualTo(1);
    }
  }

  @Test
  void readsWhatEnvironmentVariablesHold() {
    assertThat(IcePorts.Range.parse("50000-50100")).isEqualTo(new IcePorts.Range(50_000, 50_100));
    assertThat(IcePorts.defaults().withUdpPort(4000).withAnnounced("203.0.113.5, +[2001:db8::1]:9"))
        .extracting(ports -> ports.announced().toString())
        .asString()
        .contains("203.0.113.5", "INSTEAD", "2001:db8:0:0:0:0:0:1", "OptionalInt[9]", "BESIDES");
    assertThat(IcePorts.defaults().withAnnounced("stun:stun.example.org:3478").announcedBy())
        .isPresent();
    for (String bad : List.of("example.org", "203.0.113.5:0", "203.0.113.999", "", "::1::", "[")) {
      assertThatThrownBy(() -> IcePorts.defaults().withUdpPort(4000).withAnnounced(bad))
          .as(bad)
          .isInstanceOf(IllegalArgumentException.class);
    }
    for (String bad : List.of("5-4", "0-5", "1-70000", "7", "a-b")) {
      assertThatThrownBy(() -> IcePorts.Range.parse(bad))
          .as(bad)
          .isInstanceOf(IllegalArgumentException.class);
    }
    assertThatThrownBy(() -> IcePorts.defaults().withAnnounced("203.0.113.5:4000"))
        .hasMessageContaining("one UDP port");
    assertThatThrownBy(() -> IcePorts.defaults().withUdpPort(1).withRange(new IcePorts.Range(1, 2)))
        .hasMessageContaining("exclude");
  }
}
