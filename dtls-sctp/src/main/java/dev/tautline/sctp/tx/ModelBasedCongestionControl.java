package dev.tautline.sctp.tx;

import dev.tautline.sctp.packet.PacketHeader;
import java.util.Arrays;
import java.util.random.RandomGenerator;

/**
 * Sends at the rate the path delivers, in the manner of BBR (draft-ietf-ccwg-bbr).
 *
 * <p>The model has two figures: the highest delivery rate of the last rounds, and the shortest
 * round trip of the last seconds. Their product fills the path without a queue. Rate and window
 * come from them, not from losses: a lost packet alone says nothing. Many lost packets while the
 * round trip grows, or very many in any case, bound the window until probing shows that there is
 * room.
 */
public final class ModelBasedCongestionControl implements CongestionControl {
  private enum Phase {
    /** Doubles the rate each round until it no longer delivers more. */
    STARTUP,
    /** Sends less until the queue that the start made is gone. */
    DRAIN,
    /** Sends more for a round trip: is there more to have? */
    PROBE_UP,
    /** Sends less for as long, so that the queue of the probe goes. */
    PROBE_DOWN,
    /** Sends at the measured rate. */
    CRUISE,
    /** Keeps little in flight for a moment, to see the round trip without a queue. */
    PROBE_ROUND_TRIP
  }

  /** 4·ln 2: the least that lets the rate double each round trip. */
  private static final double STARTUP_GAIN = 2.77;

  private static final double DRAIN_GAIN = 0.35;
  private static final double UP_GAIN = 1.25;
  private static final double DOWN_GAIN = 0.75;

  /** A little below the measured rate, so that queues of other flows' making go. */
  private static final double PACING_MARGIN = 0.99;

  private static final double STARTUP_WINDOW_GAIN = 2;

  /** Less than BBR's 2, to leave a queue of one BDP partly to flows that need it. */
  private static final double WINDOW_GAIN = 1.5;

  private static final double PROBE_ROUND_TRIP_GAIN = 0.5;

  private static final int RATE_ROUNDS = 10;
  private static final int ROUNDS_WITHOUT_GROWTH = 3;
  private static final double GROWTH = 1.25;

  private static final int MIN_CRUISE_ROUNDS = 4;
  private static final int CRUISE_ROUNDS_SPREAD = 4;

  private static final long MIN_RTT_WINDOW_NANOS = 10_000_000_000L;
  private static final long PROBE_ROUND_TRIP_NANOS = 200_000_000;

  /** A round trip counts as the shortest again if it is longer by one 64th at most. */
  private static final int MIN_RTT_TOLERANCE_SHIFT = 6;

  /** From this loss on, together with a queue, a round counts as congested. */
  private static final double LOSS_WITH_QUEUE = 0.02;

  /** From this loss on a round counts as congested in any case. */
  private static final double LOSS_ALONE = 0.08;

  /** Fewer lost packets in a round are chance. */
  private static final int MIN_LOST_PACKETS = 6;

  private static final double QUEUE_RTT_FACTOR = 1.25;
  private static final long QUEUE_RTT_SLACK_NANOS = 1_000_000;
  private static final double REDUCTION = 0.7;

  private static final int MIN_WINDOW_PACKETS = 4;

  /** What leaves in one go is this long at the present rate. */
  private static final double BURST_SECONDS = 0.001;

  private static final int MAX_BURST_PACKETS = 64;
  private static final long UNKNOWN = -1;

  private final int initialPackets;
  private final RandomGenerator random;
  private int packetBytes;
  private Phase phase = Phase.STARTUP;
  private long cwnd;

  /** Bytes in flight that turned out too much; {@link Long#MAX_VALUE} when there is no bound. */
  private long bound;

  // The highest rate of each of the last rounds, in bytes per second.
  private final double[] roundRates = new double[RATE_ROUNDS];
  private int rateSlot;
  private double rate;

  private long minRttNanos;
  private long minRttSeenNanos;

  // A round lasts until something is acknowledged that was sent after it began.
  private long roundEndsAtDelivered;
  private long roundMinRttNanos;
  private long roundLostBytes;
  private long roundAckedBytes;
  private boolean roundLimited;

  private double fullRate;
  private int roundsWithoutGrowth;
  private boolean startupDone;

  private int roundsInPhase;
  private int cruiseRounds;
  private boolean congestedInProbe;
  private long probeRoundTripEndsNanos;
  private boolean resumedAfterIdle;

  /**
   * Starts with a window of {@code initialPackets} packets.
   *
   * @param maxPacketBytes the largest packet, its header included
   * @param random keeps flows that share a bottleneck from probing at the same time
   */
  public ModelBasedCongestionControl(
      int initialPackets, int maxPacketBytes, RandomGenerator random) {
    this.initialPackets = initialPackets;
    this.random = random;
    reset(maxPacketBytes);
  }

  @Override
  public void reset(int maxPacketBytes) {
    packetBytes = maxPacketBytes - PacketHeader.BYTES;
    startAnew();
  }

  private void startAnew() {
    phase = Phase.STARTUP;
    cwnd = (long) initialPackets * packetBytes;
    bound = Long.MAX_VALUE;
    Arrays.fill(roundRates, 0);
    rate = 0;
    minRttNanos = UNKNOWN;
    // Whatever is acknowledged next begins a round.
    roundEndsAtDelivered = 0;
    fullRate = 0;
    roundsWithoutGrowth = 0;
    startupDone = false;
    roundsInPhase = 0;
    congestedInProbe = false;
    beginRound();
  }

  @Override
  public long cwndBytes() {
    return cwnd;
  }

  @Override
  public long ssthreshBytes() {
    return startupDone ? bdpBytes() : Long.MAX_VALUE;
  }

  @Override
  public double pacingBytesPerSecond(long srttNanos) {
    if (srttNanos == 0) {
      return 0;
    }
    double modelled = PACING_MARGIN * pacingGain() * rate;
    // What was measured before the path was full may be the application's rate.
    return startupDone ? modelled : Math.max(modelled, STARTUP_GAIN * cwnd * 1e9 / srttNanos);
  }

  private double pacingGain() {
    return switch (phase) {
      case STARTUP -> STARTUP_GAIN;
      case DRAIN -> DRAIN_GAIN;
      case PROBE_UP -> UP_GAIN;
      case PROBE_DOWN -> DOWN_GAIN;
      case CRUISE, PROBE_ROUND_TRIP -> 1;
    };
  }

  private double windowGain() {
    return switch (phase) {
      case STARTUP, DRAIN -> STARTUP_WINDOW_GAIN;
      case PROBE_UP, PROBE_DOWN, CRUISE -> WINDOW_GAIN;
      case PROBE_ROUND_TRIP -> PROBE_ROUND_TRIP_GAIN;
    };
  }

  /** What the path holds without a queue. */
  private long bdpBytes() {
    return minRttNanos == UNKNOWN
        ? (long) initialPackets * packetBytes
        : (long) (rate * minRttNanos / 1e9);
  }

  @Override
  public void lost(long bytes) {
    roundLostBytes += bytes;
  }

  @Override
  public void acknowledged(AckSummary ack) {
    roundAckedBytes += ack.ackedBytes;
    roundLimited |= ack.applicationLimited;
    measureRoundTrip(ack);
    boolean roundEnds =
        ack.deliveredAtSend != AckSummary.NOT_MEASURED
            && ack.deliveredAtSend >= roundEndsAtDelivered;
    if (roundEnds) {
      roundEndsAtDelivered = ack.delivered;
      rateSlot = (rateSlot + 1) % RATE_ROUNDS;
      roundRates[rateSlot] = 0;
      roundsInPhase++;
    }
    measureRate(ack);
    if (roundEnds) {
      judgeRound();
      beginRound();
    }
    changePhase(ack);
    setWindow(ack);
    resumedAfterIdle = false;
  }

  private void beginRound() {
    roundMinRttNanos = Long.MAX_VALUE;
    roundLostBytes = 0;
    roundAckedBytes = 0;
    roundLimited = false;
  }

  private void measureRate(AckSummary ack) {
    // The application's rate counts only where it shows that the path takes more than thought.
    if (ack.deliveryRate > 0 && (!ack.applicationLimited || ack.deliveryRate >= rate)) {
      roundRates[rateSlot] = Math.max(roundRates[rateSlot], ack.deliveryRate);
    }
    double highest = 0;
    for (double ofRound : roundRates) {
      highest = Math.max(highest, ofRound);
    }
    // While only the application's rate shows, what was known is not forgotten.
    if (highest > 0) {
      rate = highest;
    }
  }

  private void measureRoundTrip(AckSummary ack) {
    long rtt = ack.rttNanos;
    if (rtt == AckSummary.NOT_MEASURED) {
      return;
    }
    roundMinRttNanos = Math.min(roundMinRttNanos, rtt);
    if (minRttNanos == UNKNOWN || rtt < minRttNanos) {
      minRttNanos = rtt;
      minRttSeenNanos = ack.nowNanos;
    } else if (rtt <= minRttNanos + (minRttNanos >> MIN_RTT_TOLERANCE_SHIFT)) {
      minRttSeenNanos = ack.nowNanos;
    }
  }

  /** A round is over: did it lose too much, and does the start still grow? */
  private void judgeRound() {
    boolean congested = isCongested();
    if (congested) {
      // What is in flight is above what fits; endProbe() raises the bound again. Half of what the
      // path was seen to hold stays: rounds after a timeout have little in flight and tell of many
      // old losses.
      bound = Math.max((long) (REDUCTION * cwnd), Math.max(bdpBytes() / 2, floorBytes()));
      congestedInProbe = true;
    }
    // A round that the application or the peer's window limited says nothing about growth; unless
    // there is a queue, which only more than the path takes can make.
    if (phase != Phase.STARTUP || roundLimited && !congested && !roundShowsQueue()) {
      return;
    }
    if (rate >= fullRate * GROWTH) {
      fullRate = rate;
      roundsWithoutGrowth = 0;
    } else {
      roundsWithoutGrowth++;
    }
    if (congested || roundsWithoutGrowth >= ROUNDS_WITHOUT_GROWTH) {
      startupDone = true;
      enter(Phase.DRAIN);
    }
  }

  private boolean roundShowsQueue() {
    return minRttNanos != UNKNOWN
        && roundMinRttNanos != Long.MAX_VALUE
        && roundMinRttNanos > minRttNanos * QUEUE_RTT_FACTOR + QUEUE_RTT_SLACK_NANOS;
  }

  private boolean isCongested() {
    double lost = (double) roundLostBytes / packetBytes;
    double all = lost + (double) roundAckedBytes / packetBytes;
    double expected = (roundShowsQueue() ? LOSS_WITH_QUEUE : LOSS_ALONE) * all;
    // Two standard deviations of chance.
    return lost >= MIN_LOST_PACKETS && lost > expected + 2 * Math.sqrt(expected);
  }

  private void enter(Phase next) {
    phase = next;
    roundsInPhase = 0;
    if (next == Phase.PROBE_UP) {
      congestedInProbe = false;
    } else if (next == Phase.CRUISE) {
      cruiseRounds = MIN_CRUISE_ROUNDS + random.nextInt(CRUISE_ROUNDS_SPREAD);
    }
  }

  private void changePhase(AckSummary ack) {
    switch (phase) {
      case STARTUP -> {
        // judgeRound() ends it.
      }
      case DRAIN, PROBE_DOWN -> {
        if (ack.flightBytes <= bdpBytes() || roundsInPhase > RATE_ROUNDS) {
          enter(Phase.CRUISE);
        }
      }
      case CRUISE -> {
        if (roundsInPhase >= cruiseRounds) {
          enter(Phase.PROBE_UP);
        }
      }
      case PROBE_UP -> {
        boolean filled = ack.flightBytes >= UP_GAIN * bdpBytes() || ack.flightBytes >= bound;
        if (congestedInProbe || roundsInPhase >= 1 && filled || roundsInPhase >= 3) {
          endProbe();
        }
      }
      case PROBE_ROUND_TRIP -> endProbeOfRoundTrip(ack);
    }
    boolean stale = ack.nowNanos - minRttSeenNanos > MIN_RTT_WINDOW_NANOS;
    if (stale && startupDone && phase != Phase.PROBE_ROUND_TRIP && !resumedAfterIdle) {
      enter(Phase.PROBE_ROUND_TRIP);
      probeRoundTripEndsNanos = UNKNOWN;
    }
  }

  private void endProbe() {
    if (!congestedInProbe && bound != Long.MAX_VALUE) {
      bound = (long) (bound * UP_GAIN);
      if (bound > STARTUP_WINDOW_GAIN * bdpBytes()) {
        bound = Long.MAX_VALUE;
      }
    }
    enter(Phase.PROBE_DOWN);
  }

  private void endProbeOfRoundTrip(AckSummary ack) {
    if (probeRoundTripEndsNanos == UNKNOWN) {
      if (ack.flightBytes <= Math.max(cwnd, floorBytes())) {
        // From here on round trips show the path without our queue: the old figure is forgotten.
        probeRoundTripEndsNanos = ack.nowNanos + Math.max(PROBE_ROUND_TRIP_NANOS, ack.srttNanos);
        minRttNanos = ack.rttNanos == AckSummary.NOT_MEASURED ? ack.srttNanos : ack.rttNanos;
        roundsInPhase = 0;
      }
    } else if (ack.nowNanos >= probeRoundTripEndsNanos && roundsInPhase >= 1) {
      minRttSeenNanos = ack.nowNanos;
      enter(Phase.CRUISE);
    }
  }

  private long floorBytes() {
    return (long) MIN_WINDOW_PACKETS * packetBytes;
  }

  private void setWindow(AckSummary ack) {
    long target = (long) (windowGain() * bdpBytes());
    if (phase != Phase.PROBE_ROUND_TRIP) {
      // SACKs come for several packets at once and packets leave in bursts: both need room.
      double burst = Math.min(rate * BURST_SECONDS, (double) MAX_BURST_PACKETS * packetBytes);
      target += 3 * Math.max((long) burst, 2L * packetBytes);
    }
    target = Math.min(Math.max(target, floorBytes()), Math.max(bound, floorBytes()));
    if (startupDone) {
      cwnd = Math.min(cwnd + ack.ackedBytes, target);
    } else if (cwnd < target || ack.delivered < (long) initialPackets * packetBytes) {
      cwnd += ack.ackedBytes;
    }
    cwnd = Math.max(cwnd, floorBytes());
  }

  @Override
  public void lossDetected() {
    // A loss alone is no congestion; judgeRound() looks at how many there were.
  }

  @Override
  public void timedOut() {
    // Nothing came back for a whole RTO: one packet asks, as RFC 9260 section 7.2.3 has it. Rate
    // and round trip may still hold; the window grows back by what is acknowledged.
    cwnd = packetBytes;
  }

  @Override
  public void idle(long idleNanos, long rtoNanos) {
    resumedAfterIdle = true;
    if (idleNanos > MIN_RTT_WINDOW_NANOS) {
      startAnew();
    }
  }

  @Override
  public void allAcknowledged() {
    // The model outlives a pause.
  }
}
