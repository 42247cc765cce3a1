package dev.tautline.sctp.tx;

/**
 * What one SACK brought, for the congestion control. One object serves all SACKs: what it says
 * holds during the call it is given to.
 */
public final class AckSummary {
  /** The SACK allowed no measurement. */
  static final long NOT_MEASURED = -1;

  long nowNanos;

  /** Bytes acknowledged for the first time. */
  long ackedBytes;

  /** Whether the cumulative TSN ack moved. */
  boolean cumulativeAdvanced;

  /** In flight before the SACK came. */
  long flightBeforeBytes;

  /** In flight now, without what was just taken for lost. */
  long flightBytes;

  /** Whether a fast recovery goes on. */
  boolean inRecovery;

  /** The smoothed round trip; 0 before the first measurement. */
  long srttNanos;

  /** The round trip that this SACK shows, or {@link #NOT_MEASURED}. */
  long rttNanos = NOT_MEASURED;

  /** Bytes per second between the sending and the acknowledgement of the newest data; 0: none. */
  double deliveryRate;

  /** Whether the rate may be the application's or the peer's window's rather than the path's. */
  boolean applicationLimited;

  /** All bytes acknowledged so far. */
  long delivered;

  /** The same when the newest of the acknowledged data was sent, or {@link #NOT_MEASURED}. */
  long deliveredAtSend = NOT_MEASURED;

  AckSummary() {}
}
