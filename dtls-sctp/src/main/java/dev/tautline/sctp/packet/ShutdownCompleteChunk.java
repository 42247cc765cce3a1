package dev.tautline.sctp.packet;

import dev.tautline.base.WireWriter;

/**
 * SHUTDOWN COMPLETE, RFC 9260 section 3.3.13.
 *
 * @param tagBit whose verification tag the packet carries
 */
public record ShutdownCompleteChunk(TagBit tagBit) implements ControlChunk {
  @Override
  public int type() {
    return ChunkType.SHUTDOWN_COMPLETE;
  }

  @Override
  public int flags() {
    return tagBit.flags();
  }

  @Override
  public int valueLength() {
    return 0;
  }

  @Override
  public void writeValue(WireWriter out) {}

  @Override
  public void accept(ControlChunkHandler handler) {
    handler.shutdownComplete(this);
  }
}
