package dev.tautline.sctp.packet;

import dev.tautline.base.WireFormatException;
import dev.tautline.base.WireReader;
import dev.tautline.base.WireWriter;
import java.util.List;

/**
 * ABORT: ends the association at once, RFC 9260 section 3.3.7.
 *
 * @param tagBit whose verification tag the packet carries
 * @param causes why, in the order of the chunk; may be empty
 */
public record AbortChunk(TagBit tagBit, List<ErrorCause> causes) implements ControlChunk {
  /** Copies the list. */
  public AbortChunk {
    causes = List.copyOf(causes);
  }

  static AbortChunk parse(int flags, WireReader value) throws WireFormatException {
    return new AbortChunk(TagBit.of(flags), ErrorCause.parseAll(value));
  }

  @Override
  public int type() {
    return ChunkType.ABORT;
  }

  @Override
  public int flags() {
    return tagBit.flags();
  }

  @Override
  public int valueLength() {
    return ErrorCause.lengthOf(causes);
  }

  @Override
  public void writeValue(WireWriter out) {
    ErrorCause.writeAll(causes, out);
  }

  @Override
  public void accept(ControlChunkHandler handler) {
    handler.abort(this);
  }
}
