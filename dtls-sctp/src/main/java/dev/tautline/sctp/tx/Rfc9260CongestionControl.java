package dev.tautline.sctp.tx;

import dev.tautline.sctp.packet.PacketHeader;

/** RFC 9260 section 7.2: slow start, congestion avoidance, halving on loss. */
public final class Rfc9260CongestionControl implements CongestionControl {
  private static final double SLOW_START_PACING_GAIN = 2.0;
  private static final double AVOIDANCE_PACING_GAIN = 1.25;

  private final int initialPackets;

  /** What a full packet holds in chunks: the unit of all sizes here. */
  private int packetBytes;

  private long cwnd;
  private long ssthresh;
  private long partialBytesAcked;

  /**
   * Starts with a window of {@code initialPackets} packets.
   *
   * @param initialPackets 10 in the spirit of RFC 6928
   * @param maxPacketBytes the largest packet, its header included
   */
  public Rfc9260CongestionControl(int initialPackets, int maxPacketBytes) {
    this.initialPackets = initialPackets;
    reset(maxPacketBytes);
  }

  @Override
  public void reset(int maxPacketBytes) {
    packetBytes = maxPacketBytes - PacketHeader.BYTES;
    cwnd = (long) initialPackets * packetBytes;
    // Section 7.2.1: "MAY be arbitrarily high".
    ssthresh = Long.MAX_VALUE;
    partialBytesAcked = 0;
  }

  @Override
  public long cwndBytes() {
    return cwnd;
  }

  @Override
  public long ssthreshBytes() {
    return ssthresh;
  }

  @Override
  public double pacingBytesPerSecond(long srttNanos) {
    if (srttNanos == 0) {
      return 0;
    }
    double gain = cwnd <= ssthresh ? SLOW_START_PACING_GAIN : AVOIDANCE_PACING_GAIN;
    return gain * cwnd * 1e9 / srttNanos;
  }

  @Override
  public void acknowledged(AckSummary ack) {
    // "when cwnd is being fully utilized": with a packet's slack, as the last packet of a window
    // rarely ends exactly at it.
    boolean utilized = ack.flightBeforeBytes + packetBytes > cwnd;
    if (cwnd <= ssthresh) {
      // Section 7.2.1 asks for "at most, the lesser of the total size … acknowledged and L times
      // the PMTU" per SACK. One SACK may stand for a whole coalesced read, so only the first bound
      // is kept; against bursts there is pacing.
      if (ack.cumulativeAdvanced && utilized && !ack.inRecovery) {
        cwnd += ack.ackedBytes;
      }
      return;
    }
    // Section 7.2.2.
    if (!ack.cumulativeAdvanced && ack.ackedBytes == 0) {
      return;
    }
    partialBytesAcked += ack.ackedBytes;
    if (partialBytesAcked > cwnd && !utilized) {
      partialBytesAcked = cwnd;
    }
    if (partialBytesAcked >= cwnd && utilized && !ack.inRecovery) {
      partialBytesAcked -= cwnd;
      cwnd += packetBytes;
    }
  }

  @Override
  public void lossDetected() {
    // Section 7.2.3.
    ssthresh = Math.max(cwnd / 2, 4L * packetBytes);
    cwnd = ssthresh;
    partialBytesAcked = 0;
  }

  @Override
  public void timedOut() {
    ssthresh = Math.max(cwnd / 2, 4L * packetBytes);
    cwnd = packetBytes;
    partialBytesAcked = 0;
  }

  @Override
  public void idle(long idleNanos, long rtoNanos) {
    // Section 7.2.1: "max(cwnd / 2, 4 * PMTU) once per RTO" that nothing was sent.
    long floor = 4L * packetBytes;
    for (long passed = rtoNanos; passed <= idleNanos && cwnd > floor; passed += rtoNanos) {
      cwnd = Math.max(cwnd / 2, floor);
    }
  }

  @Override
  public void allAcknowledged() {
    // Section 7.2.2: "partial_bytes_acked is reset to 0" when all data was acknowledged.
    partialBytesAcked = 0;
  }
}
