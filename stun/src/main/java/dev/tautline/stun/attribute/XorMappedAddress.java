package dev.tautline.stun.attribute;

import dev.tautline.base.WireFormatException;
import dev.tautline.base.WireReader;
import dev.tautline.stun.TransactionId;
import java.net.InetSocketAddress;

/**
 * XOR-MAPPED-ADDRESS: the address the server saw, hidden from middleboxes that rewrite; RFC 8489
 * section 14.2.
 *
 * @param address an IPv4 or IPv6 address and port
 */
public record XorMappedAddress(InetSocketAddress address) implements XorAddressAttribute {
  /** The attribute's type. */
  public static final int TYPE = 0x0020;

  static XorMappedAddress parse(WireReader value, TransactionId id) throws WireFormatException {
    return new XorMappedAddress(AddressCodec.read(value, AddressCodec.xorWith(id)));
  }

  @Override
  public int type() {
    return TYPE;
  }
}
