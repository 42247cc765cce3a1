package dev.tautline.stun.turn;

/** Why something was dropped, for counting. */
public enum TurnDrop {
  /** Neither STUN nor channel data, or malformed. */
  MALFORMED,
  /** Channel data of a number that is not bound, or shorter than it says. */
  UNKNOWN_CHANNEL,
  /** A Data indication without peer or data, or of a peer that has no permission. */
  BAD_INDICATION,
  /** A response to no request of ours. */
  UNKNOWN_TRANSACTION,
  /** A response without the integrity it needs. */
  UNAUTHENTICATED,
  /** A challenge that hides what the server's nonce announces: a bid-down. */
  BID_DOWN,
  /** A datagram to a peer that the server refuses, or above the limit of those held. */
  NOT_SENT
}
