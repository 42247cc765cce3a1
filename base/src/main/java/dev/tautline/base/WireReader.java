package dev.tautline.base;

import java.util.Arrays;
import java.util.Objects;

/**
 * A checked reader over bytes in network order that came from a peer. A read past the end throws
 * {@link WireFormatException}; nothing is allocated before the length was checked.
 *
 * <p>Reads in place: whoever keeps bytes asks for a copy. Thread rule: used by one thread.
 */
public final class WireReader {
  private final byte[] bytes;
  private final int end;
  private int position;

  /**
   * Reads {@code length} bytes of {@code bytes} from {@code offset} on.
   *
   * @throws IndexOutOfBoundsException if the range does not lie within the array
   */
  public WireReader(byte[] bytes, int offset, int length) {
    Objects.checkFromIndexSize(offset, length, bytes.length);
    this.bytes = bytes;
    this.position = offset;
    this.end = offset + length;
  }

  /** Reads the whole array. */
  public WireReader(byte[] bytes) {
    this(bytes, 0, bytes.length);
  }

  /** How many bytes are left. */
  public int remaining() {
    return end - position;
  }

  /** The index in the array of the next byte. */
  public int position() {
    return position;
  }

  /** The array that is read, not a copy. */
  public byte[] array() {
    return bytes;
  }

  /** An unsigned byte, 0 to 255. */
  public int u8() throws WireFormatException {
    need(1);
    return bytes[position++] & 0xff;
  }

  /** An unsigned 16-bit number, 0 to 65535. */
  public int u16() throws WireFormatException {
    need(2);
    int value = u16At(bytes, position);
    position += 2;
    return value;
  }

  /** An unsigned 32-bit number, 0 to 2^32−1. */
  public long u32() throws WireFormatException {
    return u32Bits() & 0xffff_ffffL;
  }

  /** The 32 bits of an unsigned number, for those that wrap and are unwrapped elsewhere. */
  public int u32Bits() throws WireFormatException {
    need(4);
    int value = i32At(bytes, position);
    position += 4;
    return value;
  }

  /** The 64 bits of a number. */
  public long u64Bits() throws WireFormatException {
    long high = u32();
    return high << 32 | u32();
  }

  /** A copy of the next {@code length} bytes. */
  public byte[] copy(int length) throws WireFormatException {
    need(length);
    byte[] copy = Arrays.copyOfRange(bytes, position, position + length);
    position += length;
    return copy;
  }

  /** A copy of all that is left. */
  public byte[] copyRemaining() {
    byte[] copy = Arrays.copyOfRange(bytes, position, end);
    position = end;
    return copy;
  }

  /** A reader of its own over the next {@code length} bytes, which this one steps over. */
  public WireReader slice(int length) throws WireFormatException {
    need(length);
    var slice = new WireReader(bytes, position, length);
    position += length;
    return slice;
  }

  /** Steps over {@code length} bytes. */
  public void skip(int length) throws WireFormatException {
    need(length);
    position += length;
  }

  private void need(int length) throws WireFormatException {
    if (length < 0 || length > end - position) {
      throw new WireFormatException(
          "needs " + length + " bytes where " + (end - position) + " are left");
    }
  }

  /** The unsigned 16-bit number at {@code index}; the caller has checked the range. */
  public static int u16At(byte[] bytes, int index) {
    return (bytes[index] & 0xff) << 8 | (bytes[index + 1] & 0xff);
  }

  /** The 32 bits at {@code index}; the caller has checked the range. */
  public static int i32At(byte[] bytes, int index) {
    return (bytes[index] & 0xff) << 24
        | (bytes[index + 1] & 0xff) << 16
        | (bytes[index + 2] & 0xff) << 8
        | (bytes[index + 3] & 0xff);
  }
}
