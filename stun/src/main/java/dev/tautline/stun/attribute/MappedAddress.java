package dev.tautline.stun.attribute;

import dev.tautline.base.WireFormatException;
import dev.tautline.base.WireReader;
import java.net.InetSocketAddress;

/**
 * MAPPED-ADDRESS: the address the server saw, as it is; RFC 8489 section 14.1.
 *
 * @param address an IPv4 or IPv6 address and port
 */
public record MappedAddress(InetSocketAddress address) implements AddressAttribute {
  /** The attribute's type. */
  public static final int TYPE = 0x0001;

  static MappedAddress parse(WireReader value) throws WireFormatException {
    return new MappedAddress(AddressCodec.read(value, AddressCodec.PLAIN));
  }

  @Override
  public int type() {
    return TYPE;
  }
}
