package dev.tautline.ice.gather;

import dev.tautline.base.WireFormatException;
import dev.tautline.ice.mdns.MdnsMessage;
import dev.tautline.ice.udp.MulticastChannel;
import dev.tautline.ice.udp.NettyLoop;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Resolves {@code .local} names by one-shot multicast DNS questions (RFC 6762 section 5.1): asked
 * from ports of its own, so that answers come back by unicast, on every interface in use, over IPv4
 * and IPv6, at once and again after one and two seconds. Meanwhile the group is heard, too:
 * Chromium 156 and Firefox 153 answer there alone, though section 6.7 wants a unicast for such
 * questions. Bound to one loop; every method there.
 */
public final class MulticastDnsResolver {
  private static final Logger LOG = LoggerFactory.getLogger(MulticastDnsResolver.class);
  private static final long SECOND = 1_000_000_000;
  private static final int SECONDS = 3;
  private static final int MAX_NAMES = 32;
  private static final int MAX_LABEL = 63;

  private final NettyLoop loop;
  private final InetSocketAddress group;
  private final Supplier<List<String>> interfaces;
  private final Map<String, List<Consumer<Optional<InetAddress>>>> waiting = new HashMap<>();
  private final List<Asking> channels = new ArrayList<>();
  private final List<Hearing> ears = new ArrayList<>();

  /** Known for a second: on a host of many containers the system takes its time to tell. */
  private List<NetworkInterface> through = List.of();

  private long throughNanos = Long.MIN_VALUE / 2;

  private int opening;
  private boolean closed;

  /** A socket and the group that is asked through it. */
  private record Asking(MulticastChannel channel, InetSocketAddress group) {}

  /** A socket on the group's port, and the names of the interfaces whose group it is in. */
  private record Hearing(MulticastChannel channel, InetSocketAddress group, Set<String> joined) {}

  /**
   * A resolver without a socket yet.
   *
   * @param loop where it lives
   * @param group where questions go over IPv4; over IPv6 to the standard's group, same port
   * @param interfaces the names of the interfaces in use
   */
  public MulticastDnsResolver(
      NettyLoop loop, InetSocketAddress group, Supplier<List<String>> interfaces) {
    this.loop = loop;
    this.group = group;
    this.interfaces = interfaces;
  }

  /**
   * Resolves a name. The result comes on the loop, empty after three seconds, or at once when the
   * name is not a single label before {@code .local}, or too many wait.
   */
  public void resolve(String name, Consumer<Optional<InetAddress>> result) {
    String key = name.toLowerCase(Locale.ROOT);
    int label = key.length() - ".local".length();
    boolean isOneLabel = label > 0 && label <= MAX_LABEL && key.indexOf('.') == label;
    List<Consumer<Optional<InetAddress>>> others = waiting.get(key);
    if (closed || !isOneLabel || others == null && waiting.size() >= MAX_NAMES) {
      result.accept(Optional.empty());
      return;
    }
    if (others != null) {
      others.add(result);
      return;
    }
    waiting.put(key, new ArrayList<>(List.of(result)));
    if (channels.isEmpty() && opening == 0) {
      boolean standard = group.getAddress().isMulticastAddress();
      opening = standard ? 2 : 1;
      if (standard) {
        hearAndOpen(MulticastChannel.anyIpv4(), group);
        hearAndOpen(
            MulticastChannel.anyIpv6(),
            new InetSocketAddress(MulticastDnsResponder.IPV6_GROUP, group.getPort()));
      } else {
        open(MulticastChannel.anyIpv4(), group);
      }
    } else {
      ask(key);
    }
    for (int i = 1; i < SECONDS; i++) {
      loop.schedule(() -> ask(key), i * SECOND);
    }
    loop.schedule(() -> finish(key, Optional.empty()), SECONDS * SECOND);
  }

  /** Hears before it asks: an answer to the group comes once a second at most. */
  private void hearAndOpen(InetAddress any, InetSocketAddress to) {
    MulticastChannel.open(
        loop,
        any,
        to.getPort(),
        (bytes, from) -> {
          // Section 6: what comes from another port is no answer.
          if (from.getPort() == to.getPort()) {
            answered(bytes);
          }
        },
        (channel, failure) -> {
          if (channel == null) {
            // Somebody has the port for himself. Others answer by unicast.
            LOG.debug("multicast DNS is not heard: {}", String.valueOf(failure));
          } else if (closed || waiting.isEmpty()) {
            channel.close();
          } else {
            ears.add(new Hearing(channel, to, new HashSet<>()));
          }
          open(any, to);
        });
  }

  private void join(NetworkInterface through, InetAddress to) {
    for (Hearing ear : ears) {
      if (ear.group().getAddress().equals(to) && ear.joined().add(through.getName())) {
        ear.channel()
            .join(
                to,
                through,
                failure -> {
                  if (failure != null) {
                    LOG.debug("multicast DNS is not heard on {}: {}", through.getName(), failure);
                  }
                });
      }
    }
  }

  private void open(InetAddress any, InetSocketAddress to) {
    MulticastChannel.open(
        loop,
        any,
        0,
        (bytes, from) -> answered(bytes),
        (channel, failure) -> {
          opening--;
          if (channel == null) {
            LOG.debug("no socket for multicast DNS: {}", String.valueOf(failure));
          } else if (closed || waiting.isEmpty()) {
            channel.close();
          } else {
            var asking = new Asking(channel, to);
            channels.add(asking);
            for (String name : waiting.keySet()) {
              ask(name, asking);
            }
          }
        });
  }

  private void ask(String name) {
    if (waiting.containsKey(name)) {
      channels.forEach(asking -> ask(name, asking));
    }
  }

  private void ask(String name, Asking asking) {
    byte[] forIpv4 = MdnsMessage.query(name, 4);
    byte[] forIpv6 = MdnsMessage.query(name, 6);
    boolean asked = false;
    if (asking.group().getAddress().isMulticastAddress()) {
      for (NetworkInterface one : through()) {
        if (hasFamily(one, asking.group().getAddress())) {
          join(one, asking.group().getAddress());
          asking.channel().send(forIpv4, asking.group(), one);
          asking.channel().send(forIpv6, asking.group(), one);
          asked = true;
        }
      }
    }
    if (!asked && !(asking.group().getAddress() instanceof Inet6Address)) {
      // The system knows where: the way of its default route.
      asking.channel().send(forIpv4, asking.group());
      asking.channel().send(forIpv6, asking.group());
    }
  }

  private List<NetworkInterface> through() {
    if (loop.nowNanos() - throughNanos >= SECOND) {
      throughNanos = loop.nowNanos();
      List<String> names = interfaces.get();
      try {
        through =
            NetworkInterface.networkInterfaces()
                .filter(one -> names.contains(one.getName()))
                .toList();
      } catch (SocketException e) {
        LOG.debug("the system does not tell its interfaces: {}", e.toString());
        through = List.of();
      }
    }
    return through;
  }

  private static boolean hasFamily(NetworkInterface one, InetAddress like) {
    return one.inetAddresses()
        .anyMatch(own -> own instanceof Inet6Address == like instanceof Inet6Address);
  }

  private void finish(String name, Optional<InetAddress> address) {
    List<Consumer<Optional<InetAddress>>> results = waiting.remove(name);
    if (results != null) {
      results.forEach(result -> result.accept(address));
    }
    if (waiting.isEmpty()) {
      closeChannels();
    }
  }

  private void closeChannels() {
    channels.forEach(asking -> asking.channel().close());
    channels.clear();
    ears.forEach(ear -> ear.channel().close());
    ears.clear();
  }

  /** Ends all questions without a result and closes the sockets. */
  public void close() {
    closed = true;
    waiting.clear();
    closeChannels();
  }

  private void answered(byte[] datagram) {
    MdnsMessage message;
    try {
      message = MdnsMessage.parse(datagram, 0, datagram.length);
    } catch (WireFormatException e) {
      LOG.debug("multicast DNS: dropped a datagram: {}", e.getMessage());
      return;
    }
    if (message.kind() != MdnsMessage.Kind.RESPONSE) {
      return;
    }
    for (MdnsMessage.AddressRecord answer : message.addresses()) {
      // A link-local address cannot be reached without its interface, and we have no candidate
      // there; a time of zero says that the name is gone.
      if (!answer.address().isLinkLocalAddress()
          && answer.ttlSeconds() > 0
          && waiting.containsKey(answer.name())) {
        finish(answer.name(), Optional.of(answer.address()));
      }
    }
  }
}
