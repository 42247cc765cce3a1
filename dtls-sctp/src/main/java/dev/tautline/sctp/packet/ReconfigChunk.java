package dev.tautline.sctp.packet;

import dev.tautline.base.WireFormatException;
import dev.tautline.base.WireReader;
import dev.tautline.base.WireWriter;
import dev.tautline.sctp.packet.SctpParseException.Reason;
import java.util.ArrayList;
import java.util.List;

/**
 * RE-CONFIG, RFC 6525 section 3.1: one or two requests or responses.
 *
 * @param parameters at most two of the kinds below, in the order of the chunk
 */
public record ReconfigChunk(List<ReconfigParameter> parameters) implements ControlChunk {
  /** Section 3.1: "one or two parameters". */
  private static final int MAX_PARAMETERS = 2;

  /** Copies the list. */
  public ReconfigChunk {
    parameters = List.copyOf(parameters);
  }

  static ReconfigChunk parse(WireReader value) throws WireFormatException {
    var parsed = new ArrayList<ReconfigParameter>(MAX_PARAMETERS);
    for (Parameter parameter : Parameter.parseAll(value)) {
      if (parsed.size() == MAX_PARAMETERS) {
        throw new SctpParseException(Reason.BAD_LENGTH, "RE-CONFIG with more than two parameters");
      }
      parsed.add(ReconfigParameter.parse(parameter));
    }
    if (parsed.isEmpty()) {
      throw new SctpParseException(Reason.MISSING, "RE-CONFIG without a parameter");
    }
    return new ReconfigChunk(parsed);
  }

  @Override
  public int type() {
    return ChunkType.RE_CONFIG;
  }

  @Override
  public int valueLength() {
    return Parameter.lengthOf(asParameters());
  }

  @Override
  public void writeValue(WireWriter out) {
    Parameter.writeAll(asParameters(), out);
  }

  private List<Parameter> asParameters() {
    return parameters.stream().map(ReconfigParameter::toParameter).toList();
  }

  @Override
  public void accept(ControlChunkHandler handler) {
    handler.reconfig(this);
  }
}
