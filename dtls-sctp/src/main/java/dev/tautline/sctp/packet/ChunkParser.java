package dev.tautline.sctp.packet;

import dev.tautline.base.WireFormatException;
import dev.tautline.base.WireReader;
import dev.tautline.sctp.packet.SctpParseException.Reason;

/** Reads control chunks; DATA, I-DATA and SACK have {@link DataView} and {@link SackView}. */
public final class ChunkParser {
  private ChunkParser() {}

  /**
   * Reads a chunk.
   *
   * @param type the chunk's type, none of DATA, I-DATA and SACK
   * @param flags its flags
   * @param value what follows its header, without padding
   * @throws WireFormatException if the value is malformed
   */
  public static ControlChunk parse(int type, int flags, WireReader value)
      throws WireFormatException {
    return switch (type) {
      case ChunkType.INIT -> InitChunk.parse(value);
      case ChunkType.INIT_ACK -> InitAckChunk.parse(value);
      case ChunkType.HEARTBEAT -> new HeartbeatChunk(Octets.remainderOf(value));
      case ChunkType.HEARTBEAT_ACK -> new HeartbeatAckChunk(Octets.remainderOf(value));
      case ChunkType.ABORT -> AbortChunk.parse(flags, value);
      case ChunkType.SHUTDOWN -> ShutdownChunk.parse(value);
      case ChunkType.SHUTDOWN_ACK -> new ShutdownAckChunk();
      case ChunkType.ERROR -> ErrorChunk.parse(value);
      case ChunkType.COOKIE_ECHO -> new CookieEchoChunk(Octets.remainderOf(value));
      case ChunkType.COOKIE_ACK -> new CookieAckChunk();
      case ChunkType.SHUTDOWN_COMPLETE -> new ShutdownCompleteChunk(TagBit.of(flags));
      case ChunkType.RE_CONFIG -> ReconfigChunk.parse(value);
      case ChunkType.PAD -> new PadChunk(Octets.EMPTY);
      case ChunkType.FORWARD_TSN -> ForwardTsnChunk.parse(value);
      case ChunkType.I_FORWARD_TSN -> IForwardTsnChunk.parse(value);
      case ChunkType.DATA, ChunkType.I_DATA, ChunkType.SACK ->
          throw new SctpParseException(Reason.BAD_VALUE, "type " + type + " is no control chunk");
      default -> new UnknownChunk(type, flags, Octets.remainderOf(value));
    };
  }
}
