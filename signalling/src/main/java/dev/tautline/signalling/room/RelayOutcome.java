package dev.tautline.signalling.room;

import dev.tautline.signalling.protocol.Problem;

/** How a message for another member ended. */
public sealed interface RelayOutcome {
  /**
   * It waits in the receiver's mailbox, or was taken before.
   *
   * @param highestId the highest id taken from the sender
   */
  record Accepted(long highestId) implements RelayOutcome {}

  /**
   * It is dropped for good.
   *
   * @param problem why
   */
  record Refused(Problem problem) implements RelayOutcome {}

  /** The sender is no longer there. */
  record SenderGone() implements RelayOutcome {}
}
