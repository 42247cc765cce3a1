package dev.tautline.sctp.association;

import dev.tautline.base.Timer;

/** Time that stands still while the association is suspended, so that its timers do. */
final class PauseClock {
  private static final long RUNNING = -1;

  private long pausedNanos;
  private long suspendedAtNanos = RUNNING;

  boolean isSuspended() {
    return suspendedAtNanos != RUNNING;
  }

  void suspend(long nowNanos) {
    if (!isSuspended()) {
      suspendedAtNanos = nowNanos;
    }
  }

  void resume(long nowNanos) {
    if (isSuspended()) {
      pausedNanos += nowNanos - suspendedAtNanos;
      suspendedAtNanos = RUNNING;
    }
  }

  /** The caller's time as the association's. */
  long internal(long nowNanos) {
    return (isSuspended() ? suspendedAtNanos : nowNanos) - pausedNanos;
  }

  /** A deadline of the association as the caller's. */
  long external(long deadlineNanos) {
    return deadlineNanos == Timer.NOT_RUNNING ? deadlineNanos : deadlineNanos + pausedNanos;
  }
}
