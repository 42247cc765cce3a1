package dev.tautline.sctp.packet;

import dev.tautline.base.WireFormatException;
import dev.tautline.base.WireReader;
import dev.tautline.base.WireWriter;
import dev.tautline.sctp.packet.SctpParseException.Reason;
import java.util.ArrayList;
import java.util.List;

/**
 * FORWARD-TSN: tells the receiver to stop waiting for abandoned messages, RFC 3758 section 3.2.
 *
 * <pre>{@code
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |   Type = 192  |  Flags = 0x00 |        Length = Variable      |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |                      New Cumulative TSN                       |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |           Stream-N            |       Stream Sequence-N       |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * }</pre>
 *
 * @param newCumulativeTsn the TSN up to which the sender no longer retransmits; unsigned 32 bit,
 *     wraps
 * @param skippedStreams the ordered streams that lost a message, at most one entry a stream
 */
public record ForwardTsnChunk(int newCumulativeTsn, List<SkippedStream> skippedStreams)
    implements ControlChunk {
  /**
   * The last SSN skipped on one ordered stream; both are unsigned 16 bit.
   *
   * @param streamId the stream
   * @param ssn the last stream sequence number skipped on it
   */
  public record SkippedStream(int streamId, int ssn) {}

  /** Copies the list. */
  public ForwardTsnChunk {
    skippedStreams = List.copyOf(skippedStreams);
  }

  static ForwardTsnChunk parse(WireReader value) throws WireFormatException {
    int newCumulativeTsn = value.u32Bits();
    // There is no count field: the rest must be whole entries. Checked before allocating.
    if (value.remaining() % 4 != 0) {
      throw new SctpParseException(Reason.BAD_LENGTH, "FORWARD-TSN ends inside an entry");
    }
    var skipped = new ArrayList<SkippedStream>(value.remaining() / 4);
    while (value.remaining() > 0) {
      skipped.add(new SkippedStream(value.u16(), value.u16()));
    }
    return new ForwardTsnChunk(newCumulativeTsn, skipped);
  }

  @Override
  public int type() {
    return ChunkType.FORWARD_TSN;
  }

  @Override
  public int valueLength() {
    return 4 + 4 * skippedStreams.size();
  }

  @Override
  public void writeValue(WireWriter out) {
    out.u32(newCumulativeTsn);
    for (SkippedStream s : skippedStreams) {
      out.u16(s.streamId()).u16(s.ssn());
    }
  }

  @Override
  public void accept(ControlChunkHandler handler) {
    handler.forwardTsn(this);
  }
}
