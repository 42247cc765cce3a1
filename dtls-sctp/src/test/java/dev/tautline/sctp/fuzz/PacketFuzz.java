package dev.tautline.sctp.fuzz;

import dev.tautline.base.WireReader;
import dev.tautline.sctp.packet.Chunk;
import dev.tautline.sctp.packet.ChunkType;
import dev.tautline.sctp.packet.DataChunk;
import dev.tautline.sctp.packet.DataView;
import dev.tautline.sctp.packet.IDataChunk;
import dev.tautline.sctp.packet.PacketHeader;
import dev.tautline.sctp.packet.SackChunk;
import dev.tautline.sctp.packet.SackView;
import dev.tautline.sctp.packet.SctpParseException;
import org.jspecify.annotations.Nullable;

/**
 * The packet parser: every chunk of a packet, and the forms without objects against the values. The
 * input is a packet.
 */
public final class PacketFuzz {
  private PacketFuzz() {}

  /** Takes one input. */
  public static void fuzzerTestOneInput(byte[] input) {
    Cost.check(input, PacketFuzz::run);
  }

  private static void run(byte[] packet, Cost cost) {
    if (packet.length < PacketHeader.BYTES) {
      return;
    }
    var dataView = new DataView();
    var sackView = new SackView();
    for (int at = PacketHeader.BYTES; packet.length - at >= Chunk.HEADER_BYTES; ) {
      int length = WireReader.u16At(packet, at + 2);
      if (length < Chunk.HEADER_BYTES || length > packet.length - at) {
        return;
      }
      int type = packet[at] & 0xff;
      cost.begin();
      Chunk chunk =
          Parsed.chunk(
              type,
              packet[at + 1] & 0xff,
              packet,
              at + Chunk.HEADER_BYTES,
              length - Chunk.HEADER_BYTES);
      cost.end(length);
      if (chunk != null) {
        Parsed.checkRoundTrip(chunk);
      }
      if (type == ChunkType.DATA || type == ChunkType.I_DATA) {
        checkData(dataView, packet, at, length, chunk);
      } else if (type == ChunkType.SACK) {
        checkSack(sackView, packet, at, length, chunk);
      }
      at += Chunk.padded(length);
    }
  }

  private static void checkData(
      DataView view, byte[] packet, int at, int length, @Nullable Chunk chunk) {
    try {
      view.wrap(packet, at, length);
    } catch (SctpParseException e) {
      require(chunk == null, "only the view refuses DATA");
      return;
    }
    if (chunk instanceof DataChunk data) {
      require(view.tsn() == data.tsn() && view.streamId() == data.streamId(), "TSN or stream");
      require(view.messageId() == data.ssn() && view.ppid() == data.ppid(), "SSN or PPID");
      require(view.payloadLength() == data.payload().length(), "length");
    } else if (chunk instanceof IDataChunk data) {
      require(view.tsn() == data.tsn() && view.streamId() == data.streamId(), "TSN or stream");
      require(view.messageId() == data.mid(), "MID");
      require((view.begins() ? view.ppid() : view.fsn()) == data.ppidOrFsn(), "PPID or FSN");
      require(view.payloadLength() == data.payload().length(), "length");
    } else {
      throw new AssertionError("only the view takes DATA");
    }
  }

  private static void checkSack(
      SackView view, byte[] packet, int at, int length, @Nullable Chunk chunk) {
    try {
      view.wrap(packet, at, length);
    } catch (SctpParseException e) {
      // It also refuses gap ack blocks that contradict each other.
      return;
    }
    if (!(chunk instanceof SackChunk sack)) {
      throw new AssertionError("only the view takes a SACK");
    }
    require(view.cumulativeTsnAck() == sack.cumulativeTsnAck(), "cumulative TSN ack");
    require(view.aRwnd() == sack.aRwnd(), "a_rwnd");
    require(view.gapAckBlocks() == sack.gapAckBlocks().size(), "gap ack blocks");
    require(view.duplicateTsns() == sack.duplicateTsns().size(), "duplicates");
    for (int i = 0; i < view.gapAckBlocks(); i++) {
      SackChunk.GapAckBlock block = sack.gapAckBlocks().get(i);
      require(view.gapStart(i) == block.start() && view.gapEnd(i) == block.end(), "block " + i);
    }
  }

  private static void require(boolean holds, String what) {
    if (!holds) {
      throw new AssertionError("the two forms of a chunk differ: " + what);
    }
  }
}
