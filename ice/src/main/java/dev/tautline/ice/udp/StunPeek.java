package dev.tautline.ice.udp;

import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * What of a STUN message tells whose it is, read without parsing the rest; RFC 8489 sections 5 and
 * 14. Nothing of it is believed: the connection it goes to authenticates the whole message.
 */
public final class StunPeek {
  private static final int HEADER = 20;
  private static final int USERNAME = 0x0006;
  private static final int ALLOCATE = 0x0003;
  private static final int CLASS_BITS = 0x0110;
  private static final int METHOD_BITS = 0x3eef;

  /** The longest ufrag of RFC 8839 section 5.4. */
  private static final int MAX_UFRAG = 256;

  /** A transaction, the 96 bits of its id. */
  record Transaction(long high, int low) {}

  private StunPeek() {}

  /** Whether the header can be one: the two zero bits, the cookie, the length. */
  public static boolean isStun(byte[] buffer, int offset, int length) {
    return length >= HEADER
        && (buffer[offset] & 0xc0) == 0
        && int32(buffer, offset + 4) == 0x2112_a442
        && (int16(buffer, offset + 2) & 3) == 0
        && int16(buffer, offset + 2) == length - HEADER;
  }

  /** Whether it is a request. */
  public static boolean isRequest(byte[] buffer, int offset) {
    return (int16(buffer, offset) & CLASS_BITS) == 0;
  }

  static boolean isIndication(byte[] buffer, int offset) {
    return (int16(buffer, offset) & CLASS_BITS) == 0x0010;
  }

  /** Whether it asks a TURN server for a relayed address. */
  static boolean isAllocate(byte[] buffer, int offset) {
    return (int16(buffer, offset) & METHOD_BITS) == ALLOCATE;
  }

  static Transaction transaction(byte[] buffer, int offset) {
    return new Transaction(
        (long) int32(buffer, offset + 8) << 32 | int32(buffer, offset + 12) & 0xffff_ffffL,
        int32(buffer, offset + 16));
  }

  /** The first half of USERNAME, which is the receiver's ufrag; null when there is none. */
  public static @Nullable String ufrag(byte[] buffer, int offset, int length) {
    int end = offset + length;
    int at = offset + HEADER;
    while (at + 4 <= end) {
      int type = int16(buffer, at);
      int size = int16(buffer, at + 2);
      if (at + 4 + size > end) {
        return null;
      }
      if (type == USERNAME) {
        for (int i = 0; i < Math.min(size, MAX_UFRAG + 1); i++) {
          if (buffer[at + 4 + i] == ':') {
            return new String(buffer, at + 4, i, StandardCharsets.ISO_8859_1);
          }
        }
        return null;
      }
      at += 4 + (size + 3 & ~3);
    }
    return null;
  }

  private static int int16(byte[] buffer, int at) {
    return (buffer[at] & 0xff) << 8 | buffer[at + 1] & 0xff;
  }

  private static int int32(byte[] buffer, int at) {
    return int16(buffer, at) << 16 | int16(buffer, at + 2);
  }
}
