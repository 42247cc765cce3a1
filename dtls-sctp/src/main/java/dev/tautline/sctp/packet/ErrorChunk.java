package dev.tautline.sctp.packet;

import dev.tautline.base.WireFormatException;
import dev.tautline.base.WireReader;
import dev.tautline.base.WireWriter;
import java.util.List;

/**
 * ERROR: reports what does not end the association, RFC 9260 section 3.3.10.
 *
 * @param causes why, in the order of the chunk; may be empty
 */
public record ErrorChunk(List<ErrorCause> causes) implements ControlChunk {
  /** Copies the list. */
  public ErrorChunk {
    causes = List.copyOf(causes);
  }

  static ErrorChunk parse(WireReader value) throws WireFormatException {
    return new ErrorChunk(ErrorCause.parseAll(value));
  }

  @Override
  public int type() {
    return ChunkType.ERROR;
  }

  @Override
  public int valueLength() {
    return ErrorCause.lengthOf(causes);
  }

  @Override
  public void writeValue(WireWriter out) {
    ErrorCause.writeAll(causes, out);
  }

  @Override
  public void accept(ControlChunkHandler handler) {
    handler.error(this);
  }
}
