package dev.tautline.interop.peer;

import dev.tautline.interop.Require;
import dev.tautline.testkit.UdpLink;
import java.io.IOException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;

/** Leads connections of ours over a {@link UdpLink}, whose conditions are for the test to set. */
public final class Links {
  private Links() {}

  /** A path between two UDP addresses of this machine. */
  public static UdpLink start(long seed) throws IOException {
    return UdpLink.seeded(seed).bindAddress(aLanAddress()).start();
  }

  /**
   * Lets this peer be reached by the link alone: the other side finds us at the link's port, and we
   * find it by what comes from there.
   */
  public static OurPeer lead(OurPeer peer, UdpLink link) {
    return peer.hideTheirCandidates().rewriteCandidates(line -> viaLink(line, link));
  }

  /** An IPv4 address of this machine that browsers use: not the loopback one. */
  private static InetAddress aLanAddress() throws IOException {
    InetAddress found =
        NetworkInterface.networkInterfaces()
            .flatMap(NetworkInterface::inetAddresses)
            .filter(address -> address instanceof Inet4Address && !address.isLoopbackAddress())
            .findFirst()
            .orElse(null);
    Require.that(found != null, "a network interface with an IPv4 address is needed");
    return found;
  }

  /** Tells the link our address, and gives back a candidate that leads to the link. */
  private static String viaLink(String candidate, UdpLink link) {
    InetSocketAddress shown = link.addressOfSecond();
    String[] fields = candidate.split(" ");
    if (fields[4].equals(shown.getAddress().getHostAddress())) {
      link.second(new InetSocketAddress(fields[4], Integer.parseInt(fields[5])));
      fields[5] = Integer.toString(shown.getPort());
    } else {
      // Of another family or interface: made to lead nowhere (port 9 discards).
      fields[5] = "9";
    }
    return String.join(" ", fields);
  }
}
