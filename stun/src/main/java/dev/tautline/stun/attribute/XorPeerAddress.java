package dev.tautline.stun.attribute;

import dev.tautline.base.WireFormatException;
import dev.tautline.base.WireReader;
import dev.tautline.stun.TransactionId;
import java.net.InetSocketAddress;

/**
 * XOR-PEER-ADDRESS: the peer behind the TURN server; RFC 8656 section 18.3.
 *
 * @param address an IPv4 or IPv6 address and port
 */
public record XorPeerAddress(InetSocketAddress address) implements XorAddressAttribute {
  /** The attribute's type. */
  public static final int TYPE = 0x0012;

  static XorPeerAddress parse(WireReader value, TransactionId id) throws WireFormatException {
    return new XorPeerAddress(AddressCodec.read(value, AddressCodec.xorWith(id)));
  }

  @Override
  public int type() {
    return TYPE;
  }
}
