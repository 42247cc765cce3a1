package dev.tautline.sctp.packet;

import dev.tautline.base.WireReader;
import dev.tautline.base.WireWriter;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Objects;

/** An immutable string of bytes with value equality, for the parts of control chunks. */
public final class Octets {
  /** No bytes. */
  public static final Octets EMPTY = new Octets(new byte[0]);

  private final byte[] bytes;

  private Octets(byte[] bytes) {
    this.bytes = bytes;
  }

  /** A copy of all of {@code bytes}. */
  public static Octets copyOf(byte[] bytes) {
    return new Octets(bytes.clone());
  }

  /** A copy of {@code length} bytes from {@code offset} on. */
  public static Octets copyOf(byte[] bytes, int offset, int length) {
    Objects.checkFromIndexSize(offset, length, bytes.length);
    return new Octets(Arrays.copyOfRange(bytes, offset, offset + length));
  }

  /** The text in UTF-8. */
  public static Octets ofUtf8(String text) {
    return new Octets(text.getBytes(StandardCharsets.UTF_8));
  }

  /** Takes all that {@code reader} has left. */
  public static Octets remainderOf(WireReader reader) {
    return new Octets(reader.copyRemaining());
  }

  /** How many bytes. */
  public int length() {
    return bytes.length;
  }

  /** A copy of the bytes. */
  public byte[] toByteArray() {
    return bytes.clone();
  }

  /** A checked reader over the bytes. */
  public WireReader reader() {
    return new WireReader(bytes);
  }

  /** The first {@code length} bytes, or all when there are fewer. */
  public Octets truncatedTo(int length) {
    return length >= bytes.length ? this : copyOf(bytes, 0, length);
  }

  /** The bytes as UTF-8; malformed ones are replaced. */
  public String toUtf8() {
    return new String(bytes, StandardCharsets.UTF_8);
  }

  /** Writes all bytes. */
  public void writeTo(WireWriter out) {
    out.bytes(bytes);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Octets that && Arrays.equals(bytes, that.bytes);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(bytes);
  }

  @Override
  public String toString() {
    return HexFormat.of().formatHex(bytes);
  }
}
