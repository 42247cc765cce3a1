package dev.tautline.ice.gather;

import dev.tautline.ice.IceAgentOptions;
import dev.tautline.ice.IceAgentOptions.Family;
import dev.tautline.ice.IceAgentOptions.LinkLocal;
import dev.tautline.ice.IceAgentOptions.Loopback;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The addresses of this host that are offered. */
public final class HostAddresses {
  private static final Logger LOG = LoggerFactory.getLogger(HostAddresses.class);

  /** More would only make pairs that nobody has time to check. */
  private static final int MAX_ADDRESSES = 16;

  private HostAddresses() {}

  /**
   * The addresses to offer, best first: IPv6 and IPv4 in turn (RFC 8421), loopback last. Left out
   * are link-local ones unless they are asked for, multicast and unspecified ones, interfaces that
   * are down or filtered, and loopback unless it is asked for.
   *
   * @throws SocketException if the system does not tell its interfaces
   */
  public static List<InetAddress> find(IceAgentOptions options) throws SocketException {
    return choose(options, interfaces());
  }

  /**
   * The interfaces that are up, with their addresses.
   *
   * @throws SocketException if the system does not tell its interfaces
   */
  public static List<HostInterface> interfaces() throws SocketException {
    List<HostInterface> interfaces = new ArrayList<>();
    for (NetworkInterface nic : present()) {
      try {
        if (nic.isUp()) {
          List<InetAddress> addresses = new ArrayList<>();
          for (InetAddress address : Collections.list(nic.getInetAddresses())) {
            addresses.add(withoutScope(address));
          }
          interfaces.add(new HostInterface(nic.getName(), nic.isLoopback(), addresses));
        }
      } catch (SocketException e) {
        // It has vanished since it was listed, as a container's do; the others are still there.
        LOG.trace("{} vanished: {}", nic.getName(), e.toString());
      }
    }
    return interfaces;
  }

  /** Java throws when there is none, as in a plane; that is an answer, too. */
  private static List<NetworkInterface> present() throws SocketException {
    try {
      return Collections.list(NetworkInterface.getNetworkInterfaces());
    } catch (SocketException e) {
      if (String.valueOf(e.getMessage()).contains("No network interfaces")) {
        return List.of();
      }
      throw e;
    }
  }

  /**
   * As {@link #find}, of interfaces that are known already.
   *
   * @param interfaces those that are up
   */
  public static List<InetAddress> choose(IceAgentOptions options, List<HostInterface> interfaces) {
    List<InetAddress> v6 = new ArrayList<>();
    List<InetAddress> v4 = new ArrayList<>();
    List<InetAddress> loopback = new ArrayList<>();
    for (HostInterface nic : interfaces) {
      if (!nic.loopback() && !options.interfaceFilter().test(nic.name())) {
        continue;
      }
      for (InetAddress address : nic.addresses()) {
        boolean isV6 = address instanceof Inet6Address;
        if (!options.families().contains(isV6 ? Family.IPV6 : Family.IPV4)) {
          continue;
        }
        if (address.isLoopbackAddress()) {
          if (options.loopback() != Loopback.EXCLUDE && options.addressFilter().test(address)) {
            loopback.add(address);
          }
        } else if (options.loopback() != Loopback.ONLY && isOfferable(address, options)) {
          (isV6 ? v6 : v4).add(address);
        }
      }
    }
    List<InetAddress> all = new ArrayList<>();
    for (int i = 0; i < Math.max(v6.size(), v4.size()); i++) {
      if (i < v6.size()) {
        all.add(v6.get(i));
      }
      if (i < v4.size()) {
        all.add(v4.get(i));
      }
    }
    all.addAll(loopback);
    return all.size() > MAX_ADDRESSES ? List.copyOf(all.subList(0, MAX_ADDRESSES)) : all;
  }

  /** The names of the interfaces whose addresses are offered. */
  public static List<String> interfacesInUse(
      IceAgentOptions options, List<HostInterface> interfaces) {
    List<InetAddress> chosen = choose(options, interfaces);
    return interfaces.stream()
        .filter(nic -> nic.addresses().stream().anyMatch(chosen::contains))
        .map(HostInterface::name)
        .toList();
  }

  private static boolean isOfferable(InetAddress address, IceAgentOptions options) {
    return !address.isAnyLocalAddress()
        && (!address.isLinkLocalAddress()
            || options.linkLocal() == LinkLocal.INCLUDE && address instanceof Inet4Address)
        && !address.isMulticastAddress()
        // RFC 8445 section 5.1.1.1: no deprecated site-local (fec0::/10), no IPv4-compatible ones.
        && !(address instanceof Inet6Address v6
            && (v6.isSiteLocalAddress() || v6.isIPv4CompatibleAddress()))
        && options.addressFilter().test(address);
  }

  /** Java notes the interface on every IPv6 address; it is no part of a global one. */
  private static InetAddress withoutScope(InetAddress address) {
    try {
      return InetAddress.getByAddress(address.getAddress());
    } catch (UnknownHostException e) {
      throw new IllegalStateException("an address has 4 or 16 bytes", e);
    }
  }
}
