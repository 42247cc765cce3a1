package dev.tautline.stun.attribute;

import dev.tautline.base.WireFormatException;
import dev.tautline.base.WireReader;
import java.net.InetSocketAddress;

/**
 * ALTERNATE-SERVER: where the client should ask instead; RFC 8489 section 14.15.
 *
 * @param address an IPv4 or IPv6 address and port
 */
public record AlternateServer(InetSocketAddress address) implements AddressAttribute {
  /** The attribute's type. */
  public static final int TYPE = 0x8023;

  static AlternateServer parse(WireReader value) throws WireFormatException {
    return new AlternateServer(AddressCodec.read(value, AddressCodec.PLAIN));
  }

  @Override
  public int type() {
    return TYPE;
  }
}
