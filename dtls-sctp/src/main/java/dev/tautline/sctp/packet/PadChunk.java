package dev.tautline.sctp.packet;

import dev.tautline.base.WireWriter;

/**
 * PAD: bytes without meaning, RFC 4820 section 3.
 *
 * @param padding ignored by the receiver
 */
public record PadChunk(Octets padding) implements ControlChunk {
  @Override
  public int type() {
    return ChunkType.PAD;
  }

  @Override
  public int valueLength() {
    return padding.length();
  }

  @Override
  public void writeValue(WireWriter out) {
    padding.writeTo(out);
  }

  @Override
  public void accept(ControlChunkHandler handler) {
    handler.pad(this);
  }
}
