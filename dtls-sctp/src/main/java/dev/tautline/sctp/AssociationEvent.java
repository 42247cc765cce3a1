package dev.tautline.sctp;

import java.util.List;

/** What happened on an association, in the order in which it happened. */
public sealed interface AssociationEvent {
  /** Who ended an association. */
  enum Origin {
    /** This side. */
    LOCAL,
    /** The other side. */
    PEER
  }

  /** Why an association failed without anybody's will. */
  enum FailureReason {
    /** Nobody answered INIT or COOKIE ECHO. */
    HANDSHAKE_UNANSWERED,
    /** Retransmissions are exhausted, RFC 9260 section 8.1. */
    RETRANSMISSIONS_EXHAUSTED,
    /** Outstanding data got no acknowledgement for the time of the option. */
    NO_ACKNOWLEDGEMENT,
    /** Nobody answered SHUTDOWN or SHUTDOWN ACK. */
    SHUTDOWN_UNANSWERED
  }

  /**
   * Data can flow.
   *
   * @param outgoingStreams how many streams may be sent on, ids from 0
   * @param incomingStreams how many streams the peer may send on
   */
  record Established(int outgoingStreams, int incomingStreams) implements AssociationEvent {}

  /**
   * A whole message came.
   *
   * @param streamId its stream
   * @param ppid its payload protocol identifier
   * @param payload its bytes, owned by the receiver of the event
   */
  @SuppressWarnings("ArrayRecordComponent") // handed over, not shared: a copy per message is saved
  record MessageReceived(int streamId, int ppid, byte[] payload) implements AssociationEvent {}

  /**
   * The peer has reset its outgoing streams: nothing more comes on them until they are used anew.
   *
   * @param streamIds the streams; empty means all
   */
  record IncomingStreamsReset(List<Integer> streamIds) implements AssociationEvent {
    /** Copies the list. */
    public IncomingStreamsReset {
      streamIds = List.copyOf(streamIds);
    }
  }

  /**
   * Our outgoing streams are reset: the peer performed the request.
   *
   * @param streamIds the streams
   */
  record OutgoingStreamsReset(List<Integer> streamIds) implements AssociationEvent {
    /** Copies the list. */
    public OutgoingStreamsReset {
      streamIds = List.copyOf(streamIds);
    }
  }

  /**
   * The peer refused to reset our outgoing streams, or does not know how to.
   *
   * @param streamIds the streams, which go on as before
   * @param detail why, for people
   */
  record StreamsResetFailed(List<Integer> streamIds, String detail) implements AssociationEvent {
    /** Copies the list. */
    public StreamsResetFailed {
      streamIds = List.copyOf(streamIds);
    }
  }

  /**
   * There are more streams than before: the peer asked for them, RFC 6525 sections 5.2.5 and 5.2.6.
   *
   * @param outgoingStreams how many streams may be sent on now, ids from 0
   * @param incomingStreams how many streams the peer may send on now
   */
  record StreamsAdded(int outgoingStreams, int incomingStreams) implements AssociationEvent {}

  /**
   * Fewer bytes wait on a stream than before. Several changes may come as one.
   *
   * @param streamId the stream
   * @param bufferedAmount payload bytes not yet put into a packet for the first time
   */
  record BufferedAmountChanged(int streamId, long bufferedAmount) implements AssociationEvent {}

  /** After a send was refused for want of room, there is room again. */
  record SendSpaceAvailable() implements AssociationEvent {}

  /**
   * The peer began anew in the middle, RFC 9260 section 5.2.4 case A: all that was under way in
   * either direction is lost, the association goes on empty.
   */
  record Restarted() implements AssociationEvent {}

  /**
   * The association was aborted; it is over.
   *
   * @param causeCode the first error cause's code, 0 when there was none
   * @param detail what the cause says, for people
   * @param origin who aborted
   */
  record Aborted(int causeCode, String detail, Origin origin) implements AssociationEvent {}

  /** The association was shut down in good order; it is over. */
  record ShutdownComplete() implements AssociationEvent {}

  /**
   * The association failed; it is over.
   *
   * @param reason why
   * @param detail the same for people, with figures
   */
  record Failed(FailureReason reason, String detail) implements AssociationEvent {}
}
