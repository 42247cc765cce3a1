package dev.tautline.ice;

/** Where an agent stands; the names and meanings of {@code RTCIceTransportState}. */
public enum IceState {
  /** Not started: the peer's credentials are not known. */
  NEW,
  /** Checks run or are awaited, and no pair works yet. */
  CHECKING,
  /** A pair works and carries data; a better one may still be chosen. */
  CONNECTED,
  /** A pair was nominated. */
  COMPLETED,
  /**
   * Nothing authenticated came over the pair for 6 seconds while a consent check is unanswered, or
   * the address that carried the data vanished; it may come back.
   */
  DISCONNECTED,
  /**
   * No pair was found within the patience time, or the peer's consent to receive ended (RFC 7675).
   * Nothing is sent any more.
   */
  FAILED,
  /** {@link IceAgent#close} was called. */
  CLOSED
}
