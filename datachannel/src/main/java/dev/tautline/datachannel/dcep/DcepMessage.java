package dev.tautline.datachannel.dcep;

import dev.tautline.base.WireFormatException;
import dev.tautline.base.WireReader;
import dev.tautline.base.WireWriter;
import dev.tautline.datachannel.dcep.DcepException.Reason;
import java.nio.charset.StandardCharsets;
import java.util.Objects;

/** A message of the Data Channel Establishment Protocol, RFC 8832 section 5. */
public sealed interface DcepMessage {
  /** Reads one message, which must fill {@code payload} exactly. */
  static DcepMessage parse(byte[] payload) throws DcepException {
    if (payload.length == 0) {
      throw new DcepException(Reason.BAD_LENGTH, "a DCEP message without bytes");
    }
    int type = payload[0] & 0xff;
    switch (type) {
      case Open.TYPE -> {
        return Open.parseBody(payload);
      }
      case Ack.TYPE -> {
        // RFC 8832 section 5.2: the type is all there is. Longer ones are from the future: the
        // first byte says enough, and closing the channel over it would help nobody.
        return Ack.INSTANCE;
      }
      default -> throw new DcepException(Reason.UNKNOWN_MESSAGE, "DCEP message type " + type);
    }
  }

  /** The message as it travels. */
  byte[] toBytes();

  /**
   * DATA_CHANNEL_OPEN, RFC 8832 section 5.1.
   *
   * <pre>{@code
   * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
   * |  Message Type |  Channel Type |            Priority           |
   * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
   * |                    Reliability Parameter                      |
   * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
   * |         Label Length          |       Protocol Length         |
   * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
   * |                  Label, then Protocol (UTF-8)                 |
   * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
   * }</pre>
   *
   * @param channelType order and reliability
   * @param priority unsigned 16 bit; 256 is normal
   * @param reliabilityParameter unsigned 32 bit: retransmissions or milliseconds, 0 and ignored for
   *     reliable channels
   * @param label at most 65535 bytes of UTF-8
   * @param protocol at most 65535 bytes of UTF-8
   */
  record Open(
      ChannelType channelType,
      int priority,
      long reliabilityParameter,
      String label,
      String protocol)
      implements DcepMessage {
    /** The first byte. */
    public static final int TYPE = 0x03;

    private static final int HEADER_BYTES = 12;

    /** The strings' limit is checked when the bytes are made. */
    public Open {
      Objects.requireNonNull(channelType);
      Objects.requireNonNull(label);
      Objects.requireNonNull(protocol);
    }

    private static Open parseBody(byte[] payload) throws DcepException {
      try {
        var reader = new WireReader(payload);
        reader.skip(1);
        int typeCode = reader.u8();
        int priority = reader.u16();
        long reliability = reader.u32();
        int labelLength = reader.u16();
        int protocolLength = reader.u16();
        if (labelLength + protocolLength != reader.remaining()) {
          throw new DcepException(
              Reason.BAD_LENGTH,
              "OPEN announces "
                  + labelLength
                  + " + "
                  + protocolLength
                  + " bytes of strings where "
                  + reader.remaining()
                  + " are left");
        }
        ChannelType channelType = ChannelType.of(typeCode);
        if (channelType == null) {
          throw new DcepException(Reason.UNKNOWN_CHANNEL_TYPE, "channel type " + typeCode);
        }
        String label = new String(reader.copy(labelLength), StandardCharsets.UTF_8);
        String protocol = new String(reader.copy(protocolLength), StandardCharsets.UTF_8);
        return new Open(channelType, priority, reliability, label, protocol);
      } catch (DcepException e) {
        throw e;
      } catch (WireFormatException e) {
        throw new DcepException(
            Reason.BAD_LENGTH, "OPEN of " + payload.length + " bytes is cut off");
      }
    }

    @Override
    public byte[] toBytes() {
      byte[] labelBytes = label.getBytes(StandardCharsets.UTF_8);
      byte[] protocolBytes = protocol.getBytes(StandardCharsets.UTF_8);
      if (labelBytes.length > 0xffff || protocolBytes.length > 0xffff) {
        throw new IllegalArgumentException(
            "label of "
                + labelBytes.length
                + " and protocol of "
                + protocolBytes.length
                + " bytes; each may have 65535");
      }
      return new WireWriter(HEADER_BYTES + labelBytes.length + protocolBytes.length)
          .u8(TYPE)
          .u8(channelType.code())
          .u16(priority)
          .u32((int) reliabilityParameter)
          .u16(labelBytes.length)
          .u16(protocolBytes.length)
          .bytes(labelBytes)
          .bytes(protocolBytes)
          .array();
    }
  }

  /** DATA_CHANNEL_ACK, RFC 8832 section 5.2: one byte. */
  record Ack() implements DcepMessage {
    /** The first byte. */
    public static final int TYPE = 0x02;

    /** The only one there needs to be. */
    public static final Ack INSTANCE = new Ack();

    @Override
    public byte[] toBytes() {
      return new byte[] {TYPE};
    }
  }
}
