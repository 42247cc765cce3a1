package dev.tautline.sctp.packet;

import dev.tautline.base.WireFormatException;
import dev.tautline.base.WireReader;
import dev.tautline.base.WireWriter;
import dev.tautline.sctp.packet.SctpParseException.Reason;
import java.util.ArrayList;
import java.util.List;

/**
 * SACK as a value, RFC 9260 section 3.3.4. The association reads SACK with {@link SackView}; tests
 * hold both forms against each other.
 *
 * @param cumulativeTsnAck the last TSN received without a gap before it; unsigned 32 bit, wraps
 * @param aRwnd the receive window in bytes, 0 to 2^32−1
 * @param gapAckBlocks what was received behind gaps
 * @param duplicateTsns TSNs that came more than once since the last SACK
 */
public record SackChunk(
    int cumulativeTsnAck, long aRwnd, List<GapAckBlock> gapAckBlocks, List<Integer> duplicateTsns)
    implements Chunk {
  /**
   * A run of received TSNs.
   *
   * @param start its first TSN as a distance from the cumulative TSN ack, unsigned 16 bit
   * @param end its last TSN, likewise
   */
  public record GapAckBlock(int start, int end) {}

  /** Copies the lists. */
  public SackChunk {
    gapAckBlocks = List.copyOf(gapAckBlocks);
    duplicateTsns = List.copyOf(duplicateTsns);
  }

  /** Reads what follows the chunk header. */
  public static SackChunk parse(WireReader value) throws WireFormatException {
    int cumulativeTsnAck = value.u32Bits();
    long aRwnd = value.u32();
    int blocks = value.u16();
    int duplicates = value.u16();
    // Checked before allocating: the counts are the peer's word.
    if (value.remaining() != 4 * (blocks + duplicates)) {
      throw new SctpParseException(Reason.BAD_LENGTH, "SACK's counts do not fit its length");
    }
    var gapAckBlocks = new ArrayList<GapAckBlock>(blocks);
    for (int i = 0; i < blocks; i++) {
      gapAckBlocks.add(new GapAckBlock(value.u16(), value.u16()));
    }
    var duplicateTsns = new ArrayList<Integer>(duplicates);
    for (int i = 0; i < duplicates; i++) {
      duplicateTsns.add(value.u32Bits());
    }
    return new SackChunk(cumulativeTsnAck, aRwnd, gapAckBlocks, duplicateTsns);
  }

  @Override
  public int type() {
    return ChunkType.SACK;
  }

  @Override
  public int valueLength() {
    return 12 + 4 * gapAckBlocks.size() + 4 * duplicateTsns.size();
  }

  @Override
  public void writeValue(WireWriter out) {
    out.u32(cumulativeTsnAck).u32((int) aRwnd).u16(gapAckBlocks.size()).u16(duplicateTsns.size());
    gapAckBlocks.forEach(block -> out.u16(block.start()).u16(block.end()));
    duplicateTsns.forEach(out::u32);
  }
}
