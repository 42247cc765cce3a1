package dev.tautline.stun.attribute;

import dev.tautline.base.WireWriter;
import dev.tautline.stun.TransactionId;

/** An address hidden from middleboxes that rewrite; RFC 8489 section 14.2. */
public sealed interface XorAddressAttribute extends AddressAttribute
    permits XorMappedAddress, XorPeerAddress, XorRelayedAddress {
  @Override
  default void writeValue(WireWriter out, TransactionId id) {
    AddressCodec.write(out, address(), AddressCodec.xorWith(id));
  }
}
