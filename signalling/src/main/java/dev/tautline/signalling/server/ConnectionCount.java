package dev.tautline.signalling.server;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;

/** How many connections there are, in all and per owner. Any thread. */
final class ConnectionCount {
  private final int max;
  private final int maxPerOwner;
  private final Map<String, Integer> byOwner = new HashMap<>();
  private int total;

  ConnectionCount(int max, int maxPerOwner) {
    this.max = max;
    this.maxPerOwner = maxPerOwner;
  }

  /**
   * Whose connections are counted together. An IPv6 host owns at least a /64 and can call from each
   * of its addresses.
   */
  static String ownerOf(InetAddress address) {
    if (address instanceof Inet6Address && !address.isLoopbackAddress()) {
      return HexFormat.of().formatHex(Arrays.copyOf(address.getAddress(), 8)) + "/64";
    }
    return address.getHostAddress();
  }

  /** Counts one more, unless there are too many: then false. */
  synchronized boolean add(String owner) {
    int count = byOwner.getOrDefault(owner, 0);
    if (total >= max || count >= maxPerOwner) {
      return false;
    }
    total++;
    byOwner.put(owner, count + 1);
    return true;
  }

  synchronized void remove(String owner) {
    total--;
    byOwner.computeIfPresent(owner, (key, count) -> count == 1 ? null : count - 1);
  }
}
