package dev.tautline.sctp.packet;

import dev.tautline.base.WireWriter;

/** The packet that is being written: where its next chunk goes and how much room is left. */
public final class PacketBuffer {
  private byte[] bytes = new byte[0];
  private int start;
  private int position;
  private int limit;

  /** Begins a packet at {@code offset}, leaving room for its header. */
  public void begin(byte[] out, int offset, int maxBytes) {
    bytes = out;
    start = offset;
    position = offset + PacketHeader.BYTES;
    limit = offset + maxBytes;
  }

  /** From here on there is more room: up to {@code maxBytes} from the packet's begin. */
  public void extendTo(int maxBytes) {
    limit = Math.max(limit, start + maxBytes);
  }

  /** The array that is written. */
  public byte[] bytes() {
    return bytes;
  }

  /** Where the next chunk goes. */
  public int position() {
    return position;
  }

  /** How many more bytes fit. */
  public int room() {
    return limit - position;
  }

  /** How many bytes of chunks fit an empty packet. */
  public int fullRoom() {
    return limit - start - PacketHeader.BYTES;
  }

  /** A chunk of that many bytes was written at {@link #position}. */
  public void advance(int written) {
    position += written;
  }

  /** Writes a chunk; the caller knows that it fits. */
  public void add(Chunk chunk) {
    var out = new WireWriter(bytes, position, limit);
    chunk.write(out);
    position = out.position();
  }

  /** Whether there is no chunk yet. */
  public boolean isEmpty() {
    return position == start + PacketHeader.BYTES;
  }

  /** The packet's length so far, header included. */
  public int length() {
    return position - start;
  }
}
