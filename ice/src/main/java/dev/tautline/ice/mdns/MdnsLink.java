package dev.tautline.ice.mdns;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/**
 * An interface on which questions are heard.
 *
 * @param index as the system counts
 * @param subnets this host's addresses there, each with the length of its network's prefix
 * @param families over which questions come and answers go
 */
public record MdnsLink(int index, List<Subnet> subnets, Set<Family> families) {
  /** A family of addresses has a multicast group and a socket of its own. */
  public enum Family {
    /** 224.0.0.251. */
    IPV4,
    /** ff02::fb. */
    IPV6;

    /** The one an address is of. */
    public static Family of(InetAddress address) {
      return address instanceof Inet6Address ? IPV6 : IPV4;
    }
  }

  /**
   * An address of this host and which others are its neighbours.
   *
   * @param address ours
   * @param prefixLength in bits
   */
  public record Subnet(InetAddress address, int prefixLength) {
    boolean contains(InetAddress other) {
      byte[] ours = address.getAddress();
      byte[] theirs = other.getAddress();
      if (ours.length != theirs.length) {
        return false;
      }
      int bits = Math.min(Math.max(prefixLength, 0), ours.length * 8);
      for (int i = 0; i < bits; i++) {
        int mask = 0x80 >> (i & 7);
        if ((ours[i >> 3] & mask) != (theirs[i >> 3] & mask)) {
          return false;
        }
      }
      return true;
    }
  }

  /** The lists are immutable. */
  public MdnsLink {
    subnets = List.copyOf(subnets);
    families = Set.copyOf(families);
  }

  /**
   * Whether a datagram from there came over this link, RFC 6762 section 11: by its network, or for
   * a link-local IPv6 address by the interface that the system noted on it.
   */
  boolean hasNeighbour(InetAddress source) {
    if (source instanceof Inet6Address v6 && v6.isLinkLocalAddress()) {
      return v6.getScopeId() == index;
    }
    return subnets.stream().anyMatch(subnet -> subnet.contains(source));
  }

  /** Whether it is an address of this host. */
  boolean isOwn(InetAddress source) {
    byte[] bytes = source.getAddress();
    return subnets.stream().anyMatch(subnet -> Arrays.equals(subnet.address().getAddress(), bytes));
  }
}
