package dev.tautline.signalling.client;

import java.time.Duration;

/** How long to wait before the next attempt: longer each time, up to 2 s. */
final class Pauses {
  private static final Duration FIRST = Duration.ofMillis(100);
  private static final Duration LONGEST = Duration.ofSeconds(2);

  private Duration next = FIRST;

  Duration next() {
    Duration pause = next;
    Duration twice = pause.multipliedBy(2);
    next = twice.compareTo(LONGEST) < 0 ? twice : LONGEST;
    return pause;
  }

  void reset() {
    next = FIRST;
  }
}
