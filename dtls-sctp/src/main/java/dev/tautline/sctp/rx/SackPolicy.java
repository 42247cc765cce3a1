package dev.tautline.sctp.rx;

import dev.tautline.base.Backoff;
import dev.tautline.base.Timer;
import java.time.Duration;

/**
 * When a SACK is due, RFC 9260 section 6.2: at once for a gap, a duplicate or the I bit, for every
 * second packet otherwise, and after a delay at the latest. As it is asked for only at the end of a
 * read, packets that came coalesced share one.
 *
 * <p>One goes again where the peer owes the rest of a message, has nothing to send again, and is
 * silent: dcSCTP (Chromium) forgets what waits on all its streams when a message outlives its time
 * half sent with nothing else under way, until a SACK comes or its user sends anew.
 */
final class SackPolicy {
  private static final int PACKETS_PER_SACK = 2;
  private static final long REMINDER_NANOS = Duration.ofMillis(200).toNanos();
  private static final long LONGEST_REMINDER_NANOS = Duration.ofSeconds(8).toNanos();

  private final long delayNanos;
  private final Timer delayed = new Timer(Backoff.none());
  private final Timer reminder = new Timer(Backoff.doublingTo(LONGEST_REMINDER_NANOS));
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

  /** The peer owes the rest of a message. Each call starts the wait for it anew. */
  void remindLater(long nowNanos) {
    reminder.start(nowNanos, REMINDER_NANOS);
  }

  /** The peer owes nothing any more. */
  void remindNoMore() {
    reminder.stop();
  }

  void advanceTo(long nowNanos) {
    if (delayed.expire(nowNanos)) {
      delayed.stop();
      due = true;
      if (reminder.isRunning()) {
        remindLater(nowNanos);
      }
    }
    due |= reminder.expire(nowNanos);
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
    return Math.min(delayed.deadlineNanos(), reminder.deadlineNanos());
  }
}
