package dev.tautline.sctp.packet;

import dev.tautline.base.WireReader;
import dev.tautline.sctp.packet.SctpParseException.Reason;

/**
 * Reads one SACK in place. One object serves all SACKs of an association: what it says holds until
 * the next {@link #wrap}.
 */
public final class SackView {
  private static final int HEADER_BYTES = 16;

  private byte[] bytes = new byte[0];
  private int blocksOffset;
  private int cumulativeTsnAck;
  private long aRwnd;
  private int gapAckBlocks;
  private int duplicateTsns;

  /**
   * Looks at the chunk that starts at {@code index} and whose length field, checked against the
   * packet, says {@code length}.
   *
   * @throws SctpParseException if the counts do not fit the length, or the gap ack blocks are not
   *     in order and apart from each other
   */
  public void wrap(byte[] packet, int index, int length) throws SctpParseException {
    if (length < HEADER_BYTES) {
      throw new SctpParseException(Reason.BAD_LENGTH, "SACK of " + length + " bytes");
    }
    int blocks = WireReader.u16At(packet, index + 12);
    int duplicates = WireReader.u16At(packet, index + 14);
    if (length - HEADER_BYTES != 4 * (blocks + duplicates)) {
      throw new SctpParseException(Reason.BAD_LENGTH, "SACK's counts do not fit its length");
    }
    int previousEnd = 0;
    for (int i = 0; i < blocks; i++) {
      int at = index + HEADER_BYTES + 4 * i;
      int start = WireReader.u16At(packet, at);
      int end = WireReader.u16At(packet, at + 2);
      // A start of 0 would name the cumulative TSN ack itself.
      if (start <= previousEnd || end < start) {
        throw new SctpParseException(Reason.BAD_VALUE, "gap ack blocks that do not increase");
      }
      previousEnd = end;
    }
    bytes = packet;
    blocksOffset = index + HEADER_BYTES;
    cumulativeTsnAck = WireReader.i32At(packet, index + 4);
    aRwnd = WireReader.i32At(packet, index + 8) & 0xffff_ffffL;
    gapAckBlocks = blocks;
    duplicateTsns = duplicates;
  }

  /** The last TSN received without a gap before it; unsigned 32 bit, wraps. */
  public int cumulativeTsnAck() {
    return cumulativeTsnAck;
  }

  /** The receive window in bytes. */
  public long aRwnd() {
    return aRwnd;
  }

  /** How many gap ack blocks there are. */
  public int gapAckBlocks() {
    return gapAckBlocks;
  }

  /** The first TSN of a block as a distance from the cumulative TSN ack. */
  public int gapStart(int block) {
    return WireReader.u16At(bytes, blocksOffset + 4 * block);
  }

  /** The last TSN of a block as a distance from the cumulative TSN ack. */
  public int gapEnd(int block) {
    return WireReader.u16At(bytes, blocksOffset + 4 * block + 2);
  }

  /** How many duplicate TSNs are listed. */
  public int duplicateTsns() {
    return duplicateTsns;
  }
}
