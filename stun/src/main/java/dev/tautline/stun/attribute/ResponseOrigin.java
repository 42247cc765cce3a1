package dev.tautline.stun.attribute;

import dev.tautline.base.WireFormatException;
import dev.tautline.base.WireReader;
import java.net.InetSocketAddress;

/**
 * RESPONSE-ORIGIN: where the response was sent from; RFC 5780 section 7.3.
 *
 * @param address an IPv4 or IPv6 address and port
 */
public record ResponseOrigin(InetSocketAddress address) implements AddressAttribute {
  /** The attribute's type. */
  public static final int TYPE = 0x802b;

  static ResponseOrigin parse(WireReader value) throws WireFormatException {
    return new ResponseOrigin(AddressCodec.read(value, AddressCodec.PLAIN));
  }

  @Override
  public int type() {
    return TYPE;
  }
}
