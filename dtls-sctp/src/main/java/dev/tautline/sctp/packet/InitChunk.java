package dev.tautline.sctp.packet;

import dev.tautline.base.WireFormatException;
import dev.tautline.base.WireReader;
import dev.tautline.base.WireWriter;

/**
 * INIT, RFC 9260 section 3.3.2. Travels alone, in a packet whose verification tag is 0.
 *
 * @param body all that it holds
 */
public record InitChunk(InitBody body) implements ControlChunk {
  static InitChunk parse(WireReader value) throws WireFormatException {
    return new InitChunk(InitBody.parse(value));
  }

  @Override
  public int type() {
    return ChunkType.INIT;
  }

  @Override
  public int valueLength() {
    return body.length();
  }

  @Override
  public void writeValue(WireWriter out) {
    body.write(out);
  }

  @Override
  public void accept(ControlChunkHandler handler) {
    handler.init(this);
  }
}
