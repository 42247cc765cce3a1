package dev.tautline.ice.gather;

import java.net.InetAddress;
import java.util.List;

/**
 * A network interface that is up.
 *
 * @param name as the system calls it
 * @param loopback whether it is the loopback interface
 * @param addresses its addresses, without a scope
 */
public record HostInterface(String name, boolean loopback, List<InetAddress> addresses) {
  /** The list is immutable. */
  public HostInterface {
    addresses = List.copyOf(addresses);
  }
}
