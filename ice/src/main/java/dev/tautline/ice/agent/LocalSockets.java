package dev.tautline.ice.agent;

import dev.tautline.ice.IceAgentOptions;
import dev.tautline.ice.endpoint.Endpoint;
import dev.tautline.ice.endpoint.EndpointListener;
import dev.tautline.ice.gather.HostAddresses;
import dev.tautline.ice.gather.HostInterface;
import dev.tautline.ice.gather.NetworkWatch;
import dev.tautline.ice.udp.NettyLoop;
import dev.tautline.ice.udp.UdpSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.util.List;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/** Who binds what: the one place that chooses this host's addresses and ports. On the loop. */
final class LocalSockets {
  private final NettyLoop loop;
  private final IceAgentOptions options;
  private final EndpointListener listener;
  private final NetworkWatch.Source interfaces;

  /**
   * Nothing is bound yet.
   *
   * @param listener gets what comes to the sockets
   * @param interfaces where the system's interfaces are asked for
   */
  LocalSockets(
      NettyLoop loop,
      IceAgentOptions options,
      EndpointListener listener,
      NetworkWatch.Source interfaces) {
    this.loop = loop;
    this.options = options;
    this.listener = listener;
    this.interfaces = interfaces;
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
    bind(address, done);
  }

  /**
   * Opens a further socket, with a port of the system's choice, for one TURN server alone: where
   * the other is taken in the server's eyes (437). May be called before {@code done} is.
   */
  void openAnother(InetAddress address, BiConsumer<@Nullable Endpoint, @Nullable Throwable> done) {
    bind(address, done);
  }

  private void bind(InetAddress address, BiConsumer<@Nullable Endpoint, @Nullable Throwable> done) {
    UdpSocket.bind(
        loop,
        new InetSocketAddress(address, 0),
        listener,
        (socket, why) -> done.accept(socket, why));
  }
}
