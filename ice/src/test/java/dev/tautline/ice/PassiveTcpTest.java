package dev.tautline.ice;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tautline.ice.IceAgentOptions.Family;
import dev.tautline.ice.tcp.PassivePort;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Passive candidates over TCP (RFC 6544) against an active peer written by hand. */
class PassiveTcpTest {
  private static int freePort() throws Exception {
    try (var socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }

  private static IceRuntime server(int port, IceTransport transport) {
    return IceRuntime.create(
        IceRuntimeOptions.defaults()
            .withLoops(3)
            .withTransport(transport)
            .withPorts(IcePorts.defaults().withTcpPort(port)));
  }

  private static PassivePort tcp(IceRuntime runtime) {
    return runtime.ports().tcp().orElseThrow();
  }

  private static InetSocketAddress at(int port) throws Exception {
    return new InetSocketAddress(InetAddress.getByName("127.0.0.1"), port);
  }

  private static RecordingPeer peer(IceRuntime runtime) {
    return new RecordingPeer(runtime, LoopbackConnectTest.loopback(Family.IPV4));
  }

  @ParameterizedTest
  @EnumSource(
      names = {"EPOLL", "NIO"},
      value = IceTransport.class)
  void anActivePeerConnectsAndDataFlowsBothWays(IceTransport transport) throws Exception {
    int port = freePort();
    try (IceRuntime runtime = server(port, transport);
        RecordingPeer a = peer(runtime)) {
      a.gatherAll();
      IceCandidate passive =
          a.candidates.stream().filter(c -> !c.isUdp()).findFirst().orElseThrow();
      assertThat(passive.toLine())
          .contains(" 1 tcp ", " 127.0.0.1 " + port + " typ host tcptype passive");
      assertThat(IceCandidate.parse(passive.toLine())).isEqualTo(passive);
      a.candidates.stream()
          .filter(IceCandidate::isUdp)
          .forEach(udp -> assertThat(passive.priority()).isLessThan(udp.priority()));
      try (RawIcePeer raw = RawIcePeer.tcp(at(port))) {
        a.run(() -> a.agent.start(IceRole.CONTROLLED, raw.asRemote()));
        // What a browser tells of itself: port 9, as nobody can connect to it.
        String active = "candidate:1 1 tcp 1518280447 192.0.2.1 9 typ host tcptype active";
        IceCandidate told = IceCandidate.parse(active);
        a.run(() -> a.agent.addRemoteCandidate(told));
        raw.connect(a.agent.localCredentials());
        a.awaitState(IceState.COMPLETED);

        // Two frames in three odd pieces, then one of the largest that a path carries.
        byte[] one = RecordingPeer.framed("one");
        byte[] two = RecordingPeer.framed("two");
        byte[] both = new byte[one.length + two.length + 4];
        both[1] = (byte) one.length;
        System.arraycopy(one, 0, both, 2, one.length);
        both[one.length + 3] = (byte) two.length;
        System.arraycopy(two, 0, both, one.length + 4, two.length);
        raw.sendRaw(java.util.Arrays.copyOfRange(both, 0, 1));
        raw.sendRaw(java.util.Arrays.copyOfRange(both, 1, 7));
        raw.sendRaw(java.util.Arrays.copyOfRange(both, 7, both.length));
        raw.send(RecordingPeer.framed("x".repeat(1400)));
        a.awaitThat(() -> a.texts().equals(List.of("one", "two", "x".repeat(1400))));
        a.send("back");
        assertThat(raw.awaitData()).isEqualTo(RecordingPeer.framed("back"));
        SelectedPair pair = a.on(a.agent::selectedPair).orElseThrow();
        assertThat(pair.local().transport()).isEqualTo("tcp");
        assertThat(pair.remote().tcpType()).contains("active");
        assertThat(tcp(runtime).pendingConnections()).isZero();
        assertThat(tcp(runtime).connections()).isEqualTo(1);
      }
      // The peer closed: noticed at once.
      a.awaitState(IceState.DISCONNECTED);
      a.awaitThat(() -> tcp(runtime).connections() == 0);
    }
  }

  @Test
  void aPeerThatConnectsAgainGoesOn() throws Exception {
    int port = freePort();
    try (IceRuntime runtime = server(port, IceTransport.AUTO);
        RecordingPeer a = peer(runtime)) {
      a.gatherAll();
      try (RawIcePeer first = RawIcePeer.tcp(at(port))) {
        a.run(() -> a.agent.start(IceRole.CONTROLLED, first.asRemote()));
        first.connect(a.agent.localCredentials());
        a.awaitState(IceState.COMPLETED);
      }
      a.awaitState(IceState.DISCONNECTED);
      try (RawIcePeer again = RawIcePeer.tcp(at(port))) {
        again.connect(a.agent.localCredentials());
        a.awaitThat(() -> a.state() == IceState.COMPLETED || a.state() == IceState.CONNECTED);
        a.send("after");
        assertThat(again.awaitData()).isEqualTo(RecordingPeer.framed("after"));
      }
    }
  }

  @Test
  void strangersAreClosed() throws Exception {
    int port = freePort();
    try (IceRuntime runtime = server(port, IceTransport.AUTO);
        RecordingPeer a = peer(runtime)) {
      a.gatherAll();
      IceCredentials local = a.agent.localCredentials();
      try (RawIcePeer rubbish = RawIcePeer.tcp(at(port));
          RawIcePeer unknown = RawIcePeer.tcp(at(port));
          RawIcePeer hello = RawIcePeer.tcp(at(port));
          RawIcePeer forged = RawIcePeer.tcp(at(port));
          RawIcePeer silent = RawIcePeer.tcp(at(port))) {
        rubbish.sendRaw("GET / HTTP/1.1\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
        unknown.send(unknown.check("nobody", local.pwd()));
        hello.send(RecordingPeer.framed("a ClientHello"));
        assertThat(rubbish.isClosedWithin(2_000)).as("rubbish").isTrue();
        assertThat(unknown.isClosedWithin(2_000)).as("unknown ufrag").isTrue();
        assertThat(hello.isClosedWithin(2_000)).as("DTLS first").isTrue();
        assertThat(tcp(runtime).refused()).isEqualTo(3);

        forged.send(forged.check(local.ufrag(), "x".repeat(24)));
        assertThat(forged.receive(2_000)).as("401").isNotNull();
        a.awaitThat(() -> tcp(runtime).pendingConnections() == 2);
        assertThat(forged.isClosedWithin(8_000)).as("forged check").isTrue();
        assertThat(silent.isClosedWithin(8_000)).as("silent").isTrue();
        a.awaitThat(() -> tcp(runtime).connections() == 0);
        assertThat(tcp(runtime).pendingConnections()).isZero();
      }
    }
  }

  private static Socket from(String source, int port) throws IOException {
    return new Socket(InetAddress.getByName("127.0.0.1"), port, InetAddress.getByName(source), 0);
  }

  /** All of 127.0.0.0/8 is this host, so many can come. */
  @Test
  void strangersAreFewAndLeaveRoomForOthers() throws Exception {
    int port = freePort();
    List<Socket> many = new ArrayList<>();
    try (IceRuntime runtime = server(port, IceTransport.AUTO);
        RecordingPeer a = peer(runtime)) {
      a.gatherAll();
      for (int i = 0; i < 300; i++) {
        many.add(from("127.0.0.9", port));
      }
      a.awaitThat(() -> tcp(runtime).refused() + tcp(runtime).connections() == 300);
      assertThat(tcp(runtime).pendingConnections())
          .isEqualTo(IcePorts.DEFAULT_TCP_PENDING_PER_ADDRESS);
      assertThat(tcp(runtime).pendingAddresses()).isEqualTo(1);

      // Another address still gets in, and its place is free again once its check is authentic.
      try (RawIcePeer raw = RawIcePeer.tcp(at(port))) {
        a.run(() -> a.agent.start(IceRole.CONTROLLED, raw.asRemote()));
        raw.connect(a.agent.localCredentials());
        a.awaitState(IceState.COMPLETED);
        assertThat(tcp(runtime).pendingConnections())
            .isEqualTo(IcePorts.DEFAULT_TCP_PENDING_PER_ADDRESS);
        assertThat(tcp(runtime).pendingAddresses()).isEqualTo(1);
      }

      // From many addresses: the limit of all.
      long refused = tcp(runtime).refused();
      for (int i = 0; i < 300; i++) {
        many.add(from("127.0.1." + (1 + i % 30), port));
      }
      a.awaitThat(() -> tcp(runtime).refused() > refused);
      assertThat(tcp(runtime).pendingConnections()).isLessThanOrEqualTo(256 + 3);

      // Whoever goes makes room.
      for (Socket one : many) {
        one.close();
      }
      a.awaitThat(() -> tcp(runtime).pendingConnections() == 0);
      assertThat(tcp(runtime).pendingAddresses()).isZero();
    } finally {
      for (Socket one : many) {
        one.close();
      }
    }
  }

  @Test
  void howManyStrangersOfOneAddressMayWaitIsAnOption() throws Exception {
    int port = freePort();
    IceRuntimeOptions options =
        IceRuntimeOptions.defaults()
            .withPorts(IcePorts.defaults().withTcpPort(port).withTcpPendingPerAddress(2));
    try (IceRuntime runtime = IceRuntime.create(options);
        RecordingPeer a = peer(runtime)) {
      a.gatherAll();
      try (Socket first = from("127.0.0.9", port);
          Socket second = from("127.0.0.9", port)) {
        a.awaitThat(() -> tcp(runtime).pendingConnections() == 2);
        try (Socket third = from("127.0.0.9", port)) {
          third.setSoTimeout(5_000);
          assertThat(third.getInputStream().read()).as("the end").isNegative();
        }
        assertThat(first.getLocalAddress()).isEqualTo(second.getLocalAddress());
        assertThat(tcp(runtime).pendingConnections()).isEqualTo(2);
        assertThat(tcp(runtime).refused()).isEqualTo(1);
      }
    }
  }

  @ParameterizedTest
  @EnumSource(
      names = {"EPOLL", "NIO"},
      value = IceTransport.class)
  void closingEndsConnectionsThatComeAtThatMoment(IceTransport transport) throws Exception {
    for (int round = 0; round < 20; round++) {
      int port = freePort();
      List<Socket> sockets = new ArrayList<>();
      try (IceRuntime runtime = server(port, transport);
          RecordingPeer a = peer(runtime)) {
        a.gatherAll();
        for (int i = 0; i < 16; i++) {
          sockets.add(new Socket("127.0.0.1", port));
        }
      }
      for (Socket socket : sockets) {
        socket.setSoTimeout(5_000);
        try (socket) {
          assertThat(socket.getInputStream().read()).as("round %d", round).isEqualTo(-1);
        } catch (SocketTimeoutException e) {
          throw new AssertionError("round " + round + ": a connection outlives the runtime", e);
        } catch (SocketException e) {
          assertThat(e).hasMessageContaining("reset");
        }
      }
    }
  }

  @Test
  void aTakenPortIsSaidAtOnce() throws Exception {
    try (var holder = new ServerSocket(0)) {
      assertThatThrownBy(() -> server(holder.getLocalPort(), IceTransport.AUTO))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("TCP port " + holder.getLocalPort());
    }
  }
}
