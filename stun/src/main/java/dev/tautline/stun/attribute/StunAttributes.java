package dev.tautline.stun.attribute;

import dev.tautline.base.WireFormatException;
import dev.tautline.base.WireReader;
import dev.tautline.stun.TransactionId;

/** Reads attributes by their type. */
public final class StunAttributes {
  private StunAttributes() {}

  /**
   * Reads one value. What is left in {@code value} afterwards is too much.
   *
   * @param type the attribute's type
   * @param value its bytes without padding
   * @param id the message's
   * @throws WireFormatException if the value has not the form its type needs
   */
  public static StunAttribute parse(int type, WireReader value, TransactionId id)
      throws WireFormatException {
    return switch (type) {
      case MappedAddress.TYPE -> MappedAddress.parse(value);
      case ChangeRequest.TYPE -> ChangeRequest.parse(value);
      case Username.TYPE -> Username.parse(value);
      case ErrorCode.TYPE -> ErrorCode.parse(value);
      case UnknownAttributes.TYPE -> UnknownAttributes.parse(value);
      case ChannelNumber.TYPE -> ChannelNumber.parse(value);
      case Lifetime.TYPE -> Lifetime.parse(value);
      case XorPeerAddress.TYPE -> XorPeerAddress.parse(value, id);
      case Data.TYPE -> Data.parse(value);
      case Realm.TYPE -> Realm.parse(value);
      case Nonce.TYPE -> Nonce.parse(value);
      case XorRelayedAddress.TYPE -> XorRelayedAddress.parse(value, id);
      case RequestedAddressFamily.TYPE -> RequestedAddressFamily.parse(value);
      case EvenPort.TYPE -> EvenPort.parse(value);
      case RequestedTransport.TYPE -> RequestedTransport.parse(value);
      case DontFragment.TYPE -> DontFragment.parse(value);
      case PasswordAlgorithm.TYPE -> PasswordAlgorithm.parse(value);
      case UserHash.TYPE -> UserHash.parse(value);
      case XorMappedAddress.TYPE -> XorMappedAddress.parse(value, id);
      case ReservationToken.TYPE -> ReservationToken.parse(value);
      case Priority.TYPE -> Priority.parse(value);
      case UseCandidate.TYPE -> UseCandidate.parse(value);
      case AdditionalAddressFamily.TYPE -> AdditionalAddressFamily.parse(value);
      case AddressErrorCode.TYPE -> AddressErrorCode.parse(value);
      case PasswordAlgorithms.TYPE -> PasswordAlgorithms.parse(value);
      case AlternateDomain.TYPE -> AlternateDomain.parse(value);
      case Icmp.TYPE -> Icmp.parse(value);
      case Software.TYPE -> Software.parse(value);
      case AlternateServer.TYPE -> AlternateServer.parse(value);
      case ResponseOrigin.TYPE -> ResponseOrigin.parse(value);
      case OtherAddress.TYPE -> OtherAddress.parse(value);
      case IceControlled.TYPE -> IceControlled.parse(value);
      case IceControlling.TYPE -> IceControlling.parse(value);
      default -> new UnknownAttribute(type, Octets.of(value.copyRemaining()));
    };
  }

  /** Whether the attribute's type is not known here. */
  public static boolean isUnknown(StunAttribute attribute) {
    return attribute instanceof UnknownAttribute;
  }
}
