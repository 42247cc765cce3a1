package dev.tautline.dtls.record;

import dev.tautline.base.WireReader;
import dev.tautline.base.WireWriter;

/**
 * The record header of DTLS 1.2, RFC 6347 section 4.1, read and written in place.
 *
 * <pre>{@code
 * type (8) | version (16) | epoch (16) | sequence number (48) | length (16)
 * }</pre>
 *
 * <p>Epoch and sequence number together are the 64-bit record number that goes into nonces.
 */
public final class RecordHeader {
  /** Its length in bytes. */
  public static final int LENGTH = 13;

  /** The longest plaintext of a record, RFC 5246 section 6.2.1. */
  public static final int MAX_PLAINTEXT_BYTES = 1 << 14;

  /** Content type change_cipher_spec. */
  public static final int CHANGE_CIPHER_SPEC = 20;

  /** Content type alert. */
  public static final int ALERT = 21;

  /** Content type handshake. */
  public static final int HANDSHAKE = 22;

  /** Content type application_data. */
  public static final int APPLICATION_DATA = 23;

  /** The version of DTLS 1.2 on the wire. */
  public static final int VERSION_1_2 = 0xfefd;

  /** The version of DTLS 1.0 on the wire: that of the record of a ClientHello. */
  public static final int VERSION_1_0 = 0xfeff;

  private RecordHeader() {}

  /** The content type of the record at {@code offset}. */
  public static int type(byte[] bytes, int offset) {
    return bytes[offset] & 0xff;
  }

  /** The version of the record at {@code offset}. */
  public static int version(byte[] bytes, int offset) {
    return WireReader.u16At(bytes, offset + 1);
  }

  /** The epoch of the record at {@code offset}. */
  public static int epoch(byte[] bytes, int offset) {
    return WireReader.u16At(bytes, offset + 3);
  }

  /** Epoch and sequence number of the record at {@code offset}. */
  public static long number(byte[] bytes, int offset) {
    long high = WireReader.i32At(bytes, offset + 3) & 0xffff_ffffL;
    return high << 32 | WireReader.i32At(bytes, offset + 7) & 0xffff_ffffL;
  }

  /** How long the fragment behind the header is. */
  public static int fragmentLength(byte[] bytes, int offset) {
    return WireReader.u16At(bytes, offset + 11);
  }

  /** Writes a header of DTLS 1.2. */
  public static void write(byte[] bytes, int offset, int type, long number, int fragmentLength) {
    bytes[offset] = (byte) type;
    WireWriter.putU16(bytes, offset + 1, VERSION_1_2);
    WireWriter.putI32(bytes, offset + 3, (int) (number >>> 32));
    WireWriter.putI32(bytes, offset + 7, (int) number);
    WireWriter.putU16(bytes, offset + 11, fragmentLength);
  }

  /** Replaces the version in the header at {@code offset}. */
  public static void putVersion(byte[] bytes, int offset, int version) {
    WireWriter.putU16(bytes, offset + 1, version);
  }

  /** A whole record in an array of its own. */
  public static byte[] record(int type, long number, byte[] fragment) {
    byte[] record = new byte[LENGTH + fragment.length];
    write(record, 0, type, number, fragment.length);
    System.arraycopy(fragment, 0, record, LENGTH, fragment.length);
    return record;
  }
}
