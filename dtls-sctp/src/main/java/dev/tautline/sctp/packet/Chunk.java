package dev.tautline.sctp.packet;

import dev.tautline.base.WireWriter;

/** One chunk of a packet as a value. DATA and SACK also have forms without an object a chunk. */
public sealed interface Chunk permits ControlChunk, DataChunk, IDataChunk, SackChunk {
  /** Type, flags and length: what each chunk starts with. */
  int HEADER_BYTES = 4;

  /** One of {@link ChunkType}, or an unknown one. */
  int type();

  /** The 8 flag bits. */
  default int flags() {
    return 0;
  }

  /** How many bytes {@link #writeValue} writes. */
  int valueLength();

  /** Writes what follows the chunk header, without padding. */
  void writeValue(WireWriter out);

  /** Header, value and padding in bytes. */
  default int paddedLength() {
    return padded(HEADER_BYTES + valueLength());
  }

  /** Writes header, value and padding. */
  default void write(WireWriter out) {
    int length = HEADER_BYTES + valueLength();
    out.u8(type()).u8(flags()).u16(length);
    writeValue(out);
    // RFC 9260 section 3.2: the length "does not count any chunk padding".
    out.zeros(padded(length) - length);
  }

  /** The next multiple of 4. */
  static int padded(int length) {
    return length + 3 & ~3;
  }
}
