package dev.tautline.ice.gather;

import dev.tautline.base.Timer;
import dev.tautline.ice.Cancellable;
import dev.tautline.ice.mdns.MdnsLink;
import dev.tautline.ice.mdns.MdnsResponder;
import dev.tautline.ice.mdns.OwnName;
import dev.tautline.ice.udp.MulticastChannel;
import dev.tautline.ice.udp.NettyLoop;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.InterfaceAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The sockets of a runtime's {@link MdnsResponder}: one for IPv4 and one for IPv6, open while there
 * are names, in the groups of the interfaces whose addresses these names stand for. Everything on
 * one loop; may be called from any thread.
 */
public final class MulticastDnsResponder {
  /** ff02::fb, RFC 6762 section 3. */
  static final InetAddress IPV6_GROUP =
      address(new byte[] {(byte) 0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, (byte) 0xfb});

  private static final Logger LOG = LoggerFactory.getLogger(MulticastDnsResponder.class);

  private static final long SECOND = 1_000_000_000;

  private final NettyLoop loop;
  private final InetSocketAddress group;
  private final MdnsResponder responder = new MdnsResponder();
  private final Map<MdnsLink.Family, MulticastChannel> channels =
      new EnumMap<>(MdnsLink.Family.class);
  private final Map<Integer, Joined> joined = new LinkedHashMap<>();
  private final List<Runnable> waiting = new ArrayList<>();

  /** Known for a second: on a host of many containers the system takes its time to tell. */
  private List<NetworkInterface> interfaces = List.of();

  private long interfacesNanos = Long.MIN_VALUE / 2;
  private String noSocket = "";
  private int opening;
  private @Nullable Cancellable timer;
  private long timerNanos = Timer.NOT_RUNNING;
  private boolean closed;

  /** An interface and the families whose groups it is in. */
  private record Joined(NetworkInterface nic, Set<MdnsLink.Family> families) {}

  /**
   * A responder without a socket yet.
   *
   * @param loop where it lives
   * @param group where questions come from over IPv4; over IPv6 from the standard's group, same
   *     port
   */
  public MulticastDnsResponder(NettyLoop loop, InetSocketAddress group) {
    this.loop = loop;
    this.group = group;
  }

  private static InetAddress address(byte[] bytes) {
    try {
      return InetAddress.getByAddress(bytes);
    } catch (UnknownHostException e) {
      throw new IllegalStateException("4 and 16 are the lengths of an address", e);
    }
  }

  /**
   * Answers for a name from now on.
   *
   * @param done is told on the responder's loop: empty when it does, else why it cannot
   */
  public void register(OwnName name, Consumer<Optional<String>> done) {
    if (!execute(() -> registerHere(name, done))) {
      done.accept(Optional.of("the runtime is closed"));
    }
  }

  /** Answers for it no longer, and says so to all. */
  public void unregister(OwnName name) {
    execute(
        () -> {
          responder.unregister(name);
          drain();
          closeIfIdle();
        });
  }

  /** Takes leave for all names and closes the sockets; completes when that is done. */
  public CompletableFuture<Void> close() {
    var done = new CompletableFuture<Void>();
    boolean runs =
        execute(
            () -> {
              closed = true;
              responder.unregisterAll();
              drain();
              closeIfIdle();
              done.complete(null);
            });
    if (!runs) {
      done.complete(null);
    }
    return done;
  }

  private boolean execute(Runnable task) {
    try {
      loop.execute(task);
      return true;
    } catch (RejectedExecutionException e) {
      LOG.trace("the loop has ended", e);
      return false;
    }
  }

  // ---- On the loop -----------------------------------------------------------------------------

  private void registerHere(OwnName name, Consumer<Optional<String>> done) {
    if (closed) {
      done.accept(Optional.of("the runtime is closed"));
      return;
    }
    if (channels.isEmpty()) {
      waiting.add(() -> registerWithSockets(name, done));
      if (opening == 0) {
        noSocket = "";
        opening = 2;
        open(MdnsLink.Family.IPV4, MulticastChannel.anyIpv4());
        open(MdnsLink.Family.IPV6, MulticastChannel.anyIpv6());
      }
      return;
    }
    registerWithSockets(name, done);
  }

  private void open(MdnsLink.Family family, InetAddress any) {
    if (!(group.getAddress() instanceof Inet4Address) || !group.getAddress().isMulticastAddress()) {
      opened(
          family, null, new SocketException(group.getAddress() + " is no IPv4 multicast address"));
      return;
    }
    MulticastChannel.open(
        loop,
        any,
        group.getPort(),
        this::datagram,
        (channel, failure) -> opened(family, channel, failure));
  }

  private void opened(
      MdnsLink.Family family, @Nullable MulticastChannel channel, @Nullable Throwable failure) {
    opening--;
    if (channel != null) {
      channels.put(family, channel);
    } else {
      LOG.debug("no {} socket for multicast DNS: {}", family, String.valueOf(failure));
      if (noSocket.isEmpty()) {
        noSocket = "no socket on port " + group.getPort() + ": " + String.valueOf(failure);
      }
    }
    if (opening == 0) {
      List<Runnable> now = List.copyOf(waiting);
      waiting.clear();
      now.forEach(Runnable::run);
      closeIfIdle();
    }
  }

  private void registerWithSockets(OwnName name, Consumer<Optional<String>> done) {
    if (closed) {
      done.accept(Optional.of("the runtime is closed"));
      return;
    }
    if (channels.isEmpty()) {
      done.accept(Optional.of(noSocket));
      return;
    }
    NetworkInterface nic = interfaceOf(name.address());
    if (nic == null) {
      done.accept(Optional.of("the address is not there any more"));
      return;
    }
    Optional<String> refusal = join(nic);
    if (refusal.isEmpty()) {
      responder.links(links());
      responder.register(loop.nowNanos(), name);
      drain();
    }
    done.accept(refusal);
  }

  private @Nullable NetworkInterface interfaceOf(InetAddress address) {
    boolean fresh = loop.nowNanos() - interfacesNanos < SECOND;
    NetworkInterface known = fresh ? amongKnown(address) : null;
    if (known == null) {
      look();
      known = amongKnown(address);
    }
    return known;
  }

  private @Nullable NetworkInterface amongKnown(InetAddress address) {
    for (NetworkInterface nic : interfaces) {
      if (nic.inetAddresses().anyMatch(address::equals)) {
        return nic;
      }
    }
    return null;
  }

  private void look() {
    interfacesNanos = loop.nowNanos();
    try {
      interfaces = NetworkInterface.networkInterfaces().toList();
    } catch (SocketException e) {
      LOG.debug("the system does not tell its interfaces: {}", e.toString());
      interfaces = List.of();
    }
  }

  /** Netty joins at once where it is called on the loop. */
  private Optional<String> join(NetworkInterface nic) {
    Joined before = joined.get(nic.getIndex());
    Set<MdnsLink.Family> families = EnumSet.noneOf(MdnsLink.Family.class);
    if (before != null && before.nic().getName().equals(nic.getName())) {
      families.addAll(before.families());
    }
    List<String> refusals = new ArrayList<>();
    channels.forEach(
        (family, channel) -> {
          // An interface may get its first address of a family later.
          if (families.contains(family)
              || nic.inetAddresses().noneMatch(one -> MdnsLink.Family.of(one) == family)) {
            return;
          }
          channel.join(
              groupOf(family).getAddress(),
              nic,
              failure -> {
                if (failure == null) {
                  families.add(family);
                } else {
                  refusals.add(String.valueOf(failure.getMessage()));
                }
              });
        });
    if (families.isEmpty()) {
      return Optional.of("no multicast on " + nic.getName() + ": " + String.join(", ", refusals));
    }
    joined.put(nic.getIndex(), new Joined(nic, families));
    return Optional.empty();
  }

  private InetSocketAddress groupOf(MdnsLink.Family family) {
    return family == MdnsLink.Family.IPV4
        ? group
        : new InetSocketAddress(IPV6_GROUP, group.getPort());
  }

  /** The interfaces with the addresses that they had when we looked last. */
  private List<MdnsLink> links() {
    List<MdnsLink> links = new ArrayList<>();
    Set<Integer> there = new HashSet<>();
    for (NetworkInterface nic : interfaces) {
      there.add(nic.getIndex());
      Joined one = joined.get(nic.getIndex());
      if (one == null) {
        continue;
      }
      List<MdnsLink.Subnet> subnets = new ArrayList<>();
      for (InterfaceAddress address : nic.getInterfaceAddresses()) {
        subnets.add(new MdnsLink.Subnet(address.getAddress(), address.getNetworkPrefixLength()));
      }
      links.add(new MdnsLink(nic.getIndex(), subnets, one.families()));
    }
    joined.keySet().retainAll(there);
    return links;
  }

  private void datagram(byte[] bytes, InetSocketAddress from) {
    responder.receive(loop.nowNanos(), bytes, 0, bytes.length, from);
    drain();
  }

  private void drain() {
    for (MdnsResponder.Transmit t = responder.pollTransmit();
        t != null;
        t = responder.pollTransmit()) {
      MulticastChannel channel = channels.get(t.family());
      Joined over = joined.get(t.link().index());
      if (channel == null || over == null) {
        continue;
      }
      if (t.to().isPresent()) {
        channel.send(t.bytes(), t.to().get());
      } else {
        channel.send(t.bytes(), groupOf(t.family()), over.nic());
      }
    }
    long next = responder.nextDeadlineNanos();
    if (next < timerNanos) {
      if (timer != null) {
        timer.cancel();
      }
      timerNanos = next;
      timer = loop.schedule(this::timerFired, next - loop.nowNanos());
    }
  }

  private void timerFired() {
    timer = null;
    timerNanos = Timer.NOT_RUNNING;
    responder.advanceTo(loop.nowNanos());
    drain();
  }

  private void closeIfIdle() {
    if (responder.isEmpty() && opening == 0 && waiting.isEmpty()) {
      channels.values().forEach(MulticastChannel::close);
      channels.clear();
      joined.clear();
      responder.links(List.of());
    }
  }
}
