package dev.tautline.stun.attribute;

import dev.tautline.base.WireWriter;
import dev.tautline.stun.TransactionId;

/** An attribute of a message; RFC 8489 section 14. */
public sealed interface StunAttribute
    permits AdditionalAddressFamily,
        AddressAttribute,
        AddressErrorCode,
        AlternateDomain,
        ChangeRequest,
        ChannelNumber,
        Data,
        DontFragment,
        ErrorCode,
        EvenPort,
        IceControlled,
        IceControlling,
        Icmp,
        Lifetime,
        Nonce,
        PasswordAlgorithm,
        PasswordAlgorithms,
        Priority,
        Realm,
        RequestedAddressFamily,
        RequestedTransport,
        ReservationToken,
        Software,
        UnknownAttribute,
        UnknownAttributes,
        UseCandidate,
        UserHash,
        Username {
  /** The type, 0 to 0xFFFF; below 0x8000 a receiver must understand it. */
  int type();

  /** The value's length in bytes, without padding. */
  int valueLength();

  /**
   * Writes the value, without padding.
   *
   * @param out has room for {@link #valueLength} bytes
   * @param id the message's, which addresses are XORed with
   */
  void writeValue(WireWriter out, TransactionId id);
}
