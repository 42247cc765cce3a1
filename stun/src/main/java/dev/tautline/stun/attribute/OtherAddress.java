package dev.tautline.stun.attribute;

import dev.tautline.base.WireFormatException;
import dev.tautline.base.WireReader;
import java.net.InetSocketAddress;

/**
 * OTHER-ADDRESS: the server's other address and port, from which it can answer; RFC 5780 section
 * 7.4.
 *
 * @param address an IPv4 or IPv6 address and port
 */
public record OtherAddress(InetSocketAddress address) implements AddressAttribute {
  /** The attribute's type. */
  public static final int TYPE = 0x802c;

  static OtherAddress parse(WireReader value) throws WireFormatException {
    return new OtherAddress(AddressCodec.read(value, AddressCodec.PLAIN));
  }

  @Override
  public int type() {
    return TYPE;
  }
}
