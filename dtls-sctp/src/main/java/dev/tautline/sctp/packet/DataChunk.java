package dev.tautline.sctp.packet;

import dev.tautline.base.WireFormatException;
import dev.tautline.base.WireReader;
import dev.tautline.base.WireWriter;

/**
 * DATA as a value, RFC 9260 section 3.3.1. The association reads and writes DATA with {@link
 * DataView} and {@link DataFormat}; tests hold both forms against each other.
 *
 * <pre>{@code
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |   Type = 0    |  Res  |I|U|B|E|            Length             |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |                              TSN                              |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |       Stream Identifier       |    Stream Sequence Number     |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |                  Payload Protocol Identifier                  |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * }</pre>
 *
 * @param flags the I, U, B and E bits of {@link DataFormat}
 * @param tsn unsigned 32 bit, wraps
 * @param streamId unsigned 16 bit
 * @param ssn unsigned 16 bit, wraps; without meaning when U is set
 * @param ppid the payload protocol identifier, 32 bit
 * @param payload the user's bytes
 */
public record DataChunk(int flags, int tsn, int streamId, int ssn, int ppid, Octets payload)
    implements Chunk {
  /** Reads what follows the chunk header. */
  public static DataChunk parse(int flags, WireReader value) throws WireFormatException {
    return new DataChunk(
        flags,
        value.u32Bits(),
        value.u16(),
        value.u16(),
        value.u32Bits(),
        Octets.remainderOf(value));
  }

  @Override
  public int type() {
    return ChunkType.DATA;
  }

  @Override
  public int valueLength() {
    return 12 + payload.length();
  }

  @Override
  public void writeValue(WireWriter out) {
    out.u32(tsn).u16(streamId).u16(ssn).u32(ppid);
    payload.writeTo(out);
  }
}
