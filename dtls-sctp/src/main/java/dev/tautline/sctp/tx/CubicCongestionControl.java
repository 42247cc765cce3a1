package dev.tautline.sctp.tx;

import dev.tautline.base.Timer;
import dev.tautline.sctp.packet.PacketHeader;

/**
 * CUBIC, RFC 9438: after a loss the window returns to where the loss was along a cubic of time,
 * stays near it, and then looks for more.
 */
public final class CubicCongestionControl implements CongestionControl {
  /** Section 5.1: how steep the cubic is, in packets per second cubed. */
  private static final double C = 0.4;

  /** Section 4.6: what remains of the window after a loss. */
  private static final double BETA = 0.7;

  /** Section 4.3: with it, Reno's average window is that of a Reno flow that halves. */
  private static final double RENO_ALPHA = 3 * (1 - BETA) / (1 + BETA);

  private static final double MIN_PACKETS = 2;
  private static final double SLOW_START_PACING_GAIN = 2.0;
  private static final double AVOIDANCE_PACING_GAIN = 1.25;

  private final int initialPackets;
  private int packetBytes;

  // Windows in packets, as the RFC has them.
  private double cwnd;
  private double ssthresh;

  /** W_max: the window when the last loss came, less when the flow is giving way. */
  private double lossWindow;

  /** cwnd_prior: the window when the last loss came. */
  private double windowBeforeLoss;

  /** W_est: the window of Reno in our place. */
  private double renoWindow;

  /** When the present cubic began; it begins with the first SACK in congestion avoidance. */
  private long epochNanos = Timer.NOT_RUNNING;

  /** K: after how many seconds the cubic reaches the loss window. */
  private double secondsToLossWindow;

  private boolean afterTimeout;
  private long lastAckNanos;

  /**
   * Starts with a window of {@code initialPackets} packets.
   *
   * @param maxPacketBytes the largest packet, its header included
   */
  public CubicCongestionControl(int initialPackets, int maxPacketBytes) {
    this.initialPackets = initialPackets;
    reset(maxPacketBytes);
  }

  @Override
  public void reset(int maxPacketBytes) {
    packetBytes = maxPacketBytes - PacketHeader.BYTES;
    cwnd = initialPackets;
    ssthresh = Double.POSITIVE_INFINITY;
    lossWindow = 0;
    windowBeforeLoss = 0;
    epochNanos = Timer.NOT_RUNNING;
    afterTimeout = false;
  }

  @Override
  public long cwndBytes() {
    return (long) (cwnd * packetBytes);
  }

  @Override
  public long ssthreshBytes() {
    return ssthresh == Double.POSITIVE_INFINITY ? Long.MAX_VALUE : (long) (ssthresh * packetBytes);
  }

  @Override
  public double pacingBytesPerSecond(long srttNanos) {
    if (srttNanos == 0) {
      return 0;
    }
    double gain = cwnd < ssthresh ? SLOW_START_PACING_GAIN : AVOIDANCE_PACING_GAIN;
    return gain * cwnd * packetBytes * 1e9 / srttNanos;
  }

  @Override
  public void acknowledged(AckSummary ack) {
    long sinceLastAck = ack.nowNanos - lastAckNanos;
    lastAckNanos = ack.nowNanos;
    boolean utilized = ack.flightBeforeBytes + packetBytes > cwndBytes();
    if (!utilized) {
      // Section 5.8: while the application limits the rate, the cubic's time stands still.
      if (epochNanos != Timer.NOT_RUNNING) {
        epochNanos += sinceLastAck;
      }
      return;
    }
    if (ack.inRecovery) {
      return;
    }
    double acked = (double) ack.ackedBytes / packetBytes;
    if (cwnd < ssthresh) {
      cwnd += acked;
    } else {
      avoidCongestion(ack, acked);
    }
  }

  /** Section 4.2 to 4.5. */
  private void avoidCongestion(AckSummary ack, double acked) {
    if (epochNanos == Timer.NOT_RUNNING) {
      beginEpoch(ack.nowNanos);
    }
    double seconds = (ack.nowNanos - epochNanos) / 1e9;
    double roundTrip = ack.srttNanos / 1e9;
    double target = Math.min(Math.max(cubic(seconds + roundTrip), cwnd), 1.5 * cwnd);
    renoWindow += (renoWindow < windowBeforeLoss ? RENO_ALPHA : 1) * acked / cwnd;
    if (cubic(seconds) < renoWindow) {
      // Section 4.3: where Reno is faster, its window is taken.
      cwnd = Math.max(cwnd, renoWindow);
    } else {
      cwnd += (target - cwnd) / cwnd * acked;
    }
  }

  private void beginEpoch(long nowNanos) {
    epochNanos = nowNanos;
    renoWindow = cwnd;
    if (afterTimeout || lossWindow < cwnd) {
      // Section 4.8: after a timeout the present window is the plateau.
      afterTimeout = false;
      lossWindow = cwnd;
      secondsToLossWindow = 0;
    } else {
      secondsToLossWindow = Math.cbrt((lossWindow - cwnd) / C);
    }
  }

  private double cubic(double seconds) {
    double t = seconds - secondsToLossWindow;
    return C * t * t * t + lossWindow;
  }

  @Override
  public void lossDetected() {
    reduce();
    cwnd = ssthresh;
  }

  @Override
  public void timedOut() {
    reduce();
    cwnd = 1;
    afterTimeout = true;
  }

  private void reduce() {
    windowBeforeLoss = cwnd;
    // Section 4.7, fast convergence: a loss below the last one means that another flow came.
    lossWindow = cwnd < lossWindow ? cwnd * (1 + BETA) / 2 : cwnd;
    ssthresh = Math.max(cwnd * BETA, MIN_PACKETS);
    epochNanos = Timer.NOT_RUNNING;
  }

  @Override
  public void idle(long idleNanos, long rtoNanos) {
    // As RFC 9260 section 7.2.1 asks.
    for (long passed = rtoNanos; passed <= idleNanos && cwnd > 4; passed += rtoNanos) {
      cwnd = Math.max(cwnd / 2, 4);
      epochNanos = Timer.NOT_RUNNING;
    }
  }

  @Override
  public void allAcknowledged() {
    // The cubic goes by time, and time without data is left out in acknowledged().
  }
}
