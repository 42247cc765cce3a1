package dev.tautline.ice.gather;

import io.netty.util.NetUtil;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Optional;

/** Address literals, read without ever asking a name server. */
public final class AddressLiterals {
  private AddressLiterals() {}

  /** The address, or empty when the text is a name. */
  public static Optional<InetAddress> parse(String text) {
    if (text.indexOf('%') >= 0) {
      return Optional.empty();
    }
    byte[] bytes = NetUtil.createByteArrayFromIpAddressString(text);
    if (bytes == null) {
      return Optional.empty();
    }
    try {
      return Optional.of(InetAddress.getByAddress(bytes));
    } catch (UnknownHostException e) {
      throw new IllegalStateException("an address has 4 or 16 bytes", e);
    }
  }
}
