package dev.tautline.signalling.protocol;

/**
 * The answer to a successful claim.
 *
 * @param version the protocol's version
 * @param room the room's name
 * @param incarnation which life of the room
 * @param capacity how many slots the room has
 * @param slot the claimed slot
 * @param member the new member's number
 * @param token the member's secret
 * @param expiresMillis how long the slot lives without a sign of life, in milliseconds
 */
public record ClaimGranted(
    int version,
    RoomName room,
    long incarnation,
    int capacity,
    Slot slot,
    long member,
    String token,
    long expiresMillis) {
  /** Leaves the token out: this text may be logged. */
  @Override
  public String toString() {
    return "ClaimGranted[room="
        + room
        + ", incarnation="
        + incarnation
        + ", slot="
        + slot
        + ", member="
        + member
        + "]";
  }
}
