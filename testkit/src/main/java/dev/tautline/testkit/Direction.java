package dev.tautline.testkit;

/** Which way a packet goes between the two ends of a path. */
public enum Direction {
  /** From the end that was attached first ("a") to the other ("z"). */
  FORWARD,
  /** From the end that was attached second ("z") to the first ("a"). */
  BACKWARD;

  /** The other way. */
  public Direction opposite() {
    return this == FORWARD ? BACKWARD : FORWARD;
  }
}
