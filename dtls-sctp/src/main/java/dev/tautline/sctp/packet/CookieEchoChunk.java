package dev.tautline.sctp.packet;

import dev.tautline.base.WireWriter;

/**
 * COOKIE ECHO: brings the cookie of INIT ACK back, RFC 9260 section 3.3.11.
 *
 * @param cookie as it stood in the INIT ACK, opaque to its bearer
 */
public record CookieEchoChunk(Octets cookie) implements ControlChunk {
  @Override
  public int type() {
    return ChunkType.COOKIE_ECHO;
  }

  @Override
  public int valueLength() {
    return cookie.length();
  }

  @Override
  public void writeValue(WireWriter out) {
    cookie.writeTo(out);
  }

  @Override
  public void accept(ControlChunkHandler handler) {
    handler.cookieEcho(this);
  }
}
