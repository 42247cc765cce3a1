package dev.tautline.sctp.packet;

import dev.tautline.base.WireFormatException;
import dev.tautline.base.WireReader;
import dev.tautline.base.WireWriter;

/**
 * SHUTDOWN, RFC 9260 section 3.3.8.
 *
 * @param cumulativeTsnAck the last TSN received without a gap before it; unsigned 32 bit, wraps
 */
public record ShutdownChunk(int cumulativeTsnAck) implements ControlChunk {
  static ShutdownChunk parse(WireReader value) throws WireFormatException {
    return new ShutdownChunk(value.u32Bits());
  }

  @Override
  public int type() {
    return ChunkType.SHUTDOWN;
  }

  @Override
  public int valueLength() {
    return 4;
  }

  @Override
  public void writeValue(WireWriter out) {
    out.u32(cumulativeTsnAck);
  }

  @Override
  public void accept(ControlChunkHandler handler) {
    handler.shutdown(this);
  }
}
