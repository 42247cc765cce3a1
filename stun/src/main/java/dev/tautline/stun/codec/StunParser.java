package dev.tautline.stun.codec;

import dev.tautline.base.WireFormatException;
import dev.tautline.base.WireReader;
import dev.tautline.stun.StunFormatException;
import dev.tautline.stun.StunFormatException.Reason;
import dev.tautline.stun.StunMessage;
import dev.tautline.stun.TransactionId;
import dev.tautline.stun.attribute.MessageIntegrity;
import dev.tautline.stun.attribute.MessageIntegritySha256;
import dev.tautline.stun.attribute.StunAttribute;
import dev.tautline.stun.attribute.StunAttributes;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/** Reads STUN messages, RFC 8489 sections 5 and 14. */
public final class StunParser {
  static final int FINGERPRINT = 0x8028;

  private StunParser() {}

  /**
   * Whether a datagram claims to be STUN: 20 bytes, first two bits zero, the cookie, and a length
   * that is the datagram's.
   */
  public static boolean looksLikeStun(byte[] buffer, int offset, int length) {
    return length >= StunMessage.HEADER_LENGTH
        && (buffer[offset] & 0xc0) == 0
        && WireReader.i32At(buffer, offset + 4) == StunMessage.MAGIC_COOKIE
        && WireReader.u16At(buffer, offset + 2) == length - StunMessage.HEADER_LENGTH;
  }

  /**
   * Reads one datagram.
   *
   * @param buffer holds the datagram; what is kept is copied
   * @param offset where it starts
   * @param length its length in bytes; the message must fill it
   * @throws StunFormatException if it is not a STUN message, or one that is malformed
   */
  public static ReceivedStun parse(byte[] buffer, int offset, int length)
      throws StunFormatException {
    Objects.checkFromIndexSize(offset, length, buffer.length);
    if (length < StunMessage.HEADER_LENGTH
        || (buffer[offset] & 0xc0) != 0
        || WireReader.i32At(buffer, offset + 4) != StunMessage.MAGIC_COOKIE) {
      throw new StunFormatException(Reason.NOT_STUN, "no STUN header");
    }
    int claimed = WireReader.u16At(buffer, offset + 2);
    if (claimed != length - StunMessage.HEADER_LENGTH || claimed % 4 != 0) {
      throw new StunFormatException(
          Reason.BAD_LENGTH,
          "header says " + claimed + " bytes where " + (length - 20) + " follow");
    }
    byte[] bytes = Arrays.copyOfRange(buffer, offset, offset + length);
    try {
      return parse(bytes);
    } catch (StunFormatException e) {
      throw e;
    } catch (WireFormatException e) {
      throw new StunFormatException(Reason.BAD_ATTRIBUTE, "attribute " + e.getMessage());
    }
  }

  private static ReceivedStun parse(byte[] bytes) throws WireFormatException {
    var in = new WireReader(bytes);
    int typeBits = in.u16();
    in.skip(6);
    TransactionId id = TransactionId.read(in);
    List<StunAttribute> attributes = new ArrayList<>();
    List<Integer> unknownRequired = new ArrayList<>();
    var offsets = new ReceivedStun.Offsets();
    boolean fingerprint = false;
    while (in.remaining() > 0) {
      int at = in.position();
      if (fingerprint) {
        throw new StunFormatException(Reason.BAD_FINGERPRINT, "FINGERPRINT is not the last");
      }
      int type = in.u16();
      int valueLength = in.u16();
      WireReader value = in.slice(valueLength);
      in.skip(StunWriter.padded(valueLength) - valueLength);
      if (type == FINGERPRINT) {
        if (valueLength != 4 || value.u32Bits() != StunWriter.fingerprint(bytes, 0, at)) {
          throw new StunFormatException(Reason.BAD_FINGERPRINT, "FINGERPRINT is wrong");
        }
        fingerprint = true;
      } else if (offsets.sha256At < 0) {
        // Behind MESSAGE-INTEGRITY-SHA256 only FINGERPRINT counts (section 14.6), so nothing else
        // is
        // looked at; behind MESSAGE-INTEGRITY only these two do (section 14.5).
        if (type == MessageIntegritySha256.TYPE) {
          if (valueLength < 16 || valueLength > 32 || valueLength % 4 != 0) {
            throw new StunFormatException(
                Reason.BAD_ATTRIBUTE, "MESSAGE-INTEGRITY-SHA256 of " + valueLength + " bytes");
          }
          offsets.sha256At = at;
          offsets.sha256Length = valueLength;
        } else if (offsets.sha1At < 0) {
          parseCovered(type, value, id, offsets, at, attributes, unknownRequired);
        }
      }
    }
    var message =
        new StunMessage(
            StunMessage.classOf(typeBits), StunMessage.methodOf(typeBits), id, attributes);
    return new ReceivedStun(message, unknownRequired, bytes, offsets, fingerprint);
  }

  private static void parseCovered(
      int type,
      WireReader value,
      TransactionId id,
      ReceivedStun.Offsets offsets,
      int at,
      List<StunAttribute> attributes,
      List<Integer> unknownRequired)
      throws WireFormatException {
    if (type == MessageIntegrity.TYPE) {
      if (value.remaining() != 20) {
        throw new StunFormatException(
            Reason.BAD_ATTRIBUTE, "MESSAGE-INTEGRITY of " + value.remaining() + " bytes");
      }
      offsets.sha1At = at;
      return;
    }
    StunAttribute attribute = StunAttributes.parse(type, value, id);
    if (value.remaining() > 0) {
      throw new StunFormatException(Reason.BAD_ATTRIBUTE, "attribute is longer than it may be");
    }
    attributes.add(attribute);
    if (StunAttributes.isUnknown(attribute) && type < 0x8000) {
      unknownRequired.add(type);
    }
  }
}
