package dev.tautline.stun.codec;

import dev.tautline.stun.IntegrityKey;
import dev.tautline.stun.StunMessage;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.List;

/**
 * A message that was read, and what only its bytes can tell: integrity and fingerprint. Holds a
 * copy of the bytes. A FINGERPRINT that is there was found right, else the message was not read at
 * all.
 */
public final class ReceivedStun {
  /** What verifying an integrity attribute gave. */
  public enum Integrity {
    /** The attribute is not there. */
    ABSENT,
    /** It is there and right. */
    VALID,
    /** It is there and wrong. */
    INVALID
  }

  private static final int NONE = -1;

  private final StunMessage message;
  private final List<Integer> unknownRequired;
  private final byte[] bytes;
  private final int sha1At;
  private final int sha256At;
  private final int sha256Length;
  private final boolean fingerprint;

  ReceivedStun(
      StunMessage message,
      List<Integer> unknownRequired,
      byte[] bytes,
      Offsets offsets,
      boolean fingerprint) {
    this.message = message;
    this.unknownRequired = List.copyOf(unknownRequired);
    this.bytes = bytes;
    this.sha1At = offsets.sha1At;
    this.sha256At = offsets.sha256At;
    this.sha256Length = offsets.sha256Length;
    this.fingerprint = fingerprint;
  }

  /** Where the integrity attributes start in the message; -1 when they are not there. */
  static final class Offsets {
    int sha1At = NONE;
    int sha256At = NONE;
    int sha256Length;
  }

  /** The message. */
  public StunMessage message() {
    return message;
  }

  /** The types of attributes that must be understood (0x0000 to 0x7FFF) and are not known. */
  public List<Integer> unknownRequired() {
    return unknownRequired;
  }

  /** Whether FINGERPRINT is there; if so it is right. */
  public boolean hasFingerprint() {
    return fingerprint;
  }

  /** How long the message is, in bytes. */
  public int length() {
    return bytes.length;
  }

  /** Whether MESSAGE-INTEGRITY or MESSAGE-INTEGRITY-SHA256 is there. */
  public boolean hasIntegrity() {
    return sha1At != NONE || sha256At != NONE;
  }

  /** Verifies MESSAGE-INTEGRITY, in constant time. */
  public Integrity verifyIntegrity(IntegrityKey key) {
    if (sha1At == NONE) {
      return Integrity.ABSENT;
    }
    byte[] mac = StunWriter.integritySha1(bytes, 0, sha1At, key);
    byte[] found = Arrays.copyOfRange(bytes, sha1At + 4, sha1At + 24);
    return MessageDigest.isEqual(mac, found) ? Integrity.VALID : Integrity.INVALID;
  }

  /** Verifies MESSAGE-INTEGRITY-SHA256, which may be truncated, in constant time. */
  public Integrity verifyIntegritySha256(IntegrityKey key) {
    if (sha256At == NONE) {
      return Integrity.ABSENT;
    }
    byte[] mac = StunWriter.integritySha256(bytes, 0, sha256At, sha256Length, key);
    byte[] found = Arrays.copyOfRange(bytes, sha256At + 4, sha256At + 4 + sha256Length);
    byte[] truncated = Arrays.copyOf(mac, sha256Length);
    return MessageDigest.isEqual(truncated, found) ? Integrity.VALID : Integrity.INVALID;
  }

  /** Whether an integrity attribute is there and every one that is there is right. */
  public boolean isAuthentic(IntegrityKey key) {
    Integrity sha256 = verifyIntegritySha256(key);
    Integrity sha1 = verifyIntegrity(key);
    return sha1 != Integrity.INVALID
        && sha256 != Integrity.INVALID
        && (sha1 == Integrity.VALID || sha256 == Integrity.VALID);
  }
}
