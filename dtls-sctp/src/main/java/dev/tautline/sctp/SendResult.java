package dev.tautline.sctp;

/** What became of a message given to {@link Association#send}. */
public enum SendResult {
  /** It was copied and will be sent. */
  ACCEPTED,
  /**
   * The send buffer of its stream or of the association is full; see {@code SendSpaceAvailable}.
   */
  BUFFER_FULL,
  /** It is longer than the association could ever hold. */
  TOO_LARGE,
  /** The association is ending or has ended. */
  CLOSED,
  /** The peer does not take that many streams. */
  UNKNOWN_STREAM,
  /** SCTP cannot carry a message without a byte, RFC 9260 section 3.3.1. */
  EMPTY
}
