package dev.tautline.ice.check;

import dev.tautline.ice.IceCredentials;
import dev.tautline.ice.IceRole;
import dev.tautline.stun.IntegrityKey;
import dev.tautline.stun.StunClass;
import dev.tautline.stun.StunMessage;
import dev.tautline.stun.StunMethod;
import dev.tautline.stun.TransactionId;
import dev.tautline.stun.attribute.ErrorCode;
import dev.tautline.stun.attribute.IceControlled;
import dev.tautline.stun.attribute.IceControlling;
import dev.tautline.stun.attribute.Priority;
import dev.tautline.stun.attribute.StunAttribute;
import dev.tautline.stun.attribute.UnknownAttributes;
import dev.tautline.stun.attribute.UseCandidate;
import dev.tautline.stun.attribute.Username;
import dev.tautline.stun.attribute.XorMappedAddress;
import dev.tautline.stun.codec.StunWriter;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;

/** The messages of a check, RFC 8445 sections 7.2.2 and 7.3.1. */
final class CheckMessages {
  /** Whether a check nominates. */
  enum Nominate {
    YES,
    NO
  }

  private CheckMessages() {}

  /** A check, signed with the peer's password. */
  static byte[] request(
      TransactionId id,
      IceCredentials local,
      IceCredentials remote,
      IceRole role,
      long tieBreaker,
      long priority,
      Nominate nominate) {
    List<StunAttribute> attributes = new ArrayList<>(4);
    attributes.add(new Username(remote.ufrag() + ':' + local.ufrag()));
    attributes.add(new Priority(priority));
    attributes.add(
        role == IceRole.CONTROLLING
            ? new IceControlling(tieBreaker)
            : new IceControlled(tieBreaker));
    if (nominate == Nominate.YES) {
      attributes.add(new UseCandidate());
    }
    return new StunWriter(new StunMessage(StunClass.REQUEST, StunMethod.BINDING, id, attributes))
        .withIntegrity(IntegrityKey.shortTerm(remote.pwd()))
        .withFingerprint()
        .toBytes();
  }

  static byte[] success(TransactionId id, InetSocketAddress from, IntegrityKey localKey) {
    return new StunWriter(
            StunMessage.of(StunClass.SUCCESS, StunMethod.BINDING, id, new XorMappedAddress(from)))
        .withIntegrity(localKey)
        .withFingerprint()
        .toBytes();
  }

  static byte[] error(TransactionId id, int code, IntegrityKey localKey) {
    return new StunWriter(
            StunMessage.of(StunClass.ERROR, StunMethod.BINDING, id, ErrorCode.of(code)))
        .withIntegrity(localKey)
        .withFingerprint()
        .toBytes();
  }

  static byte[] unknownAttributes(TransactionId id, List<Integer> types, IntegrityKey localKey) {
    return new StunWriter(
            StunMessage.of(
                StunClass.ERROR,
                StunMethod.BINDING,
                id,
                ErrorCode.of(ErrorCode.UNKNOWN_ATTRIBUTE),
                UnknownAttributes.of(types)))
        .withIntegrity(localKey)
        .withFingerprint()
        .toBytes();
  }

  /** For a check whose sender is not known to have the password: nothing to sign with. */
  static byte[] unauthenticatedError(TransactionId id, int code) {
    return new StunWriter(
            StunMessage.of(StunClass.ERROR, StunMethod.BINDING, id, ErrorCode.of(code)))
        .withFingerprint()
        .toBytes();
  }
}
