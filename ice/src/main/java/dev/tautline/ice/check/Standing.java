package dev.tautline.ice.check;

/** What is known of an address that a datagram came from. */
public enum Standing {
  /** No authenticated check came from there: nothing of it is looked at. */
  UNKNOWN,
  /** An authenticated check came, ours has not succeeded yet. */
  AUTHENTICATED,
  /** The pair is valid. */
  VALID
}
