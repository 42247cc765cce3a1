package dev.tautline.sctp.packet;

import dev.tautline.base.WireFormatException;
import dev.tautline.base.WireReader;
import dev.tautline.base.WireWriter;
import dev.tautline.sctp.packet.SctpParseException.Reason;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;

/** A request or response of RE-CONFIG, RFC 6525 section 4. Sequence numbers wrap at 32 bit. */
public sealed interface ReconfigParameter {
  /** The parameter with its header. */
  Parameter toParameter();

  /** A request, which gets a response with its number. */
  sealed interface Request extends ReconfigParameter {
    /** The request's sequence number. */
    int requestSequence();
  }

  /**
   * The sender resets its outgoing streams, section 4.1.
   *
   * @param requestSequence this request's number
   * @param responseSequence the number of the incoming-reset request that it answers, or the last
   *     one received
   * @param lastTsn the last TSN that the sender assigned
   * @param streamIds the streams; empty means all
   */
  record OutgoingReset(
      int requestSequence, int responseSequence, int lastTsn, List<Integer> streamIds)
      implements Request {
    /** Copies the list. */
    public OutgoingReset {
      streamIds = List.copyOf(streamIds);
    }

    @Override
    public Parameter toParameter() {
      var out = new WireWriter(12 + 2 * streamIds.size());
      out.u32(requestSequence).u32(responseSequence).u32(lastTsn);
      streamIds.forEach(out::u16);
      return new Parameter(Parameter.OUTGOING_SSN_RESET_REQUEST, Octets.copyOf(out.array()));
    }
  }

  /**
   * The sender asks its peer to reset the peer's outgoing streams, section 4.2.
   *
   * @param requestSequence this request's number
   * @param streamIds the streams; empty means all
   */
  record IncomingReset(int requestSequence, List<Integer> streamIds) implements Request {
    /** Copies the list. */
    public IncomingReset {
      streamIds = List.copyOf(streamIds);
    }

    @Override
    public Parameter toParameter() {
      var out = new WireWriter(4 + 2 * streamIds.size());
      out.u32(requestSequence);
      streamIds.forEach(out::u16);
      return new Parameter(Parameter.INCOMING_SSN_RESET_REQUEST, Octets.copyOf(out.array()));
    }
  }

  /**
   * The sender wants all streams and both TSNs to start anew, section 4.3.
   *
   * @param requestSequence this request's number
   */
  record TsnReset(int requestSequence) implements Request {
    @Override
    public Parameter toParameter() {
      return new Parameter(
          Parameter.SSN_TSN_RESET_REQUEST,
          Octets.copyOf(new WireWriter(4).u32(requestSequence).array()));
    }
  }

  /**
   * The sender wants more streams, sections 4.5 and 4.6.
   *
   * @param direction whose streams
   * @param requestSequence this request's number
   * @param newStreams how many more, 0 to 65535
   */
  record AddStreams(Direction direction, int requestSequence, int newStreams) implements Request {
    /** Whose streams, seen from the sender of the request. */
    public enum Direction {
      /** The sender's own. */
      OUTGOING,
      /** Its peer's. */
      INCOMING
    }

    @Override
    public Parameter toParameter() {
      int type =
          direction == Direction.OUTGOING
              ? Parameter.ADD_OUTGOING_STREAMS_REQUEST
              : Parameter.ADD_INCOMING_STREAMS_REQUEST;
      return new Parameter(
          type,
          Octets.copyOf(new WireWriter(8).u32(requestSequence).u16(newStreams).u16(0).array()));
    }
  }

  /**
   * Answers a request, section 4.4.
   *
   * @param responseSequence the request's number
   * @param result what became of it, see the constants
   * @param senderNextTsn the next TSN of this response's sender, only for a TSN reset
   * @param receiverNextTsn the next TSN of this response's receiver, only for a TSN reset
   */
  record Response(
      int responseSequence, int result, OptionalInt senderNextTsn, OptionalInt receiverNextTsn)
      implements ReconfigParameter {
    /** Nothing to do. */
    public static final int NOTHING_TO_DO = 0;

    /** Performed. */
    public static final int PERFORMED = 1;

    /** The receiver does not want to. */
    public static final int DENIED = 2;

    /** A stream in the request does not exist. */
    public static final int WRONG_SSN = 3;

    /** Another request is being worked on. */
    public static final int REQUEST_ALREADY_IN_PROGRESS = 4;

    /** The request's number is not the next one. */
    public static final int BAD_SEQUENCE_NUMBER = 5;

    /** Ask again: data that was sent before the request is still missing. */
    public static final int IN_PROGRESS = 6;

    /** A response without TSNs. */
    public static Response of(int responseSequence, int result) {
      return new Response(responseSequence, result, OptionalInt.empty(), OptionalInt.empty());
    }

    @Override
    public Parameter toParameter() {
      boolean withTsns = senderNextTsn.isPresent() && receiverNextTsn.isPresent();
      var out = new WireWriter(withTsns ? 16 : 8);
      out.u32(responseSequence).u32(result);
      if (withTsns) {
        out.u32(senderNextTsn.getAsInt()).u32(receiverNextTsn.getAsInt());
      }
      return new Parameter(Parameter.RECONFIG_RESPONSE, Octets.copyOf(out.array()));
    }
  }

  /** Reads the parameter that {@code parameter} holds. */
  static ReconfigParameter parse(Parameter parameter) throws WireFormatException {
    WireReader value = parameter.value().reader();
    return switch (parameter.type()) {
      case Parameter.OUTGOING_SSN_RESET_REQUEST ->
          new OutgoingReset(
              value.u32Bits(), value.u32Bits(), value.u32Bits(), parseStreamIds(value));
      case Parameter.INCOMING_SSN_RESET_REQUEST ->
          new IncomingReset(value.u32Bits(), parseStreamIds(value));
      case Parameter.SSN_TSN_RESET_REQUEST -> new TsnReset(value.u32Bits());
      case Parameter.RECONFIG_RESPONSE -> parseResponse(value);
      case Parameter.ADD_OUTGOING_STREAMS_REQUEST ->
          new AddStreams(AddStreams.Direction.OUTGOING, value.u32Bits(), value.u16());
      case Parameter.ADD_INCOMING_STREAMS_REQUEST ->
          new AddStreams(AddStreams.Direction.INCOMING, value.u32Bits(), value.u16());
      default ->
          throw new SctpParseException(
              Reason.BAD_VALUE, "RE-CONFIG with a parameter of type " + parameter.type());
    };
  }

  private static Response parseResponse(WireReader value) throws WireFormatException {
    int sequence = value.u32Bits();
    int result = value.u32Bits();
    if (value.remaining() == 0) {
      return Response.of(sequence, result);
    }
    return new Response(
        sequence, result, OptionalInt.of(value.u32Bits()), OptionalInt.of(value.u32Bits()));
  }

  private static List<Integer> parseStreamIds(WireReader value) throws WireFormatException {
    if (value.remaining() % 2 != 0) {
      throw new SctpParseException(Reason.BAD_LENGTH, "a reset request ends inside a stream id");
    }
    var streamIds = new ArrayList<Integer>(value.remaining() / 2);
    while (value.remaining() > 0) {
      streamIds.add(value.u16());
    }
    return streamIds;
  }
}
