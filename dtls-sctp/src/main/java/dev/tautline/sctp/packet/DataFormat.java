package dev.tautline.sctp.packet;

import static dev.tautline.base.WireWriter.putI32;
import static dev.tautline.base.WireWriter.putU16;

/** Writes DATA (RFC 9260 section 3.3.1) and I-DATA (RFC 8260 section 2.1) without an object. */
public final class DataFormat {
  /** Last fragment of its message. */
  public static final int E_BIT = 0x01;

  /** First fragment of its message. */
  public static final int B_BIT = 0x02;

  /** Unordered. */
  public static final int U_BIT = 0x04;

  /** The receiver should acknowledge at once, RFC 9260 section 3.3.1. */
  public static final int I_BIT = 0x08;

  /** Bytes before the payload of a DATA chunk. */
  public static final int DATA_HEADER_BYTES = 16;

  /** Bytes before the payload of an I-DATA chunk. */
  public static final int I_DATA_HEADER_BYTES = 20;

  private DataFormat() {}

  /** Writes a DATA chunk's header and returns its length; the payload goes behind it. */
  public static int writeDataHeader(
      byte[] out,
      int index,
      int flags,
      int payloadLength,
      int tsn,
      int streamId,
      int ssn,
      int ppid) {
    out[index] = (byte) ChunkType.DATA;
    out[index + 1] = (byte) flags;
    putU16(out, index + 2, DATA_HEADER_BYTES + payloadLength);
    putI32(out, index + 4, tsn);
    putU16(out, index + 8, streamId);
    putU16(out, index + 10, ssn);
    putI32(out, index + 12, ppid);
    return DATA_HEADER_BYTES;
  }

  /** Writes an I-DATA chunk's header and returns its length; the payload goes behind it. */
  public static int writeIDataHeader(
      byte[] out,
      int index,
      int flags,
      int payloadLength,
      int tsn,
      int streamId,
      int mid,
      int ppidOrFsn) {
    out[index] = (byte) ChunkType.I_DATA;
    out[index + 1] = (byte) flags;
    putU16(out, index + 2, I_DATA_HEADER_BYTES + payloadLength);
    putI32(out, index + 4, tsn);
    putU16(out, index + 8, streamId);
    putU16(out, index + 10, 0);
    putI32(out, index + 12, mid);
    putI32(out, index + 16, ppidOrFsn);
    return I_DATA_HEADER_BYTES;
  }

  /** Writes a payload with its padding and returns the length of both. */
  public static int writePayload(byte[] out, int index, byte[] payload, int offset, int length) {
    System.arraycopy(payload, offset, out, index, length);
    int padded = Chunk.padded(length);
    for (int i = length; i < padded; i++) {
      out[index + i] = 0;
    }
    return padded;
  }
}
