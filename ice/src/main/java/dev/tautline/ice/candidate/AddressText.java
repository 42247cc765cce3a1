package dev.tautline.ice.candidate;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;

/** Addresses as candidate lines and reports write them: IPv6 in the one form of RFC 5952. */
public final class AddressText {
  private static final int GROUPS = 8;

  private AddressText() {}

  /** Dotted decimal; or lower-case groups without leading zeros, the longest run of zeros as ::. */
  public static String of(InetAddress address) {
    if (!(address instanceof Inet6Address)) {
      return address.getHostAddress();
    }
    byte[] bytes = address.getAddress();
    int[] groups = new int[GROUPS];
    for (int i = 0; i < GROUPS; i++) {
      groups[i] = (bytes[2 * i] & 0xff) << 8 | bytes[2 * i + 1] & 0xff;
    }
    // Section 4.2: of runs equally long the first; a single zero is written out.
    int runStart = GROUPS;
    int runLength = 1;
    for (int i = 0; i < GROUPS; i++) {
      int end = i;
      while (end < GROUPS && groups[end] == 0) {
        end++;
      }
      if (end - i > runLength) {
        runStart = i;
        runLength = end - i;
      }
      i = end;
    }
    var text = new StringBuilder(39);
    for (int i = 0; i < GROUPS; i++) {
      if (i == runStart) {
        text.append("::");
        i += runLength - 1;
        continue;
      }
      if (i > 0 && text.charAt(text.length() - 1) != ':') {
        text.append(':');
      }
      text.append(Integer.toHexString(groups[i]));
    }
    return text.toString();
  }

  /** Address, colon and port; IPv6 in brackets. */
  public static String of(InetSocketAddress address) {
    String host = of(address.getAddress());
    return host.indexOf(':') < 0
        ? host + ':' + address.getPort()
        : '[' + host + "]:" + address.getPort();
  }
}
