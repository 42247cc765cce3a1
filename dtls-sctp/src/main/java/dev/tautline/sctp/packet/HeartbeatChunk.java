package dev.tautline.sctp.packet;

import dev.tautline.base.WireWriter;

/**
 * HEARTBEAT, RFC 9260 section 3.3.5.
 *
 * @param info the whole heartbeat information parameter with its header, which comes back unread
 */
public record HeartbeatChunk(Octets info) implements ControlChunk {
  @Override
  public int type() {
    return ChunkType.HEARTBEAT;
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
    handler.heartbeat(this);
  }
}
