package dev.tautline.ice.agent;

import dev.tautline.ice.IceAgentOptions;
import dev.tautline.ice.IcePorts;
import dev.tautline.ice.endpoint.Endpoint;
import dev.tautline.ice.endpoint.EndpointListener;
import dev.tautline.ice.gather.HostAddresses;
import dev.tautline.ice.gather.HostInterface;
import dev.tautline.ice.gather.NetworkWatch;
import dev.tautline.ice.tcp.PassivePort;
import dev.tautline.ice.udp.NettyLoop;
import dev.tautline.ice.udp.SharedPort;
import dev.tautline.ice.udp.UdpSocket;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/** Who binds what: the one place that chooses this host's addresses and ports. On the loop. */
final class LocalSockets {
  /** The one that carries data, the one agreed on last, the one that is offered. */
  private static final int MAX_GENERATIONS = 3;

  private final NettyLoop loop;
  private final IceAgentOptions options;
  private final EndpointListener listener;
  private final NetworkWatch.Source interfaces;
  private final HostPorts ports;
  private final Optional<SharedPort.Member> shared;
  private final Optional<PassivePort.Member> passive;
  private final Deque<String> ufrags = new ArrayDeque<>();

  /**
   * Nothing is bound yet.
   *
   * @param listener gets what comes to the sockets
   * @param interfaces where the system's interfaces are asked for
   * @param ports what the runtime's agents have in common
   */
  LocalSockets(
      NettyLoop loop,
      IceAgentOptions options,
      EndpointListener listener,
      NetworkWatch.Source interfaces,
      HostPorts ports) {
    this.loop = loop;
    this.options = options;
    this.listener = listener;
    this.interfaces = interfaces;
    this.ports = ports;
    this.shared = ports.udp().map(port -> port.member(loop));
    this.passive = ports.tcp().map(port -> port.member(loop));
  }

  /** Checks with this ufrag are for this agent, where a port is shared. */
  void addUfrag(String ufrag) {
    ufrags.addLast(ufrag);
    if (ufrags.size() > MAX_GENERATIONS) {
      forget(ufrags.removeFirst());
    }
    shared.ifPresent(member -> member.add(ufrag));
    passive.ifPresent(member -> member.add(ufrag));
  }

  /** Checks with this ufrag are for nobody. */
  void removeUfrag(String ufrag) {
    ufrags.remove(ufrag);
    forget(ufrag);
  }

  private void forget(String ufrag) {
    shared.ifPresent(member -> member.remove(ufrag));
    passive.ifPresent(member -> member.remove(ufrag));
  }

  /** The agent is closed, its endpoints were. */
  void close() {
    shared.ifPresent(SharedPort.Member::close);
    passive.ifPresent(PassivePort.Member::close);
  }

  /** What peers are told in place of an address of ours. */
  Announcements announcements() {
    return ports.announcements();
  }

  /** Whether one UDP port is that of all agents. */
  boolean areShared() {
    return shared.isPresent();
  }

  /** Whether there is a TCP port that listens. */
  boolean listens() {
    return passive.isPresent();
  }

  /**
   * Listens for TCP connections on an address; only where {@link #listens} says so.
   *
   * @param done gets it, or the reason why there is none
   */
  void listen(InetAddress address, BiConsumer<@Nullable Endpoint, @Nullable Throwable> done) {
    passive.orElseThrow().open(address, listener, done);
  }

  /**
   * The addresses that sockets are bound to, best first.
   *
   * @throws SocketException if the system does not tell its interfaces
   */
  List<InetAddress> addresses() throws SocketException {
    return addresses(interfaces.interfaces());
  }

  /** As {@link #addresses()}, of interfaces that are known already. */
  List<InetAddress> addresses(List<HostInterface> known) {
    return HostAddresses.choose(options, known);
  }

  /**
   * Opens the socket of an address, for the checks and the servers.
   *
   * @param done gets it, or the reason why there is none; may be called before this returns
   */
  void open(InetAddress address, BiConsumer<@Nullable Endpoint, @Nullable Throwable> done) {
    if (shared.isPresent()) {
      shared.get().open(address, listener, done);
    } else {
      bind(address, done);
    }
  }

  /**
   * Opens a further socket, with a port of the system's choice, for one TURN server alone: where
   * the other is taken in the server's eyes (437). May be called before {@code done} is.
   */
  void openAnother(InetAddress address, BiConsumer<@Nullable Endpoint, @Nullable Throwable> done) {
    bind(address, done);
  }

  private void bind(InetAddress address, BiConsumer<@Nullable Endpoint, @Nullable Throwable> done) {
    Optional<IcePorts.Range> range = ports.ports().range();
    if (range.isEmpty()) {
      bindTo(address, 0, done);
    } else {
      // From a place that differs from socket to socket, so that the first free one is near.
      int first = ThreadLocalRandom.current().nextInt(range.get().size());
      bindWithin(address, range.get(), first, 0, done);
    }
  }

  private void bindWithin(
      InetAddress address,
      IcePorts.Range range,
      int first,
      int tried,
      BiConsumer<@Nullable Endpoint, @Nullable Throwable> done) {
    bindTo(
        address,
        range.min() + (first + tried) % range.size(),
        (socket, why) -> {
          if (socket != null) {
            done.accept(socket, null);
          } else if (!(why instanceof BindException) && !String.valueOf(why).contains("in use")) {
            done.accept(null, why);
          } else if (tried + 1 == range.size()) {
            done.accept(null, new BindException("all ports of the range " + range + " are taken"));
          } else {
            bindWithin(address, range, first, tried + 1, done);
          }
        });
  }

  private void bindTo(
      InetAddress address, int port, BiConsumer<@Nullable Endpoint, @Nullable Throwable> done) {
    UdpSocket.bind(
        loop,
        new InetSocketAddress(address, port),
        listener,
        (socket, why) -> done.accept(socket, why));
  }
}
