package dev.tautline.sctp.tx;

/**
 * How much may be in flight and how fast it leaves. All sizes are bytes of chunks: header, payload
 * and padding.
 */
public interface CongestionControl {
  /** How many bytes may be in flight. */
  long cwndBytes();

  /** The slow start threshold. */
  long ssthreshBytes();

  /** How fast packets leave, in bytes per second; 0 while no round trip was measured. */
  double pacingBytesPerSecond(long srttNanos);

  /** A SACK acknowledged something. */
  void acknowledged(AckSummary ack);

  /**
   * So much is taken for lost, T3-rtx aside; told for every loss, and before the {@link
   * #acknowledged} of the SACK that showed it.
   */
  default void lost(long bytes) {
    // Who reacts once a window has lossDetected() for it.
  }

  /** A loss starts a fast recovery. */
  void lossDetected();

  /** T3-rtx expired. */
  void timedOut();

  /** Nothing was sent for {@code idleNanos}. */
  void idle(long idleNanos, long rtoNanos);

  /** All data was acknowledged. */
  void allAcknowledged();

  /** The path or its packet size is another one: start anew. */
  void reset(int maxPacketBytes);
}
