package dev.tautline.ice.agent;

import dev.tautline.ice.IcePorts;
import dev.tautline.ice.IceServer;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The addresses that peers are told where a NAT maps one to one: given, or seen by a STUN server
 * and then known to all agents of the runtime. May be used from any thread.
 */
public final class Announcements {
  /** After so long a STUN server is asked again: the address of a host can change. */
  private static final long GOOD_FOR_NANOS = 300_000_000_000L;

  private final IcePorts ports;
  private final Map<InetAddress, Seen> seen = new ConcurrentHashMap<>();

  private record Seen(InetAddress address, long nanos) {}

  /** What the options say. */
  public Announcements(IcePorts ports) {
    this.ports = ports;
  }

  /** The server that is to be asked for the address of this socket; empty when it is known. */
  Optional<IceServer> toAsk(InetAddress local) {
    return appliesTo(local, false) && known(local) == null ? ports.announcedBy() : Optional.empty();
  }

  /** Whether this server tells announced addresses and not server-reflexive ones. */
  boolean isAsked(IceServer server) {
    return ports.announcedBy().filter(server::equals).isPresent();
  }

  /** What is announced for a socket on this address. */
  Optional<IcePorts.Announced> of(InetAddress local) {
    for (IcePorts.Announced one : ports.announced()) {
      if (one.address() instanceof Inet6Address == local instanceof Inet6Address
          && appliesTo(local, one.address().isLoopbackAddress())) {
        return Optional.of(one);
      }
    }
    Seen known = known(local);
    return known == null || !appliesTo(local, known.address().isLoopbackAddress())
        ? Optional.empty()
        : Optional.of(
            new IcePorts.Announced(known.address(), OptionalInt.empty(), IcePorts.Use.INSTEAD));
  }

  private @Nullable Seen known(InetAddress local) {
    Seen known = seen.get(local);
    return known != null && System.nanoTime() - known.nanos() < GOOD_FOR_NANOS ? known : null;
  }

  /** A server saw a socket on {@code local} as {@code address}. */
  void learned(InetAddress local, InetAddress address) {
    seen.put(local, new Seen(address, System.nanoTime()));
  }

  /** A NAT maps neither loopback nor link-local addresses to others. */
  private static boolean appliesTo(InetAddress local, boolean loopback) {
    return local.isLoopbackAddress() == loopback && !local.isLinkLocalAddress();
  }
}
