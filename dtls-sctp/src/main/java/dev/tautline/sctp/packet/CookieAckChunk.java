package dev.tautline.sctp.packet;

import dev.tautline.base.WireWriter;

/** COOKIE ACK: the association is up, RFC 9260 section 3.3.12. */
public record CookieAckChunk() implements ControlChunk {
  @Override
  public int type() {
    return ChunkType.COOKIE_ACK;
  }

  @Override
  public int valueLength() {
    return 0;
  }

  @Override
  public void writeValue(WireWriter out) {}

  @Override
  public void accept(ControlChunkHandler handler) {
    handler.cookieAck(this);
  }
}
