package dev.tautline.sctp.tx;

/**
 * Loss by time instead of by count, RFC 8985 with SCTP's words: TSNs for sequence numbers, gap ack
 * blocks for SACKed segments, duplicate TSNs for DSACK.
 *
 * <p>What was sent before something that is acknowledged, a round trip and a reordering window ago,
 * is lost; be it the first transmission or a later one.
 */
final class Rack {
  private static final int GAP_ACKS_FOR_LOSS = 3;

  /** Section 6.2 step 4: a widened window is kept for so many recoveries. */
  private static final int PERSISTENCE = 16;

  private static final long NONE = -1;

  /** The order of sending of the newest data that is acknowledged. */
  private long newestOrder = NONE;

  private long rttNanos;
  private long minRttNanos = NONE;
  private boolean reorderingSeen;
  private int windowQuarters = 1;
  private int recoveriesUntilNarrow;
  private long widenedUntilTsn = NONE;

  /**
   * A chunk is acknowledged for the first time: steps 1 to 3 of section 6.2. Of those sent once,
   * the newest that a SACK acknowledges stands for all of them.
   *
   * @param overtaken whether something first sent later was acknowledged before
   */
  void acked(OutstandingChunk chunk, long nowNanos, boolean overtaken) {
    long rtt = nowNanos - chunk.sentNanos;
    boolean again = chunk.transmissions > 1;
    if (!again && (minRttNanos == NONE || rtt < minRttNanos)) {
      minRttNanos = rtt;
    }
    // Too early for the last transmission: an earlier one is acknowledged.
    boolean earlier = again && rtt < minRttNanos;
    // The RFC counts only what was sent once; but a first copy that was overtaken, taken for lost
    // and then arrived shows reordering as well, and where each is taken for lost nothing else
    // would.
    reorderingSeen |= overtaken && (!again || earlier);
    if (!earlier && chunk.sendOrder > newestOrder) {
      newestOrder = chunk.sendOrder;
      rttNanos = rtt;
    }
  }

  /** Step 4: the SACK lists duplicates, so something was sent again needlessly. */
  void duplicatesReported(long cumulative, long nextTsn) {
    if (widenedUntilTsn != NONE && cumulative < widenedUntilTsn) {
      return;
    }
    widenedUntilTsn = nextTsn;
    windowQuarters = Math.min(windowQuarters + 1, 1 << 10);
    recoveriesUntilNarrow = PERSISTENCE;
  }

  /** A recovery is over. */
  void recovered() {
    recoveriesUntilNarrow--;
    if (recoveriesUntilNarrow <= 0) {
      windowQuarters = 1;
    }
  }

  /** How late a packet may be without being lost. */
  long reorderingWindowNanos(boolean inRecovery, int gapAcked, long srttNanos) {
    if (!reorderingSeen && (inRecovery || gapAcked >= GAP_ACKS_FOR_LOSS)) {
      return 0;
    }
    return Math.min(windowQuarters * Math.max(0, minRttNanos) / 4, srttNanos);
  }

  /** Whether something that was sent later is acknowledged. */
  boolean isOvertaken(OutstandingChunk chunk) {
    return chunk.sendOrder < newestOrder;
  }

  /** When an overtaken chunk counts as lost. */
  long lostAtNanos(OutstandingChunk chunk, long windowNanos) {
    return chunk.sentNanos + rttNanos + windowNanos;
  }

  /** The shortest round trip seen, 0 before the first. */
  long minRttNanos() {
    return Math.max(0, minRttNanos);
  }

  /** The path is another one. */
  void reset() {
    newestOrder = NONE;
    rttNanos = 0;
    minRttNanos = NONE;
    reorderingSeen = false;
    windowQuarters = 1;
    widenedUntilTsn = NONE;
  }
}
