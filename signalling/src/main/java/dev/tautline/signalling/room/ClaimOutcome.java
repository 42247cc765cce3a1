package dev.tautline.signalling.room;

/** How a claim ended. */
public sealed interface ClaimOutcome {
  /**
   * The caller has a slot.
   *
   * @param ref the new member
   * @param token its secret: 256 random bits, base64url without padding
   */
  record Granted(MemberRef ref, String token) implements ClaimOutcome {
    /** Leaves the token out: this text may be logged. */
    @Override
    public String toString() {
      return "Granted[" + ref + "]";
    }
  }

  /**
   * All slots are taken.
   *
   * @param capacity how many there are
   */
  record RoomFull(int capacity) implements ClaimOutcome {}

  /**
   * There are too many rooms.
   *
   * @param limit how many there may be
   */
  record ServerFull(int limit) implements ClaimOutcome {}

  /**
   * The owner has too many slots.
   *
   * @param limit how many it may have
   */
  record OwnerFull(int limit) implements ClaimOutcome {}
}
