package dev.tautline.sctp.packet;

import dev.tautline.base.WireWriter;

/**
 * A chunk of a type that this implementation does not know; it keeps its bytes so that it can be
 * reported.
 *
 * @param type the unknown type; its two high bits say what to do, RFC 9260 section 3.2
 * @param flags the 8 flag bits
 * @param value what follows the chunk header
 */
public record UnknownChunk(int type, int flags, Octets value) implements ControlChunk {
  @Override
  public int valueLength() {
    return value.length();
  }

  @Override
  public void writeValue(WireWriter out) {
    value.writeTo(out);
  }

  @Override
  public void accept(ControlChunkHandler handler) {
    handler.unknown(this);
  }
}
