package dev.tautline.stun.attribute;

import dev.tautline.base.WireFormatException;
import dev.tautline.base.WireReader;
import dev.tautline.stun.TransactionId;
import java.net.InetSocketAddress;

/**
 * XOR-RELAYED-ADDRESS: the address the TURN server allocated; RFC 8656 section 18.5.
 *
 * @param address an IPv4 or IPv6 address and port
 */
public record XorRelayedAddress(InetSocketAddress address) implements XorAddressAttribute {
  /** The attribute's type. */
  public static final int TYPE = 0x0016;

  static XorRelayedAddress parse(WireReader value, TransactionId id) throws WireFormatException {
    return new XorRelayedAddress(AddressCodec.read(value, AddressCodec.xorWith(id)));
  }

  @Override
  public int type() {
    return TYPE;
  }
}
