package dev.tautline.ice.candidate;

import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Optional;

/** Which of a peer's addresses a check may be sent to. */
public final class PairableAddress {
  /** What is said of an address, a peer's or a server's, that {@link #canReach} rules out. */
  public static final String UNREACHED = "no address of ours reaches it";

  private PairableAddress() {}

  /** Why no pair may have this remote address, in plain words; empty when one may. */
  public static Optional<String> refusal(InetSocketAddress address) {
    InetAddress ip = address.getAddress();
    if (address.getPort() == 0) {
      return Optional.of("port 0");
    }
    if (ip.isAnyLocalAddress()) {
      return Optional.of("the unspecified address");
    }
    if (ip.isMulticastAddress()) {
      return Optional.of("a multicast address");
    }
    if (ip instanceof Inet4Address) {
      byte[] bytes = ip.getAddress();
      if ((bytes[0] & bytes[1] & bytes[2] & bytes[3] & 0xff) == 0xff) {
        return Optional.of("the broadcast address");
      }
      if (bytes[0] == 0) {
        return Optional.of("an address of \"this network\"");
      }
    }
    return Optional.empty();
  }

  /** Whether datagrams can go from one to the other: same family, same scope. */
  public static boolean canReach(InetAddress from, InetAddress to) {
    if (from instanceof Inet6Address != to instanceof Inet6Address) {
      return false;
    }
    // Loopback speaks with loopback alone: from elsewhere it is another host, or none.
    if (from.isLoopbackAddress() != to.isLoopbackAddress()) {
      return false;
    }
    return from.isLinkLocalAddress() == to.isLinkLocalAddress();
  }
}
