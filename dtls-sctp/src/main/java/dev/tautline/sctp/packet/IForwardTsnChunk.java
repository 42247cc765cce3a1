package dev.tautline.sctp.packet;

import dev.tautline.base.WireFormatException;
import dev.tautline.base.WireReader;
import dev.tautline.base.WireWriter;
import dev.tautline.sctp.packet.SctpParseException.Reason;
import java.util.ArrayList;
import java.util.List;

/**
 * I-FORWARD-TSN: FORWARD-TSN for I-DATA, RFC 8260 section 2.3.1.
 *
 * @param newCumulativeTsn the TSN up to which the sender no longer retransmits; unsigned 32 bit,
 *     wraps
 * @param skippedStreams the streams that lost a message, at most one entry a stream and order
 */
public record IForwardTsnChunk(int newCumulativeTsn, List<SkippedStream> skippedStreams)
    implements ControlChunk {
  /**
   * The last message skipped on one stream.
   *
   * @param streamId unsigned 16 bit
   * @param order which of the stream's two sequences of messages
   * @param mid the message identifier; unsigned 32 bit, wraps
   */
  public record SkippedStream(int streamId, Order order, int mid) {}

  /** Copies the list. */
  public IForwardTsnChunk {
    skippedStreams = List.copyOf(skippedStreams);
  }

  static IForwardTsnChunk parse(WireReader value) throws WireFormatException {
    int newCumulativeTsn = value.u32Bits();
    if (value.remaining() % 8 != 0) {
      throw new SctpParseException(Reason.BAD_LENGTH, "I-FORWARD-TSN ends inside an entry");
    }
    var skipped = new ArrayList<SkippedStream>(value.remaining() / 8);
    while (value.remaining() > 0) {
      int streamId = value.u16();
      Order order = (value.u16() & 1) == 0 ? Order.ORDERED : Order.UNORDERED;
      skipped.add(new SkippedStream(streamId, order, value.u32Bits()));
    }
    return new IForwardTsnChunk(newCumulativeTsn, skipped);
  }

  @Override
  public int type() {
    return ChunkType.I_FORWARD_TSN;
  }

  @Override
  public int valueLength() {
    return 4 + 8 * skippedStreams.size();
  }

  @Override
  public void writeValue(WireWriter out) {
    out.u32(newCumulativeTsn);
    for (SkippedStream s : skippedStreams) {
      out.u16(s.streamId()).u16(s.order() == Order.UNORDERED ? 1 : 0).u32(s.mid());
    }
  }

  @Override
  public void accept(ControlChunkHandler handler) {
    handler.iForwardTsn(this);
  }
}
