package dev.tautline.stun.codec;

import dev.tautline.base.WireWriter;
import dev.tautline.stun.IntegrityKey;
import dev.tautline.stun.StunMessage;
import dev.tautline.stun.attribute.MessageIntegrity;
import dev.tautline.stun.attribute.MessageIntegritySha256;
import dev.tautline.stun.attribute.StunAttribute;
import java.util.Arrays;
import java.util.zip.CRC32;
import org.jspecify.annotations.Nullable;

/**
 * Writes a message, with integrity and fingerprint where asked, in the order RFC 8489 section 14
 * wants: the message's attributes, MESSAGE-INTEGRITY, MESSAGE-INTEGRITY-SHA256, FINGERPRINT.
 */
public final class StunWriter {
  private static final int FINGERPRINT_XOR = 0x5354554e;
  private static final int ATTRIBUTE_HEADER = 4;
  private static final int SHA1_LENGTH = 20;
  private static final int FINGERPRINT_LENGTH = 4;

  private final StunMessage message;
  private @Nullable IntegrityKey sha1Key;
  private @Nullable IntegrityKey sha256Key;
  private int sha256Length;
  private boolean fingerprint;

  /** Writes this message. */
  public StunWriter(StunMessage message) {
    this.message = message;
  }

  /** With MESSAGE-INTEGRITY. */
  public StunWriter withIntegrity(IntegrityKey key) {
    sha1Key = key;
    return this;
  }

  /** With MESSAGE-INTEGRITY-SHA256 of 32 bytes. */
  public StunWriter withIntegritySha256(IntegrityKey key) {
    return withIntegritySha256(key, 32);
  }

  /**
   * With MESSAGE-INTEGRITY-SHA256, truncated.
   *
   * @param key the key
   * @param length 16 to 32, a multiple of 4
   */
  public StunWriter withIntegritySha256(IntegrityKey key, int length) {
    if (length < 16 || length > 32 || length % 4 != 0) {
      throw new IllegalArgumentException(
          "MESSAGE-INTEGRITY-SHA256 of " + length + " bytes is not one of 16, 20, 24, 28, 32");
    }
    sha256Key = key;
    sha256Length = length;
    return this;
  }

  /** With FINGERPRINT. */
  public StunWriter withFingerprint() {
    fingerprint = true;
    return this;
  }

  /** The message's bytes. */
  public byte[] toBytes() {
    int length = StunMessage.HEADER_LENGTH;
    for (StunAttribute attribute : message.attributes()) {
      length += ATTRIBUTE_HEADER + padded(attribute.valueLength());
    }
    length += sha1Key == null ? 0 : ATTRIBUTE_HEADER + SHA1_LENGTH;
    length += sha256Key == null ? 0 : ATTRIBUTE_HEADER + sha256Length;
    length += fingerprint ? ATTRIBUTE_HEADER + FINGERPRINT_LENGTH : 0;
    if (length - StunMessage.HEADER_LENGTH > 0xffff) {
      throw new IllegalArgumentException("a message of " + length + " bytes is too long for STUN");
    }
    var out = new WireWriter(length);
    out.u16(StunMessage.typeBits(message.messageClass(), message.method()));
    out.u16(length - StunMessage.HEADER_LENGTH);
    out.u32(StunMessage.MAGIC_COOKIE);
    message.transactionId().write(out);
    for (StunAttribute attribute : message.attributes()) {
      int valueLength = attribute.valueLength();
      out.u16(attribute.type()).u16(valueLength);
      attribute.writeValue(out, message.transactionId());
      out.zeros(padded(valueLength) - valueLength);
    }
    byte[] bytes = out.array();
    if (sha1Key != null) {
      byte[] mac = integritySha1(bytes, 0, out.position(), sha1Key);
      out.u16(MessageIntegrity.TYPE).u16(SHA1_LENGTH).bytes(mac);
    }
    if (sha256Key != null) {
      byte[] mac = integritySha256(bytes, 0, out.position(), sha256Length, sha256Key);
      out.u16(MessageIntegritySha256.TYPE).u16(sha256Length).bytes(mac, 0, sha256Length);
    }
    setLength(bytes, length - StunMessage.HEADER_LENGTH);
    if (fingerprint) {
      int crc = fingerprint(bytes, 0, out.position());
      out.u16(StunParser.FINGERPRINT).u16(FINGERPRINT_LENGTH).u32(crc);
    }
    return bytes;
  }

  /**
   * The MAC over what comes before MESSAGE-INTEGRITY, with the header's length "adjusted to contain
   * the value of the length of the message up to and including the MESSAGE-INTEGRITY attribute"
   * (section 14.5). The buffer's length field is changed on the way and put back.
   */
  static byte[] integritySha1(byte[] bytes, int start, int attribute, IntegrityKey key) {
    int length = attribute + ATTRIBUTE_HEADER + SHA1_LENGTH - start - StunMessage.HEADER_LENGTH;
    byte[] covered = coveredWithLength(bytes, start, attribute, length);
    return key.hmacSha1(covered, 0, covered.length);
  }

  static byte[] integritySha256(
      byte[] bytes, int start, int attribute, int macLength, IntegrityKey key) {
    int length = attribute + ATTRIBUTE_HEADER + macLength - start - StunMessage.HEADER_LENGTH;
    byte[] covered = coveredWithLength(bytes, start, attribute, length);
    return key.hmacSha256(covered, 0, covered.length);
  }

  static int fingerprint(byte[] bytes, int start, int attribute) {
    var crc = new CRC32();
    crc.update(bytes, start, attribute - start);
    return (int) crc.getValue() ^ FINGERPRINT_XOR;
  }

  private static byte[] coveredWithLength(byte[] bytes, int start, int end, int length) {
    byte[] covered = Arrays.copyOfRange(bytes, start, end);
    setLength(covered, length);
    return covered;
  }

  private static void setLength(byte[] bytes, int length) {
    WireWriter.putU16(bytes, 2, length);
  }

  static int padded(int length) {
    return length + 3 & ~3;
  }
}
