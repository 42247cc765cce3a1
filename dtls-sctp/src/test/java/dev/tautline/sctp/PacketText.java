package dev.tautline.sctp;

import dev.tautline.base.WireFormatException;
import dev.tautline.base.WireReader;
import dev.tautline.sctp.packet.Chunk;
import dev.tautline.sctp.packet.ChunkParser;
import dev.tautline.sctp.packet.ChunkType;
import dev.tautline.sctp.packet.DataChunk;
import dev.tautline.sctp.packet.IDataChunk;
import dev.tautline.sctp.packet.PacketHeader;
import dev.tautline.sctp.packet.SackChunk;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** Packets as values, for assertions and traces. */
@SuppressWarnings("exports") // Public for the tests of other packages; nobody imports a test.
public final class PacketText {
  private PacketText() {}

  /** All chunks of a well-formed packet. */
  public static List<Chunk> chunks(byte[] packet) {
    var chunks = new ArrayList<Chunk>();
    int at = PacketHeader.BYTES;
    try {
      while (packet.length - at >= Chunk.HEADER_BYTES) {
        int type = packet[at] & 0xff;
        int flags = packet[at + 1] & 0xff;
        int length = WireReader.u16At(packet, at + 2);
        var value = new WireReader(packet, at, packet.length - at);
        value.skip(Chunk.HEADER_BYTES);
        var slice = value.slice(length - Chunk.HEADER_BYTES);
        chunks.add(
            switch (type) {
              case ChunkType.DATA -> DataChunk.parse(flags, slice);
              case ChunkType.I_DATA -> IDataChunk.parse(flags, slice);
              case ChunkType.SACK -> SackChunk.parse(slice);
              default -> ChunkParser.parse(type, flags, slice);
            });
        at += Chunk.padded(length);
      }
    } catch (WireFormatException e) {
      throw new AssertionError("a malformed packet was sent", e);
    }
    return chunks;
  }

  /** The chunks of one type. */
  public static <C extends Chunk> List<C> chunks(byte[] packet, Class<C> type) {
    return chunks(packet).stream().filter(type::isInstance).map(type::cast).toList();
  }

  public static boolean has(byte[] packet, Class<? extends Chunk> type) {
    return !chunks(packet, type).isEmpty();
  }

  /** For traces: never throws. */
  public static String describe(byte[] packet) {
    try {
      return chunks(packet).stream().map(PacketText::describe).collect(Collectors.joining(" + "));
    } catch (AssertionError | RuntimeException e) {
      return "malformed";
    }
  }

  private static String describe(Chunk chunk) {
    if (chunk instanceof DataChunk data) {
      return "DATA tsn "
          + Integer.toUnsignedString(data.tsn())
          + " sid "
          + data.streamId()
          + " ssn "
          + data.ssn()
          + " flags "
          + data.flags()
          + " len "
          + data.payload().length();
    }
    if (chunk instanceof IDataChunk data) {
      return "I-DATA tsn "
          + Integer.toUnsignedString(data.tsn())
          + " sid "
          + data.streamId()
          + " mid "
          + data.mid()
          + " fsn or ppid "
          + data.ppidOrFsn()
          + " flags "
          + data.flags()
          + " len "
          + data.payload().length();
    }
    String text = chunk.toString();
    return text.length() > 200 ? text.substring(0, 200) + "…" : text;
  }
}
