package dev.tautline.sctp.tx;

import dev.tautline.base.Timer;

/**
 * Lets packets go in bursts that one send call of the system can carry, with gaps between them so
 * that a peer's receive buffer is not overrun.
 *
 * <p>A burst has 16 packets at first, doubles with each round trip without loss, is halved when the
 * tail of a burst is lost and starts anew after idleness. Gaps shorter than 1 ms are not waited
 * for.
 */
final class BurstPacer {
  static final int INITIAL_PACKETS = 16;
  static final int MIN_PACKETS = 4;

  /** What one segmented send of Linux takes. */
  static final int MAX_PACKETS = 64;

  private static final long SHORTEST_GAP_NANOS = 1_000_000;

  private int burst = INITIAL_PACKETS;
  private int leftInBurst = INITIAL_PACKETS;

  /** When all that was sent would have left at the paced rate. */
  private long releaseNanos;

  private long growAfterNanos = Timer.NOT_RUNNING;

  /** Whether a packet with data may leave now. */
  boolean mayStart(long nowNanos) {
    return leftInBurst > 0 || releaseNanos - nowNanos < SHORTEST_GAP_NANOS;
  }

  /** When the next burst may start. */
  long releaseNanos() {
    return releaseNanos;
  }

  /** A packet with data left. */
  void sent(long nowNanos, int bytes, double bytesPerSecond) {
    if (releaseNanos - nowNanos < SHORTEST_GAP_NANOS && leftInBurst <= 0) {
      leftInBurst = burst;
    }
    leftInBurst--;
    if (bytesPerSecond > 0) {
      releaseNanos = Math.max(releaseNanos, nowNanos) + (long) (bytes * 1e9 / bytesPerSecond);
    }
  }

  /** A SACK came that reported no loss. */
  void acknowledged(long nowNanos, long srttNanos) {
    if (growAfterNanos == Timer.NOT_RUNNING) {
      growAfterNanos = nowNanos + srttNanos;
    } else if (nowNanos >= growAfterNanos) {
      burst = Math.min(burst * 2, MAX_PACKETS);
      growAfterNanos = nowNanos + srttNanos;
    }
  }

  /** Packets were lost that left one after the other, or all of them. */
  void lost(long nowNanos, long srttNanos) {
    burst = Math.max(burst / 2, MIN_PACKETS);
    leftInBurst = Math.min(leftInBurst, burst);
    growAfterNanos = nowNanos + srttNanos;
  }

  /** The path was idle or is another one. */
  void reset(long nowNanos) {
    burst = INITIAL_PACKETS;
    leftInBurst = burst;
    releaseNanos = nowNanos;
    growAfterNanos = Timer.NOT_RUNNING;
  }

  int burstPackets() {
    return burst;
  }
}
