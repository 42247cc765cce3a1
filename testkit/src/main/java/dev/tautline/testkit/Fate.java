package dev.tautline.testkit;

/** What a network did with a packet. */
public enum Fate {
  /** It reached the other end, or is on its way there. */
  DELIVERED,
  /** It reaches the other end with some bytes changed. */
  CORRUPTED,
  /** It reaches the other end twice. */
  DUPLICATED,
  /** It reaches the other end later than packets sent after it. */
  REORDERED,
  /** A rule of the test changed its bytes or its time; it reaches the other end. */
  ALTERED,
  /** Lost by chance, alone. */
  LOST,
  /** Lost by chance, as part of a burst. */
  LOST_IN_BURST,
  /** The queue in front of the bottleneck was full. */
  QUEUE_FULL,
  /** Longer than the path carries; nobody is told, as on a path that filters ICMP. */
  TOO_BIG,
  /** The path was down. */
  OUTAGE,
  /** A rule of the test dropped it. */
  DROPPED_BY_RULE,
  /** Nobody was there to take it. */
  NO_RECEIVER;

  /** Whether the other end gets at least one copy. */
  public boolean arrives() {
    return switch (this) {
      case DELIVERED, CORRUPTED, DUPLICATED, REORDERED, ALTERED -> true;
      case LOST, LOST_IN_BURST, QUEUE_FULL, TOO_BIG, OUTAGE, DROPPED_BY_RULE, NO_RECEIVER -> false;
    };
  }
}
