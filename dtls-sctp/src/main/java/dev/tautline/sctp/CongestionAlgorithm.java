package dev.tautline.sctp;

/** How an association finds out how fast it may send, and how it notices losses. */
public enum CongestionAlgorithm {
  /**
   * Slow start, congestion avoidance and halving by each loss, with fast retransmission after three
   * miss indications: RFC 9260 section 7.2, as other stacks do it. Over long paths random loss
   * makes it slow: 1 % at 100 ms leaves about 0.15 MB/s.
   */
  RFC_9260,
  /**
   * CUBIC, RFC 9438: the window grows by time instead of round trips and loses 30 % by a loss.
   * Losses are noticed by RACK-TLP (RFC 8985).
   */
  CUBIC,
  /**
   * A model of the path, in the manner of BBR: the highest delivery rate of the last 10 round trips
   * and the shortest round trip of the last 10 seconds rule pacing and window. Random loss up to
   * about 2 % does not slow it down. Losses are noticed by RACK-TLP (RFC 8985).
   */
  MODEL_BASED
}
