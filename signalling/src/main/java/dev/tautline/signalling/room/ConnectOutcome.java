package dev.tautline.signalling.room;

/** How a member's wish to receive events ended. */
public enum ConnectOutcome {
  /** Events will come. */
  CONNECTED,
  /** The member is no longer there. */
  GONE,
  /** The member says it has seen an event that it was never given. */
  NEVER_GIVEN
}
