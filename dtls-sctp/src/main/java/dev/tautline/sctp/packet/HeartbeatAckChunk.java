package dev.tautline.sctp.packet;

import dev.tautline.base.WireWriter;

/**
 * HEARTBEAT ACK, RFC 9260 section 3.3.6.
 *
 * @param info what the HEARTBEAT carried
 */
public record HeartbeatAckChunk(Octets info) implements ControlChunk {
  @Override
  public int type() {
    return ChunkType.HEARTBEAT_ACK;
  }

  @Override
  public int valueLength() {
    return info.length();
  }

  @Override
  public void writeValue(WireWriter out) {
    info.writeTo(out);
  }

  @Override
  public void accept(ControlChunkHandler handler) {
    handler.heartbeatAck(this);
  }
}
