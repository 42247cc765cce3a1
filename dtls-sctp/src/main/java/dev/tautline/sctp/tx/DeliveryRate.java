package dev.tautline.sctp.tx;

/**
 * Measures how fast the path delivers: with each chunk goes what was delivered when it was sent,
 * and its acknowledgement gives the difference over the longer of the times that sending and
 * acknowledging took, so that neither a burst nor SACKs that come compressed inflate the rate.
 */
final class DeliveryRate {
  private long delivered;
  private long deliveredNanos;

  /** When the first chunk of the flight that is measured now was sent. */
  private long firstSentNanos;

  /** Until so much is delivered, samples show the application's rate. */
  private long limitedUntilDelivered;

  // The newest of the chunks that the present SACK acknowledges.
  private long newestOrder;
  private long priorDelivered;
  private long priorDeliveredNanos;
  private long sendElapsedNanos;
  private boolean priorLimited;

  /** A chunk leaves, and {@code flightBytes} were in flight before it. */
  void sent(OutstandingChunk chunk, long nowNanos, long flightBytes) {
    if (flightBytes == 0) {
      firstSentNanos = nowNanos;
      deliveredNanos = nowNanos;
    }
    chunk.deliveredBefore = delivered;
    chunk.deliveredBeforeNanos = deliveredNanos;
    chunk.flightStartedNanos = firstSentNanos;
    chunk.applicationLimited = delivered < limitedUntilDelivered;
  }

  /** Nothing waits although more could be in flight. */
  void applicationLimited(long flightBytes) {
    limitedUntilDelivered = Math.max(1, delivered + flightBytes);
  }

  /** A SACK begins. */
  void beginAck() {
    newestOrder = -1;
  }

  /** It acknowledges so much for the first time. */
  void acked(long bytes, long nowNanos) {
    if (bytes > 0) {
      delivered += bytes;
      deliveredNanos = nowNanos;
    }
  }

  /**
   * It acknowledges this chunk for the first time; the newest of them has to be among those told.
   */
  void acked(OutstandingChunk chunk) {
    if (chunk.sendOrder > newestOrder) {
      newestOrder = chunk.sendOrder;
      priorDelivered = chunk.deliveredBefore;
      priorDeliveredNanos = chunk.deliveredBeforeNanos;
      sendElapsedNanos = chunk.sentNanos - chunk.flightStartedNanos;
      priorLimited = chunk.applicationLimited;
      firstSentNanos = chunk.sentNanos;
    }
  }

  /** The SACK ends: tells what it showed. */
  void endAck(AckSummary ack, long minRttNanos) {
    ack.delivered = delivered;
    ack.deliveryRate = 0;
    ack.applicationLimited = false;
    ack.deliveredAtSend = AckSummary.NOT_MEASURED;
    if (newestOrder < 0) {
      return;
    }
    ack.deliveredAtSend = priorDelivered;
    ack.applicationLimited = priorLimited;
    long interval = Math.max(sendElapsedNanos, ack.nowNanos - priorDeliveredNanos);
    // Shorter than any round trip: the chunk was sent again and its first copy is acknowledged.
    if (interval > 0 && interval >= minRttNanos) {
      ack.deliveryRate = (delivered - priorDelivered) * 1e9 / interval;
    }
  }
}
