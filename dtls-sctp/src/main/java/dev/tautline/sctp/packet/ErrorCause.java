package dev.tautline.sctp.packet;

import dev.tautline.base.WireFormatException;
import dev.tautline.base.WireReader;
import dev.tautline.base.WireWriter;
import dev.tautline.sctp.packet.SctpParseException.Reason;
import java.util.ArrayList;
import java.util.List;

/**
 * A cause in ERROR or ABORT, RFC 9260 section 3.3.10.
 *
 * @param code unsigned 16 bit
 * @param info what follows the cause's header, without padding
 */
public record ErrorCause(int code, Octets info) {
  /** DATA on a stream that does not exist. */
  public static final int INVALID_STREAM_IDENTIFIER = 1;

  /** A mandatory parameter is absent. */
  public static final int MISSING_MANDATORY_PARAMETER = 2;

  /** The cookie came too late. */
  public static final int STALE_COOKIE = 3;

  /** The sender has no memory for it. */
  public static final int OUT_OF_RESOURCE = 4;

  /** An address that cannot be used. */
  public static final int UNRESOLVABLE_ADDRESS = 5;

  /** An unknown chunk type. */
  public static final int UNRECOGNIZED_CHUNK_TYPE = 6;

  /** A mandatory parameter holds a forbidden value. */
  public static final int INVALID_MANDATORY_PARAMETER = 7;

  /** Unknown parameters of an INIT ACK. */
  public static final int UNRECOGNIZED_PARAMETERS = 8;

  /** DATA without payload. */
  public static final int NO_USER_DATA = 9;

  /** A COOKIE ECHO came while the association was ending. */
  public static final int COOKIE_RECEIVED_WHILE_SHUTTING_DOWN = 10;

  /** An INIT would have added addresses to the association. */
  public static final int RESTART_WITH_NEW_ADDRESSES = 11;

  /** The upper layer asked for it. */
  public static final int USER_INITIATED_ABORT = 12;

  /** The peer broke the protocol. */
  public static final int PROTOCOL_VIOLATION = 13;

  /** Code and length. */
  public static final int HEADER_BYTES = 4;

  /** A cause whose information is a sentence. */
  public static ErrorCause of(int code, String text) {
    return new ErrorCause(code, Octets.ofUtf8(text));
  }

  /** A cause without information. */
  public static ErrorCause of(int code) {
    return new ErrorCause(code, Octets.EMPTY);
  }

  static List<ErrorCause> parseAll(WireReader reader) throws WireFormatException {
    var causes = new ArrayList<ErrorCause>();
    while (reader.remaining() > 0) {
      int code = reader.u16();
      int length = reader.u16();
      if (length < HEADER_BYTES || length - HEADER_BYTES > reader.remaining()) {
        throw new SctpParseException(
            Reason.BAD_LENGTH, "an error cause of " + length + " bytes does not fit its chunk");
      }
      causes.add(new ErrorCause(code, Octets.remainderOf(reader.slice(length - HEADER_BYTES))));
      reader.skip(Math.min(Chunk.padded(length) - length, reader.remaining()));
    }
    return causes;
  }

  /** How long they are within their chunk: the padding of the last one is the chunk's. */
  static int lengthOf(List<ErrorCause> causes) {
    int length = 0;
    for (ErrorCause cause : causes) {
      length = Chunk.padded(length) + HEADER_BYTES + cause.info.length();
    }
    return length;
  }

  /** Writes them without the padding of the last one. */
  static void writeAll(List<ErrorCause> causes, WireWriter out) {
    int length = 0;
    for (ErrorCause cause : causes) {
      out.zeros(Chunk.padded(length) - length);
      length = HEADER_BYTES + cause.info.length();
      out.u16(cause.code).u16(length);
      cause.info.writeTo(out);
    }
  }
}
