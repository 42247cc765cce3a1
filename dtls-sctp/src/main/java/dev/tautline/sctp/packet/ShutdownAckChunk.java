package dev.tautline.sctp.packet;

import dev.tautline.base.WireWriter;

/** SHUTDOWN ACK: all data of both sides has arrived, RFC 9260 section 3.3.9. */
public record ShutdownAckChunk() implements ControlChunk {
  @Override
  public int type() {
    return ChunkType.SHUTDOWN_ACK;
  }

  @Override
  public int valueLength() {
    return 0;
  }

  @Override
  public void writeValue(WireWriter out) {}

  @Override
  public void accept(ControlChunkHandler handler) {
    handler.shutdownAck(this);
  }
}
