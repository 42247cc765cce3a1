package dev.tautline.base;

import java.util.Objects;

/**
 * Writes numbers and bytes in network order into an array that the caller gave. Running out of room
 * is a fault of the caller, which knows the length beforehand, and throws {@link
 * IndexOutOfBoundsException}.
 *
 * <p>Thread rule: used by one thread.
 */
public final class WireWriter {
  private final byte[] bytes;
  private final int start;
  private final int limit;
  private int position;

  /**
   * Writes into {@code bytes} from {@code offset} on, up to but not including {@code limit}.
   *
   * @throws IndexOutOfBoundsException if the range does not lie within the array
   */
  public WireWriter(byte[] bytes, int offset, int limit) {
    Objects.checkFromToIndex(offset, limit, bytes.length);
    this.bytes = bytes;
    this.start = offset;
    this.position = offset;
    this.limit = limit;
  }

  /** Writes into an array of its own of exactly {@code length} bytes. */
  public WireWriter(int length) {
    this(new byte[length], 0, length);
  }

  /** The array that is written, not a copy. */
  public byte[] array() {
    return bytes;
  }

  /** The index of the next byte to write. */
  public int position() {
    return position;
  }

  /** How many bytes were written. */
  public int written() {
    return position - start;
  }

  /** How many more bytes fit. */
  public int remaining() {
    return limit - position;
  }

  /** Writes the low 8 bits. */
  public WireWriter u8(int value) {
    room(1);
    bytes[position++] = (byte) value;
    return this;
  }

  /** Writes the low 16 bits. */
  public WireWriter u16(int value) {
    room(2);
    putU16(bytes, position, value);
    position += 2;
    return this;
  }

  /** Writes 32 bits. */
  public WireWriter u32(int value) {
    room(4);
    putI32(bytes, position, value);
    position += 4;
    return this;
  }

  /** Writes 64 bits. */
  public WireWriter u64(long value) {
    return u32((int) (value >>> 32)).u32((int) value);
  }

  /** Writes all of {@code value}. */
  public WireWriter bytes(byte[] value) {
    return bytes(value, 0, value.length);
  }

  /** Writes {@code length} bytes of {@code value} from {@code offset} on. */
  public WireWriter bytes(byte[] value, int offset, int length) {
    room(length);
    System.arraycopy(value, offset, bytes, position, length);
    position += length;
    return this;
  }

  /** Writes {@code count} zero bytes. */
  public WireWriter zeros(int count) {
    room(count);
    for (int i = 0; i < count; i++) {
      bytes[position++] = 0;
    }
    return this;
  }

  private void room(int length) {
    if (length < 0 || length > limit - position) {
      throw new IndexOutOfBoundsException(
          "writing " + length + " bytes where " + (limit - position) + " fit");
    }
  }

  /** Puts the low 16 bits at {@code index}. */
  public static void putU16(byte[] bytes, int index, int value) {
    bytes[index] = (byte) (value >>> 8);
    bytes[index + 1] = (byte) value;
  }

  /** Puts 32 bits at {@code index}. */
  public static void putI32(byte[] bytes, int index, int value) {
    bytes[index] = (byte) (value >>> 24);
    bytes[index + 1] = (byte) (value >>> 16);
    bytes[index + 2] = (byte) (value >>> 8);
    bytes[index + 3] = (byte) value;
  }
}
