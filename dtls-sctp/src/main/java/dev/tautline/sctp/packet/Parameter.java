package dev.tautline.sctp.packet;

import dev.tautline.base.WireFormatException;
import dev.tautline.base.WireReader;
import dev.tautline.base.WireWriter;
import dev.tautline.sctp.packet.SctpParseException.Reason;
import java.util.ArrayList;
import java.util.List;

/**
 * A parameter of INIT, INIT ACK or RE-CONFIG: type, length, value, RFC 9260 section 3.2.1.
 *
 * @param type unsigned 16 bit; the two high bits of an unknown one say what to do
 * @param value what follows the parameter's header, without padding
 */
public record Parameter(int type, Octets value) {
  /** Heartbeat information. */
  public static final int HEARTBEAT_INFO = 1;

  /** An IPv4 address of the sender; of no use over DTLS. */
  public static final int IPV4_ADDRESS = 5;

  /** An IPv6 address of the sender; of no use over DTLS. */
  public static final int IPV6_ADDRESS = 6;

  /** The cookie of INIT ACK. */
  public static final int STATE_COOKIE = 7;

  /** A parameter that the peer did not know, in INIT ACK. */
  public static final int UNRECOGNIZED_PARAMETER = 8;

  /** Asks for a longer cookie life. */
  public static final int COOKIE_PRESERVATIVE = 9;

  /** A host name; RFC 9260 forbids it. */
  public static final int HOST_NAME_ADDRESS = 11;

  /** Which kinds of address the sender can use. */
  public static final int SUPPORTED_ADDRESS_TYPES = 12;

  /** RFC 6525 section 4.1. */
  public static final int OUTGOING_SSN_RESET_REQUEST = 13;

  /** RFC 6525 section 4.2. */
  public static final int INCOMING_SSN_RESET_REQUEST = 14;

  /** RFC 6525 section 4.3. */
  public static final int SSN_TSN_RESET_REQUEST = 15;

  /** RFC 6525 section 4.4. */
  public static final int RECONFIG_RESPONSE = 16;

  /** RFC 6525 section 4.5. */
  public static final int ADD_OUTGOING_STREAMS_REQUEST = 17;

  /** RFC 6525 section 4.6. */
  public static final int ADD_INCOMING_STREAMS_REQUEST = 18;

  /** Zero checksum acceptable, RFC 9653 section 4. */
  public static final int ZERO_CHECKSUM_ACCEPTABLE = 0x8001;

  /** The chunk types of extensions that the sender supports, RFC 5061 section 4.2.7. */
  public static final int SUPPORTED_EXTENSIONS = 0x8008;

  /** The sender supports FORWARD-TSN, RFC 3758 section 3.1. */
  public static final int FORWARD_TSN_SUPPORTED = 0xc000;

  private static final int HEADER_BYTES = 4;

  static List<Parameter> parseAll(WireReader reader) throws WireFormatException {
    var parameters = new ArrayList<Parameter>();
    while (reader.remaining() > 0) {
      int type = reader.u16();
      int length = reader.u16();
      if (length < HEADER_BYTES || length - HEADER_BYTES > reader.remaining()) {
        throw new SctpParseException(
            Reason.BAD_LENGTH, "a parameter of " + length + " bytes does not fit its chunk");
      }
      Octets value = Octets.remainderOf(reader.slice(length - HEADER_BYTES));
      parameters.add(new Parameter(type, value));
      // The last parameter's padding belongs to the chunk and may be absent here.
      reader.skip(Math.min(Chunk.padded(length) - length, reader.remaining()));
    }
    return parameters;
  }

  /**
   * How long they are within their chunk. RFC 9260 section 3.2: the chunk length "does include any
   * padding of a variable-length parameter other than the last parameter in the chunk".
   */
  static int lengthOf(List<Parameter> parameters) {
    int length = 0;
    for (Parameter parameter : parameters) {
      length = Chunk.padded(length) + HEADER_BYTES + parameter.value.length();
    }
    return length;
  }

  /** Writes them without the padding of the last one, which is the chunk's. */
  static void writeAll(List<Parameter> parameters, WireWriter out) {
    int length = 0;
    for (Parameter parameter : parameters) {
      out.zeros(Chunk.padded(length) - length);
      parameter.writeUnpadded(out);
      length = HEADER_BYTES + parameter.value.length();
    }
  }

  /** Header, value and padding in bytes. */
  public int paddedLength() {
    return Chunk.padded(HEADER_BYTES + value.length());
  }

  /** Writes header, value and padding. */
  public void write(WireWriter out) {
    writeUnpadded(out);
    int length = HEADER_BYTES + value.length();
    out.zeros(Chunk.padded(length) - length);
  }

  private void writeUnpadded(WireWriter out) {
    out.u16(type).u16(HEADER_BYTES + value.length());
    value.writeTo(out);
  }

  /** The parameter as it stands on the wire, padding included. */
  public Octets toOctets() {
    var out = new WireWriter(paddedLength());
    write(out);
    return Octets.copyOf(out.array());
  }

  /** Whether the parameters behind this one count although it is unknown. */
  public boolean skipsWhenUnknown() {
    return (type & 0x8000) != 0;
  }

  /** Whether this one is reported to its sender when it is unknown. */
  public boolean reportsWhenUnknown() {
    return (type & 0x4000) != 0;
  }
}
