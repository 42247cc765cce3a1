package dev.tautline.stun.attribute;

import dev.tautline.base.WireFormatException;
import dev.tautline.base.WireReader;
import dev.tautline.base.WireWriter;
import dev.tautline.stun.StunMessage;
import dev.tautline.stun.TransactionId;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;

/**
 * Addresses, plain or XORed with the cookie and transaction id; RFC 8489 sections 14.1 and 14.2.
 */
final class AddressCodec {
  /** The mask of a plain address. */
  static final byte[] PLAIN = new byte[16];

  private static final int IPV4 = 1;
  private static final int IPV6 = 2;

  private AddressCodec() {}

  /** The mask of an XORed address: cookie, then transaction id. */
  static byte[] xorWith(TransactionId id) {
    var mask = new WireWriter(16);
    mask.u32(StunMessage.MAGIC_COOKIE);
    id.write(mask);
    return mask.array();
  }

  static InetSocketAddress read(WireReader value, byte[] mask) throws WireFormatException {
    value.skip(1);
    int family = value.u8();
    int port = value.u16() ^ WireReader.u16At(mask, 0);
    int length =
        switch (family) {
          case IPV4 -> 4;
          case IPV6 -> 16;
          default -> throw new WireFormatException("address family is neither 1 nor 2");
        };
    byte[] address = value.copy(length);
    xor(address, mask);
    try {
      return new InetSocketAddress(InetAddress.getByAddress(address), port);
    } catch (UnknownHostException e) {
      throw new IllegalStateException("4 and 16 are the lengths of an address", e);
    }
  }

  static int valueLength(InetSocketAddress address) {
    return address.getAddress() instanceof Inet6Address ? 20 : 8;
  }

  static void write(WireWriter out, InetSocketAddress address, byte[] mask) {
    byte[] bytes = address.getAddress().getAddress();
    xor(bytes, mask);
    out.u8(0).u8(bytes.length == 4 ? IPV4 : IPV6);
    out.u16(address.getPort() ^ WireReader.u16At(mask, 0)).bytes(bytes);
  }

  private static void xor(byte[] address, byte[] mask) {
    for (int i = 0; i < address.length; i++) {
      address[i] ^= mask[i];
    }
  }
}
