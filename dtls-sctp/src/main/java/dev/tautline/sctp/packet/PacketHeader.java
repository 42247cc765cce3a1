package dev.tautline.sctp.packet;

import static dev.tautline.base.WireReader.i32At;
import static dev.tautline.base.WireReader.u16At;
import static dev.tautline.base.WireWriter.putI32;
import static dev.tautline.base.WireWriter.putU16;

import java.util.zip.CRC32C;

/**
 * The common header of a packet, RFC 9260 section 3.1, read and written in place.
 *
 * <pre>{@code
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |      Source Port Number       |    Destination Port Number    |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |                       Verification Tag                        |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |                           Checksum                            |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * }</pre>
 */
public final class PacketHeader {
  /** The header's length. */
  public static final int BYTES = 12;

  private static final int CHECKSUM_OFFSET = 8;

  // One per association: CRC32C is stateful and cheap to reset, not to allocate per packet.
  private final CRC32C crc = new CRC32C();
  private final byte[] zeros = new byte[4];

  /** Reads the source port. */
  public static int sourcePort(byte[] packet, int offset) {
    return u16At(packet, offset);
  }

  /** Reads the destination port. */
  public static int destinationPort(byte[] packet, int offset) {
    return u16At(packet, offset + 2);
  }

  /** Reads the verification tag. */
  public static int verificationTag(byte[] packet, int offset) {
    return i32At(packet, offset + 4);
  }

  /** Whether the checksum field is 0, RFC 9653. */
  public static boolean hasZeroChecksum(byte[] packet, int offset) {
    return i32At(packet, offset + CHECKSUM_OFFSET) == 0;
  }

  /** Writes the header with a checksum of 0. */
  public static void write(
      byte[] packet, int offset, int sourcePort, int destinationPort, int verificationTag) {
    putU16(packet, offset, sourcePort);
    putU16(packet, offset + 2, destinationPort);
    putI32(packet, offset + 4, verificationTag);
    putI32(packet, offset + CHECKSUM_OFFSET, 0);
  }

  /** Computes and writes the checksum of a whole packet. */
  public void seal(byte[] packet, int offset, int length) {
    putI32(packet, offset + CHECKSUM_OFFSET, wireChecksum(packet, offset, length));
  }

  /** Whether the packet's checksum is right. */
  public boolean isSealed(byte[] packet, int offset, int length) {
    return i32At(packet, offset + CHECKSUM_OFFSET) == wireChecksum(packet, offset, length);
  }

  /**
   * CRC32c over the packet with the checksum field taken as 0, in the order of the wire: RFC 9260
   * appendix A writes the least significant byte first.
   */
  private int wireChecksum(byte[] packet, int offset, int length) {
    crc.reset();
    crc.update(packet, offset, CHECKSUM_OFFSET);
    crc.update(zeros, 0, 4);
    crc.update(packet, offset + BYTES, length - BYTES);
    return Integer.reverseBytes((int) crc.getValue());
  }
}
