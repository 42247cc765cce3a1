package dev.tautline.sctp.rx;

import dev.tautline.base.Backoff;
import dev.tautline.base.Timer;

/**
 * When a SACK is due, RFC 9260 section 6.2: at once for a gap, a duplicate or the I bit, for every
 * second packet otherwise, and after a delay at the latest. As it is asked for only at the end of a
 * read, packets that came coalesced share one.
 */
final class SackPolicy {
  private static final int PACKETS_PER_SACK = 2;

  private final long delayNanos;
  private final Timer delayed = new Timer(Backoff.none());
  private int packets;
  private boolean due;

  SackPolicy(long delayNanos) {
    this.delayNanos = delayNanos;
  }

  /** Something came that the sender should know at once. */
  void atOnce() {
    due = true;
  }

  /** A packet with DATA came. */
  void packetWithData(long nowNanos) {
    packets++;
    if (packets >= PACKETS_PER_SACK) {
      due = true;
    } else {
      delayed.startIfStopped(nowNanos, delayNanos);
    }
  }

  void advanceTo(long nowNanos) {
    if (delayed.expire(nowNanos)) {
      delayed.stop();
      due = true;
    }
  }

  boolean isDue() {
    return due;
  }

  /** Whether a SACK would come soon anyway, so that one may ride with data that leaves now. */
  boolean isWorthBundling() {
    return due || packets > 0;
  }

  void sent() {
    due = false;
    packets = 0;
    delayed.stop();
  }

  long deadlineNanos() {
    return delayed.deadlineNanos();
  }
}
