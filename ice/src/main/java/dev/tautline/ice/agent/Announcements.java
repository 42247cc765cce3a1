package dev.tautline.ice.agent;

import dev.tautline.ice.IcePorts;
import dev.tautline.ice.IceServer;
import dev.tautline.ice.gather.HostInterface;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The addresses that peers are told where a NAT maps one to one: given, or seen by a STUN server
 * and then known to all agents of the runtime. What a server said is told on after its time and
 * after a change of the network, too, until it is asked again: an old address is more likely right
 * than none. May be used from any thread.
 */
public final class Announcements {
  /** After so long a STUN server is asked again: the address of a host can change. */
  static final long GOOD_FOR_NANOS = 300_000_000_000L;

  /** After no answer the next connections do not wait for one so long. */
  static final long ASK_AGAIN_NANOS = 30_000_000_000L;

  private final IcePorts ports;
  private final LongSupplier nanoTime;
  private final Map<InetAddress, Seen> seen = new ConcurrentHashMap<>();
  private @Nullable List<HostInterface> interfaces;

  /**
   * What came of asking for one of our addresses.
   *
   * @param address null where the server was asked in vain and never told one
   * @param askAgain when the server is to be asked again
   */
  private record Seen(@Nullable InetAddress address, long askAgain) {}

  /** What the options say. */
  public Announcements(IcePorts ports) {
    this(ports, System::nanoTime);
  }

  /** For tests of time. */
  Announcements(IcePorts ports, LongSupplier nanoTime) {
    this.ports = ports;
    this.nanoTime = nanoTime;
  }

  /** The server that is to be asked for the address of this socket; empty when it is known. */
  Optional<IceServer> toAsk(InetAddress local) {
    if (local.isLinkLocalAddress()) {
      return Optional.empty();
    }
    Seen known = seen.get(local);
    return known == null || nanoTime.getAsLong() - known.askAgain() >= 0
        ? ports.announcedBy()
        : Optional.empty();
  }

  /** Whether this server tells announced addresses and not server-reflexive ones. */
  boolean isAsked(IceServer server) {
    return ports.announcedBy().filter(server::equals).isPresent();
  }

  /** What is announced for a socket on this address. */
  Optional<IcePorts.Announced> of(InetAddress local) {
    for (IcePorts.Announced one : ports.announced()) {
      if (one.address() instanceof Inet6Address == local instanceof Inet6Address
          && appliesTo(local, one.address())) {
        return Optional.of(one);
      }
    }
    Seen known = seen.get(local);
    InetAddress address = known == null ? null : known.address();
    return address == null || !appliesTo(local, address)
        ? Optional.empty()
        : Optional.of(new IcePorts.Announced(address, OptionalInt.empty(), IcePorts.Use.INSTEAD));
  }

  /** A server saw a socket on {@code local} as {@code address}. */
  void learned(InetAddress local, InetAddress address) {
    seen.put(local, new Seen(address, nanoTime.getAsLong() + GOOD_FOR_NANOS));
  }

  /**
   * The server told nothing for {@code local}.
   *
   * @param unreached it cannot be asked from there
   * @return whether the address is unknown; else what was told before stays
   */
  boolean askedInVain(InetAddress local, boolean unreached) {
    long askAgain = nanoTime.getAsLong() + (unreached ? GOOD_FOR_NANOS : ASK_AGAIN_NANOS);
    Seen now =
        seen.compute(
            local, (key, before) -> new Seen(before == null ? null : before.address(), askAgain));
    return now.address() == null;
  }

  /** The interfaces are these: where they are other ones, the way out may be another, too. */
  void networkIs(List<HostInterface> now) {
    synchronized (seen) {
      List<HostInterface> before = interfaces;
      interfaces = now;
      if (before == null || before.equals(now)) {
        return;
      }
    }
    long at = nanoTime.getAsLong();
    seen.replaceAll((local, known) -> new Seen(known.address(), at));
  }

  /** A NAT maps neither loopback nor link-local addresses to others. */
  private static boolean appliesTo(InetAddress local, InetAddress announced) {
    return local.isLoopbackAddress() == announced.isLoopbackAddress()
        && !local.isLinkLocalAddress();
  }
}
