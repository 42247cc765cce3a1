package dev.tautline.sctp.fuzz;

import dev.tautline.base.WireFormatException;
import dev.tautline.base.WireReader;
import dev.tautline.base.WireWriter;
import dev.tautline.sctp.packet.Chunk;
import dev.tautline.sctp.packet.ChunkParser;
import dev.tautline.sctp.packet.ChunkType;
import dev.tautline.sctp.packet.DataChunk;
import dev.tautline.sctp.packet.IDataChunk;
import dev.tautline.sctp.packet.SackChunk;
import org.jspecify.annotations.Nullable;

/** Chunks as the fuzz targets read them: parsed, written and parsed again they are the same. */
final class Parsed {
  private Parsed() {}

  /** Reads one chunk; null if it is malformed, which is all that a parser may say. */
  static @Nullable Chunk chunk(int type, int flags, byte[] bytes, int offset, int length) {
    var value = new WireReader(bytes, offset, length);
    try {
      return switch (type) {
        case ChunkType.DATA -> DataChunk.parse(flags, value);
        case ChunkType.I_DATA -> IDataChunk.parse(flags, value);
        case ChunkType.SACK -> SackChunk.parse(value);
        default -> ChunkParser.parse(type, flags, value);
      };
    } catch (WireFormatException e) {
      return null;
    }
  }

  /** Checks that what was written of a chunk is read as the same chunk. */
  static void checkRoundTrip(Chunk chunk) {
    var out = new WireWriter(chunk.paddedLength());
    chunk.write(out);
    byte[] written = out.array();
    int length = WireReader.u16At(written, 2);
    Chunk again =
        chunk(
            written[0] & 0xff,
            written[1] & 0xff,
            written,
            Chunk.HEADER_BYTES,
            length - Chunk.HEADER_BYTES);
    if (!chunk.equals(again)) {
      throw new AssertionError(chunk + " is read back as " + again);
    }
  }
}
