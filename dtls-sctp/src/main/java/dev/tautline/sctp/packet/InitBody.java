package dev.tautline.sctp.packet;

import dev.tautline.base.WireFormatException;
import dev.tautline.base.WireReader;
import dev.tautline.base.WireWriter;
import java.util.List;
import java.util.Optional;

/**
 * What INIT and INIT ACK have in common, RFC 9260 sections 3.3.2 and 3.3.3.
 *
 * <pre>{@code
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |                         Initiate Tag                          |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |           Advertised Receiver Window Credit (a_rwnd)          |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |  Number of Outbound Streams   |   Number of Inbound Streams   |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |                          Initial TSN                          |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * }</pre>
 *
 * @param initiateTag the tag that packets to the sender carry from now on
 * @param aRwnd the sender's receive window in bytes, 0 to 2^32−1
 * @param outboundStreams how many streams the sender wants to send on, 0 to 65535
 * @param inboundStreams how many streams the sender can receive on, 0 to 65535
 * @param initialTsn the TSN of the sender's first DATA; unsigned 32 bit, wraps
 * @param parameters the optional parameters, unknown ones included
 */
public record InitBody(
    int initiateTag,
    long aRwnd,
    int outboundStreams,
    int inboundStreams,
    int initialTsn,
    List<Parameter> parameters) {
  private static final int FIXED_BYTES = 16;

  /** Copies the list. */
  public InitBody {
    parameters = List.copyOf(parameters);
  }

  static InitBody parse(WireReader value) throws WireFormatException {
    int initiateTag = value.u32Bits();
    long aRwnd = value.u32();
    int outboundStreams = value.u16();
    int inboundStreams = value.u16();
    int initialTsn = value.u32Bits();
    return new InitBody(
        initiateTag, aRwnd, outboundStreams, inboundStreams, initialTsn, Parameter.parseAll(value));
  }

  int length() {
    return FIXED_BYTES + Parameter.lengthOf(parameters);
  }

  void write(WireWriter out) {
    out.u32(initiateTag).u32((int) aRwnd).u16(outboundStreams).u16(inboundStreams).u32(initialTsn);
    Parameter.writeAll(parameters, out);
  }

  /** The first parameter of that type. */
  public Optional<Parameter> parameter(int type) {
    return parameters.stream().filter(parameter -> parameter.type() == type).findFirst();
  }
}
