package dev.tautline.stun.attribute;

import dev.tautline.base.WireWriter;
import dev.tautline.stun.TransactionId;
import java.net.InetSocketAddress;

/** An attribute whose value is an address, as it is; RFC 8489 section 14.1. */
public sealed interface AddressAttribute extends StunAttribute
    permits AlternateServer, MappedAddress, OtherAddress, ResponseOrigin, XorAddressAttribute {
  /** An IPv4 or IPv6 address and port. */
  InetSocketAddress address();

  @Override
  default int valueLength() {
    return AddressCodec.valueLength(address());
  }

  @Override
  default void writeValue(WireWriter out, TransactionId id) {
    AddressCodec.write(out, address(), AddressCodec.PLAIN);
  }
}
