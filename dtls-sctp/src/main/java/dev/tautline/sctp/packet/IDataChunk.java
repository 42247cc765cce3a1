package dev.tautline.sctp.packet;

import dev.tautline.base.WireFormatException;
import dev.tautline.base.WireReader;
import dev.tautline.base.WireWriter;

/**
 * I-DATA as a value, RFC 8260 section 2.1.
 *
 * @param flags the I, U, B and E bits of {@link DataFormat}
 * @param tsn unsigned 32 bit, wraps
 * @param streamId unsigned 16 bit
 * @param mid the message identifier; unsigned 32 bit, wraps
 * @param ppidOrFsn the payload protocol identifier when B is set, else the fragment's number
 * @param payload the user's bytes
 */
public record IDataChunk(int flags, int tsn, int streamId, int mid, int ppidOrFsn, Octets payload)
    implements Chunk {
  /** Reads what follows the chunk header. */
  public static IDataChunk parse(int flags, WireReader value) throws WireFormatException {
    int tsn = value.u32Bits();
    int streamId = value.u16();
    value.skip(2);
    return new IDataChunk(
        flags, tsn, streamId, value.u32Bits(), value.u32Bits(), Octets.remainderOf(value));
  }

  @Override
  public int type() {
    return ChunkType.I_DATA;
  }

  @Override
  public int valueLength() {
    return 16 + payload.length();
  }

  @Override
  public void writeValue(WireWriter out) {
    out.u32(tsn).u16(streamId).u16(0).u32(mid).u32(ppidOrFsn);
    payload.writeTo(out);
  }
}
