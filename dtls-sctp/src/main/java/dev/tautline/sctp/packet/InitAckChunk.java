package dev.tautline.sctp.packet;

import dev.tautline.base.WireFormatException;
import dev.tautline.base.WireReader;
import dev.tautline.base.WireWriter;

/**
 * INIT ACK, RFC 9260 section 3.3.3. Travels alone.
 *
 * @param body all that it holds
 */
public record InitAckChunk(InitBody body) implements ControlChunk {
  static InitAckChunk parse(WireReader value) throws WireFormatException {
    return new InitAckChunk(InitBody.parse(value));
  }

  @Override
  public int type() {
    return ChunkType.INIT_ACK;
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
    handler.initAck(this);
  }
}
