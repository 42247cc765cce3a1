package dev.tautline.sctp.packet;

import dev.tautline.base.WireReader;
import dev.tautline.sctp.packet.SctpParseException.Reason;

/**
 * Reads one DATA or I-DATA chunk in place. One object serves all chunks of an association: what it
 * says holds until the next {@link #wrap}.
 */
public final class DataView {
  private int flags;
  private int tsn;
  private int streamId;
  private int messageId;
  private int fsn;
  private int ppid;
  private byte[] bytes = new byte[0];
  private int payloadOffset;
  private int payloadLength;

  /**
   * Looks at the chunk that starts at {@code index} and whose length field, checked against the
   * packet, says {@code length}.
   *
   * @throws SctpParseException if the chunk is shorter than its own header
   */
  public void wrap(byte[] packet, int index, int length) throws SctpParseException {
    boolean interleaved = packet[index] == ChunkType.I_DATA;
    int header = interleaved ? DataFormat.I_DATA_HEADER_BYTES : DataFormat.DATA_HEADER_BYTES;
    if (length < header) {
      throw new SctpParseException(Reason.BAD_LENGTH, "DATA of " + length + " bytes");
    }
    bytes = packet;
    flags = packet[index + 1] & 0xff;
    tsn = WireReader.i32At(packet, index + 4);
    streamId = WireReader.u16At(packet, index + 8);
    if (interleaved) {
      messageId = WireReader.i32At(packet, index + 12);
      // RFC 8260 section 2.1: "PPID … if the B bit is set", else the FSN; the first one's FSN is 0.
      int ppidOrFsn = WireReader.i32At(packet, index + 16);
      ppid = begins() ? ppidOrFsn : 0;
      fsn = begins() ? 0 : ppidOrFsn;
    } else {
      messageId = WireReader.u16At(packet, index + 10);
      ppid = WireReader.i32At(packet, index + 12);
      fsn = 0;
    }
    payloadOffset = index + header;
    payloadLength = length - header;
  }

  /** Whether this is the first fragment of its message. */
  public boolean begins() {
    return (flags & DataFormat.B_BIT) != 0;
  }

  /** Whether this is the last fragment of its message. */
  public boolean ends() {
    return (flags & DataFormat.E_BIT) != 0;
  }

  /** Whether the message waits for others of its stream. */
  public Order order() {
    return (flags & DataFormat.U_BIT) == 0 ? Order.ORDERED : Order.UNORDERED;
  }

  /** Whether the sender wants a SACK at once. */
  public boolean wantsSackAtOnce() {
    return (flags & DataFormat.I_BIT) != 0;
  }

  /** Unsigned 32 bit, wraps. */
  public int tsn() {
    return tsn;
  }

  /** Unsigned 16 bit. */
  public int streamId() {
    return streamId;
  }

  /** The SSN of DATA (16 bit), the MID of I-DATA (32 bit); wraps. */
  public int messageId() {
    return messageId;
  }

  /** The fragment's number in I-DATA, from 0; 0 in DATA. */
  public int fsn() {
    return fsn;
  }

  /** The payload protocol identifier; 0 in an I-DATA chunk that does not begin its message. */
  public int ppid() {
    return ppid;
  }

  /** The array that holds the payload. */
  public byte[] bytes() {
    return bytes;
  }

  /** Where the payload starts in {@link #bytes}. */
  public int payloadOffset() {
    return payloadOffset;
  }

  /** The payload's length in bytes; 0 is a fault of the peer. */
  public int payloadLength() {
    return payloadLength;
  }
}
