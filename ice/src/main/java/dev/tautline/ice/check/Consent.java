package dev.tautline.ice.check;

import dev.tautline.base.Timer;
import java.util.random.RandomGenerator;

/**
 * When consent checks of the pair in use go out, and what their silence means; RFC 7675 section
 * 5.1. One request every interval × 0.8 to 1.2, without repetition; when consent ends is counted by
 * the pair's last response.
 */
final class Consent {
  /** So long a check may take to be answered, at most, before its silence means anything. */
  private static final long LONGEST_ANSWER_NANOS = 1_000_000_000;

  private final long intervalNanos;
  private final long timeoutNanos;
  private final long disconnectedAfterNanos;
  private final RandomGenerator random;

  private long nextCheckNanos = Timer.NOT_RUNNING;
  private long unansweredSinceNanos = Timer.NOT_RUNNING;
  private long lastSignOfLifeNanos;

  Consent(
      long intervalNanos, long timeoutNanos, long disconnectedAfterNanos, RandomGenerator random) {
    this.intervalNanos = intervalNanos;
    this.timeoutNanos = timeoutNanos;
    this.disconnectedAfterNanos = disconnectedAfterNanos;
    this.random = random;
  }

  /** A pair is in use from now on. */
  void start(long nowNanos) {
    nextCheckNanos = nowNanos + randomInterval();
    unansweredSinceNanos = Timer.NOT_RUNNING;
    lastSignOfLifeNanos = nowNanos;
  }

  /** No pair is in use. */
  void stop() {
    nextCheckNanos = Timer.NOT_RUNNING;
    unansweredSinceNanos = Timer.NOT_RUNNING;
  }

  /** Asks at once, for instance as an address went. */
  void checkSoon(long nowNanos) {
    nextCheckNanos = Math.min(nextCheckNanos, nowNanos);
  }

  boolean isCheckDue(long nowNanos) {
    return nowNanos >= nextCheckNanos;
  }

  void checkSent(long nowNanos) {
    nextCheckNanos = nowNanos + randomInterval();
    if (unansweredSinceNanos == Timer.NOT_RUNNING) {
      unansweredSinceNanos = nowNanos;
    }
  }

  /** An authentic response came on the pair in use. */
  void answered(long nowNanos) {
    unansweredSinceNanos = Timer.NOT_RUNNING;
    signOfLife(nowNanos);
  }

  /** Something authentic came: a check, a response, a record. */
  void signOfLife(long nowNanos) {
    lastSignOfLifeNanos = nowNanos;
  }

  /** Whether the pair in use is to be called disconnected. */
  boolean isSilent(long nowNanos) {
    return nowNanos >= silentAtNanos();
  }

  private long silentAtNanos() {
    return unansweredSinceNanos == Timer.NOT_RUNNING
        ? Timer.NOT_RUNNING
        : Math.max(
            unansweredSinceNanos + Math.min(LONGEST_ANSWER_NANOS, disconnectedAfterNanos / 6),
            lastSignOfLifeNanos + disconnectedAfterNanos);
  }

  /** When consent ends that was given at {@code lastResponseNanos}. */
  long expiryNanos(long lastResponseNanos) {
    return lastResponseNanos + timeoutNanos;
  }

  long timeoutNanos() {
    return timeoutNanos;
  }

  /** When there is something to do, apart from the end of consent. */
  long nextDeadlineNanos(boolean silentAlready) {
    return silentAlready ? nextCheckNanos : Math.min(nextCheckNanos, silentAtNanos());
  }

  private long randomInterval() {
    return (long) (intervalNanos * (0.8 + 0.4 * random.nextDouble()));
  }
}
