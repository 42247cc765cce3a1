package dev.tautline.sctp.tx;

import dev.tautline.base.Backoff;
import dev.tautline.base.SerialUnwrapper;
import dev.tautline.base.Timer;
import dev.tautline.sctp.packet.Chunk;
import dev.tautline.sctp.packet.DataFormat;
import dev.tautline.sctp.packet.ForwardTsnChunk;
import dev.tautline.sctp.packet.IForwardTsnChunk;
import dev.tautline.sctp.packet.Order;
import dev.tautline.sctp.packet.PacketBuffer;
import dev.tautline.sctp.packet.PacketHeader;
import dev.tautline.sctp.packet.SackView;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The sending half of an association: fills packets with DATA, reads SACKs, minds T3-rtx.
 *
 * <p>Two clocks: {@code nowNanos} stands still while the association is suspended, {@code
 * lifetimeNow} does not and rules only the lifetimes of messages.
 */
public final class DataSender {
  /** What became of a SACK. */
  public enum SackOutcome {
    /** It was applied. */
    APPLIED,
    /** Its cumulative TSN ack is below what is acknowledged already. */
    OLD,
    /** It speaks of data that was never sent. */
    IMPOSSIBLE
  }

  /**
   * So many FORWARD-TSNs go in a row at most, one for each gap. They are one packet: a peer that
   * heard the later ones alone would drop what waits for its turn between two gaps.
   */
  private static final int MAX_FORWARD_TSNS = 32;

  /** A FORWARD-TSN or I-FORWARD-TSN that names one stream. */
  private static final int LEAST_FORWARD_TSN_BYTES = Chunk.HEADER_BYTES + 4 + 8;

  /**
   * So far ahead of the cumulative TSN ack at most may go what overtakes: usrsctp throws away what
   * is 4096 ahead.
   */
  private static final int MAX_OVERTAKING_TSNS = 2048;

  /** So many packets lost one after the other are the tail of a burst. */
  private static final int PACKETS_OF_A_LOST_TAIL = 3;

  /** Retransmissions of the earliest data between two expirations of T3-rtx. */
  private static final int PROBES_PER_TIMEOUT = 2;

  /** From so many expirations in a row on, probes go between them. */
  private static final int TIMEOUTS_BEFORE_PROBES = 2;

  /** RFC 8985 section 7.2: what a peer may hold its SACK back for when a packet is alone. */
  private static final long PEERS_SACK_DELAY_NANOS = 200_000_000;

  /** No tail probe is out. */
  private static final long NO_PROBE = -1;

  private static final long NO_RECOVERY = -1;
  private static final long NOT_SENT = -1;

  private final SendQueue queue = new SendQueue();
  private final OutstandingData outstanding;
  private final RetransmissionTimeout rto;
  private final CongestionControl congestion;
  private final BurstPacer pacer = new BurstPacer();
  private final Timer t3Rtx = new Timer(Backoff.none());
  private final SerialUnwrapper tsns;
  private final Persistence persistence;
  private final Timer probe = new Timer(Backoff.none());
  private int probesLeft;

  private final LossDetection lossDetection;
  private final Rack rack = new Rack();
  private final DeliveryRate deliveryRate = new DeliveryRate();
  private final AckSummary ackSummary = new AckSummary();

  /** Runs while something may turn out lost by time alone, RFC 8985 section 6.2 step 5. */
  private final Timer reordering = new Timer(Backoff.none());

  /** The probe timeout of RFC 8985 section 7. */
  private final Timer tail = new Timer(Backoff.none());

  /** The highest TSN sent when the tail probe left; when it is acknowledged, all is known. */
  private long tailProbeEnd = NO_PROBE;

  /** Whether the tail probe was a retransmission: it may have hidden a loss. */
  private boolean tailProbeRepeated;

  /** One packet of new data may go as a tail probe regardless of cwnd. */
  private boolean tailProbeDue;

  /** The present time while a SACK is applied. */
  private long ackNanos;

  /** What is retransmitted next is a probe, which leaves T3-rtx as it is. */
  private boolean probing;

  private final int maxOutstanding;
  private int maxPacketBytes;
  private boolean partialReliability;
  private long peerWindow;

  /** The highest TSN sent when the recovery began; it ends when that is acknowledged. */
  private long recoveryPoint = NO_RECOVERY;

  /** One packet of retransmissions may go regardless of cwnd, RFC 9260 section 7.2.4 step 3. */
  private boolean fastRetransmitDue;

  private boolean forwardTsnDue;

  /** The last FORWARD-TSN had no room for all streams: the next goes on when it is acknowledged. */
  private boolean forwardTsnCut;

  private long forwardTsnSentNanos = NOT_SENT;

  /** How far the last FORWARD-TSN reached. */
  private long forwardedTsn = NOT_SENT;

  /** It was sent once, and its answer has not come. */
  private boolean forwardedOnce;

  private @Nullable Escort escort;

  /** How many chunks had been sent when the packet that is being filled was begun. */
  private long chunksBeforePacket;

  /** The packet that is being filled has the escort. */
  private boolean escorting;

  private long lastDataSentNanos = NOT_SENT;
  private long lastRttNanos = NOT_SENT;

  /** When the last sign came that the peer takes our data, while there was some. */
  private long lastProgressNanos;

  private int consecutiveTimeouts;
  private boolean blockedByPacer;

  private long chunksSent;
  private long chunksRetransmitted;
  private long bytesSent;
  private long timeouts;
  private long fastRecoveries;
  private long forwardTsns;

  /** How losses are noticed, T3-rtx aside. */
  public enum LossDetection {
    /** By three miss indications, RFC 9260 section 7.2.4. */
    MISS_INDICATIONS,
    /** By time, and by a probe when the end of the data is lost, RFC 8985. */
    RACK_TLP
  }

  /** What is done about a path that loses nearly everything. */
  public enum Persistence {
    /** T3-rtx alone, as RFC 9260 has it. */
    TIMEOUTS_ONLY,
    /**
     * With retransmissions unlimited but time limited: where each attempt and its acknowledgement
     * both pass with 36 % (40 % loss), the dozen expirations in 30 s all fail in one of 200 cases,
     * three attempts for each in one of half a million.
     */
    PROBE_BETWEEN_TIMEOUTS
  }

  /**
   * A sender without a peer yet.
   *
   * @param initialTsn the first DATA's TSN
   * @param maxOutstanding how many chunks may be unacknowledged
   */
  public DataSender(
      int initialTsn,
      RetransmissionTimeout rto,
      CongestionControl congestion,
      int maxPacketBytes,
      int maxOutstanding,
      LossDetection lossDetection,
      Persistence persistence) {
    this.persistence = persistence;
    this.lossDetection = lossDetection;
    // One turn of the wire's numbers above 0, so that no unwrapped TSN is negative.
    long first = (initialTsn & 0xffff_ffffL) + (1L << 32);
    this.outstanding =
        new OutstandingData(
            queue,
            first,
            lossDetection == LossDetection.MISS_INDICATIONS,
            this::repeatedAcknowledged);
    this.tsns = SerialUnwrapper.of32Bits(first - 1);
    this.rto = rto;
    this.congestion = congestion;
    this.maxPacketBytes = maxPacketBytes;
    this.maxOutstanding = maxOutstanding;
  }

  private void repeatedAcknowledged(OutstandingChunk chunk, boolean overtaken) {
    deliveryRate.acked(chunk);
    rack.acked(chunk, ackNanos, overtaken);
  }

  /** The newest stands for all that a SACK acknowledges of what was sent once. */
  private void takeNewest() {
    deliveryRate.acked(outstanding.ackedBytes(), ackNanos);
    OutstandingChunk newest = outstanding.newestOnce();
    if (newest != null) {
      deliveryRate.acked(newest);
      rack.acked(newest, ackNanos, outstanding.showsReordering());
    }
  }

  /** What waits to be sent. */
  public SendQueue queue() {
    return queue;
  }

  /** The peer's INIT or INIT ACK said this. */
  public void peerKnown(long aRwnd, boolean peerTakesForwardTsn, boolean interleaving) {
    peerWindow = aRwnd;
    partialReliability = peerTakesForwardTsn;
    if (interleaving) {
      queue.interleave();
    }
  }

  /** The peer knows FORWARD-TSN: from now on messages may be given up. */
  public void allowPartialReliability() {
    partialReliability = true;
  }

  /** Takes a message over; {@code payload} is not copied. */
  public void send(
      int streamId,
      int ppid,
      Order order,
      int maxRetransmits,
      long expiresLifetimeNanos,
      byte[] payload) {
    queue.add(streamId, ppid, order, maxRetransmits, expiresLifetimeNanos, payload);
  }

  /**
   * The chunk goes in front of the first message of these streams, whenever that is sent, if it
   * fits. Takes the place of an earlier one.
   *
   * @param streamIds no stream means all
   */
  public void escort(Chunk chunk, List<Integer> streamIds) {
    escort = new Escort(chunk, streamIds);
  }

  /** From now on packets are at most that long. */
  public void setMaxPacketBytes(int bytes) {
    maxPacketBytes = bytes;
  }

  /** The association is over: of what was given to {@link #send} nothing is kept. */
  public void discard() {
    queue.discard();
    outstanding.discard();
  }

  /** Whether nothing waits and nothing is outstanding. */
  public boolean isDrained() {
    return queue.isEmpty() && queue.bufferedBytes() == 0 && outstanding.isEmpty();
  }

  /** Whether something is outstanding: the peer owes an acknowledgement. */
  public boolean hasOutstanding() {
    return outstanding.awaitsPeer();
  }

  /** When the peer last acknowledged something, or the first of the outstanding data was sent. */
  public long lastProgressNanos() {
    return lastProgressNanos;
  }

  /** The TSN that the next new DATA gets, as on the wire. */
  public int nextTsn() {
    return (int) outstanding.nextTsn();
  }

  /** When {@link #advanceTo} has work. */
  public long nextDeadlineNanos() {
    long deadline = Math.min(t3Rtx.deadlineNanos(), probe.deadlineNanos());
    deadline = Math.min(deadline, Math.min(reordering.deadlineNanos(), tail.deadlineNanos()));
    if (blockedByPacer) {
      deadline = Math.min(deadline, pacer.releaseNanos());
    }
    return deadline;
  }

  /** What {@link #advanceTo} found. */
  public enum TimerOutcome {
    /** Nothing that the association has to know. */
    NOTHING,
    /** T3-rtx expired: an error of the path. */
    TIMED_OUT
  }

  /** Fires T3-rtx when it is due. */
  public TimerOutcome advanceTo(long nowNanos) {
    if (blockedByPacer && pacer.mayStart(nowNanos)) {
      blockedByPacer = false;
    }
    if (!t3Rtx.expire(nowNanos)) {
      if (reordering.expire(nowNanos)) {
        reorderingEnded(nowNanos);
      }
      if (tail.expire(nowNanos)) {
        probeTail(nowNanos);
      }
      probeWhenDue(nowNanos);
      return TimerOutcome.NOTHING;
    }
    t3Rtx.stop();
    reordering.stop();
    stopTailProbe();
    probing = false;
    timeouts++;
    consecutiveTimeouts++;
    rto.backOff();
    boolean windowProbe = isWindowProbe();
    markLostByTimeout(nowNanos);
    recoveryPoint = NO_RECOVERY;
    if (outstanding.advancedPeerAckPoint() > outstanding.cumulativeTsnAck()) {
      // RFC 3758 section 3.5 F: the timer guards FORWARD-TSN too.
      forwardTsnDue = true;
    }
    // RFC 9260 section 6.1 A: the probe of a closed window is dropped by the peer, which says
    // nothing about the path's capacity.
    if (!windowProbe) {
      congestion.timedOut();
      pacer.lost(nowNanos, rto.srttNanos());
    }
    fastRetransmitDue = outstanding.hasLost();
    if (!fastRetransmitDue && !forwardTsnDue) {
      // All of it is in gap ack blocks, and yet the cumulative TSN ack does not move: nothing is
      // left to retransmit that would start the timer, but a peer like that must not be for ever.
      t3Rtx.start(nowNanos, rto.rtoNanos());
    }
    probe.stop();
    if (persistence == Persistence.PROBE_BETWEEN_TIMEOUTS
        && consecutiveTimeouts >= TIMEOUTS_BEFORE_PROBES) {
      probesLeft = PROBES_PER_TIMEOUT;
      probe.start(nowNanos, rto.rtoNanos() / (PROBES_PER_TIMEOUT + 1));
    }
    return windowProbe ? TimerOutcome.NOTHING : TimerOutcome.TIMED_OUT;
  }

  private void probeWhenDue(long nowNanos) {
    if (!probe.expire(nowNanos)) {
      return;
    }
    probesLeft--;
    if (probesLeft == 0) {
      probe.stop();
    }
    outstanding.markEarliestLost();
    fastRetransmitDue = outstanding.hasLost();
    // What was given up is told again as what was sent is sent again.
    forwardTsnDue |= outstanding.advancedPeerAckPoint() > outstanding.cumulativeTsnAck();
    probing = fastRetransmitDue;
  }

  private void markLostByTimeout(long nowNanos) {
    if (lossDetection == LossDetection.MISS_INDICATIONS || !rto.isMeasured()) {
      outstanding.markAllLost();
      return;
    }
    // RFC 8985 section 6.3: the earliest, and what is out for longer than a round trip; the
    // acknowledgements of the rest may still come.
    outstanding.markEarliestLost();
    outstanding.markLostSentUntil(nowNanos - rto.srttNanos() - rack.minRttNanos() / 4);
  }

  private void reorderingEnded(long nowNanos) {
    reordering.stop();
    outstanding.forgetNewLoss();
    detectByTime(nowNanos);
    tellLost();
    if (outstanding.hasNewLoss()) {
      lossFound(nowNanos, recoveryPoint != NO_RECOVERY);
    }
  }

  private void detectByTime(long nowNanos) {
    if (lossDetection != LossDetection.RACK_TLP) {
      return;
    }
    long window =
        rack.reorderingWindowNanos(
            recoveryPoint != NO_RECOVERY, outstanding.gapAcked(), rto.srttNanos());
    long next = outstanding.detectLost(rack, window, nowNanos);
    if (next == Long.MAX_VALUE) {
      reordering.stop();
    } else {
      reordering.start(nowNanos, next - nowNanos);
    }
  }

  private void tellLost() {
    long lostBytes = outstanding.takeLostBytes();
    if (lostBytes > 0) {
      congestion.lost(lostBytes);
    }
  }

  /** RFC 8985 section 7.2: while no loss is known, the last packets need a witness. */
  private void armTailProbe(long nowNanos) {
    if (lossDetection != LossDetection.RACK_TLP
        || tailProbeEnd != NO_PROBE
        || !rto.isMeasured()
        || outstanding.inFlight() == 0
        || outstanding.hasLost()
        || outstanding.gapAcked() > 0
        || recoveryPoint != NO_RECOVERY
        || consecutiveTimeouts > 0) {
      tail.stop();
      return;
    }
    long timeout = 2 * rto.srttNanos();
    OutstandingChunk last = outstanding.lastSent();
    if (outstanding.inFlight() == 1 && last != null && (last.flags & DataFormat.I_BIT) == 0) {
      // Nothing asked the peer to acknowledge at once.
      timeout += PEERS_SACK_DELAY_NANOS;
    }
    // T3-rtx comes first then, and does more.
    if (t3Rtx.isRunning() && nowNanos + timeout >= t3Rtx.deadlineNanos()) {
      tail.stop();
    } else {
      tail.start(nowNanos, timeout);
    }
  }

  private void stopTailProbe() {
    tail.stop();
    tailProbeEnd = NO_PROBE;
    tailProbeDue = false;
  }

  /** RFC 8985 section 7.3: new data if there is some, otherwise the last once more. */
  private void probeTail(long nowNanos) {
    tail.stop();
    if (outstanding.hasLost() || outstanding.inFlight() == 0) {
      return;
    }
    if (!queue.isEmpty() && windowTakes(queue.headerBytes() + 1)) {
      tailProbeDue = true;
      tailProbeRepeated = false;
      tailProbeEnd = outstanding.nextTsn();
      return;
    }
    OutstandingChunk last = outstanding.lastSent();
    // A message that may not be sent again must not be given up because of a mere suspicion, and
    // its lifetime is judged when it is sent.
    if (last == null || !last.owner().isReliable()) {
      return;
    }
    outstanding.markForProbe(last);
    fastRetransmitDue = true;
    // T3-rtx runs from the probe's sending, so that an answer has the time to come.
    t3Rtx.start(nowNanos, rto.rtoNanos());
    tailProbeRepeated = true;
    tailProbeEnd = outstanding.nextTsn() - 1;
  }

  /**
   * RFC 8985 section 7.4.2: a probe that repeated data and was the only copy to come hid a loss.
   * When later data is acknowledged and no duplicate was reported, it was.
   */
  private void judgeTailProbe(long nowNanos, long cumulative, int duplicates) {
    if (tailProbeEnd == NO_PROBE || cumulative < tailProbeEnd) {
      return;
    }
    if (tailProbeRepeated && cumulative == tailProbeEnd && duplicates == 0) {
      return;
    }
    boolean hidLoss = tailProbeRepeated && duplicates == 0 && recoveryPoint == NO_RECOVERY;
    tailProbeEnd = NO_PROBE;
    tailProbeDue = false;
    if (hidLoss) {
      congestion.lossDetected();
      pacer.lost(nowNanos, rto.srttNanos());
    }
  }

  private boolean isWindowProbe() {
    // Only a peer that still answers is forgiven: its SACKs renew lastProgressNanos.
    return peerWindow == 0 && outstanding.inFlight() <= 1 && consecutiveTimeouts <= 1;
  }

  /** Applies a SACK, RFC 9260 section 6.2.1. */
  public SackOutcome sack(long nowNanos, SackView sack) {
    long cumulative = tsns.peek(sack.cumulativeTsnAck());
    if (cumulative < outstanding.cumulativeTsnAck()) {
      return SackOutcome.OLD;
    }
    if (!outstanding.isPossible(sack, cumulative)) {
      return SackOutcome.IMPOSSIBLE;
    }
    long flightBefore = outstanding.flightBytes();
    boolean wasOutstanding = outstanding.awaitsPeer();
    boolean opens = peerWindow == 0 && sack.aRwnd() > 0;
    ackNanos = nowNanos;
    deliveryRate.beginAck();
    outstanding.apply(
        sack, cumulative, recoveryPoint != NO_RECOVERY, maxPacketBytes - PacketHeader.BYTES);
    takeNewest();
    if (sack.duplicateTsns() > 0) {
      rack.duplicatesReported(cumulative, outstanding.nextTsn());
    }
    peerWindow = sack.aRwnd();
    if (wasOutstanding && peerWindow == 0) {
      // A SACK with a closed window answers the probe: the peer lives, it only has no room.
      progress(nowNanos);
    }
    react(nowNanos, cumulative, flightBefore);
    judgeTailProbe(nowNanos, cumulative, sack.duplicateTsns());
    if (opens && !outstanding.cumulativeAdvanced() && !outstanding.isEmpty()) {
      // The probe found the window closed and was thrown away: it need not wait for T3-rtx.
      outstanding.markAllLost();
      fastRetransmitDue = outstanding.hasLost();
    }
    return SackOutcome.APPLIED;
  }

  /** Applies the cumulative TSN ack of a SHUTDOWN, RFC 9260 section 9.2. */
  public SackOutcome cumulativeAck(long nowNanos, int cumulativeTsnAck) {
    long cumulative = tsns.peek(cumulativeTsnAck);
    if (cumulative < outstanding.cumulativeTsnAck()) {
      return SackOutcome.OLD;
    }
    if (!outstanding.isPossible(cumulative)) {
      return SackOutcome.IMPOSSIBLE;
    }
    long flightBefore = outstanding.flightBytes();
    ackNanos = nowNanos;
    deliveryRate.beginAck();
    outstanding.applyCumulative(cumulative);
    takeNewest();
    react(nowNanos, cumulative, flightBefore);
    return SackOutcome.APPLIED;
  }

  private void progress(long nowNanos) {
    lastProgressNanos = nowNanos;
    consecutiveTimeouts = 0;
    probe.stop();
  }

  private void react(long nowNanos, long cumulative, long flightBefore) {
    tsns.reset(cumulative);
    boolean somethingNew = outstanding.ackedBytes() > 0 || outstanding.cumulativeAdvanced();
    if (somethingNew) {
      progress(nowNanos);
    }
    measureRoundTrip(nowNanos);
    if (recoveryPoint != NO_RECOVERY && cumulative >= recoveryPoint) {
      recoveryPoint = NO_RECOVERY;
      rack.recovered();
    }
    boolean inRecovery = recoveryPoint != NO_RECOVERY;
    detectByTime(nowNanos);
    tellLost();
    if (somethingNew) {
      congestion.acknowledged(summary(nowNanos, flightBefore, inRecovery));
      if (!outstanding.hasNewLoss()) {
        pacer.acknowledged(nowNanos, rto.srttNanos());
      }
    }
    if (outstanding.hasNewLoss()) {
      lossFound(nowNanos, inRecovery);
    }
    guardForwardTsn(nowNanos, cumulative);
    mindT3(nowNanos);
    armTailProbe(nowNanos);
    if (!outstanding.awaitsPeer()) {
      congestion.allAcknowledged();
    }
  }

  private AckSummary summary(long nowNanos, long flightBefore, boolean inRecovery) {
    long sent = outstanding.rttSentNanos();
    ackSummary.nowNanos = nowNanos;
    ackSummary.ackedBytes = outstanding.ackedBytes();
    ackSummary.cumulativeAdvanced = outstanding.cumulativeAdvanced();
    ackSummary.flightBeforeBytes = flightBefore;
    ackSummary.flightBytes = outstanding.flightBytes();
    ackSummary.inRecovery = inRecovery;
    ackSummary.srttNanos = rto.srttNanos();
    ackSummary.rttNanos = sent >= 0 ? nowNanos - sent : AckSummary.NOT_MEASURED;
    deliveryRate.endAck(ackSummary, rack.minRttNanos());
    return ackSummary;
  }

  private void measureRoundTrip(long nowNanos) {
    long sent = outstanding.rttSentNanos();
    // RFC 9260 section 6.3.1: "RTT measurements SHOULD be made no more than once per round trip".
    boolean newRoundTrip = lastRttNanos == NOT_SENT || nowNanos - lastRttNanos >= rto.srttNanos();
    if (sent >= 0 && newRoundTrip) {
      rto.measured(nowNanos - sent);
      lastRttNanos = nowNanos;
    } else if (forwardedOnce && outstanding.cumulativeTsnAck() >= forwardedTsn) {
      // What a FORWARD-TSN that was sent once skips is acknowledged: where nothing but these goes
      // through, they are all there is to measure by, and the RTO would stay backed off.
      rto.measured(nowNanos - forwardTsnSentNanos);
      lastRttNanos = nowNanos;
    }
    forwardedOnce &= outstanding.cumulativeTsnAck() < forwardedTsn;
  }

  private void lossFound(long nowNanos, boolean inRecovery) {
    if (!inRecovery) {
      // RFC 9260 section 7.2.4: once per window, until what was outstanding now is acknowledged.
      recoveryPoint = outstanding.nextTsn() - 1;
      fastRecoveries++;
      congestion.lossDetected();
      fastRetransmitDue = true;
    }
    // A buffer that a burst overflows drops the rest of the burst, packets side by side; what is
    // lost here and there would be lost in shorter bursts as well.
    if (outstanding.takeLongestLostRow() >= (long) PACKETS_OF_A_LOST_TAIL * packetChunkBytes()) {
      pacer.lost(nowNanos, rto.srttNanos());
    }
  }

  private int packetChunkBytes() {
    return maxPacketBytes - PacketHeader.BYTES;
  }

  private void guardForwardTsn(long nowNanos, long cumulative) {
    outstanding.advanceAfterSack();
    boolean goesOn = forwardTsnCut && outstanding.cumulativeAdvanced();
    long point = outstanding.advancedPeerAckPoint();
    // What was told and may still be on its way is repeated once a round trip; news goes at once.
    boolean unheard = point > forwardedTsn || nowNanos - forwardTsnSentNanos >= rto.srttNanos();
    if (point > cumulative && (goesOn || unheard)) {
      forwardTsnDue = true;
    }
  }

  private void mindT3(long nowNanos) {
    if (!outstanding.awaitsPeer()) {
      t3Rtx.stop();
    } else if (outstanding.cumulativeAdvanced()) {
      // RFC 9260 section 6.3.2 R3.
      t3Rtx.start(nowNanos, rto.rtoNanos());
    } else {
      t3Rtx.startIfStopped(nowNanos, rto.rtoNanos());
    }
  }

  /** The selected path is another one, RFC 8261 section 6.1: nothing measured counts. */
  public void pathChanged(long nowNanos) {
    rto.reset();
    congestion.reset(maxPacketBytes);
    pacer.reset(nowNanos);
    rack.reset();
    reordering.stop();
    stopTailProbe();
    recoveryPoint = NO_RECOVERY;
    lastRttNanos = NOT_SENT;
    consecutiveTimeouts = 0;
    probe.stop();
    outstanding.markAllLost();
    fastRetransmitDue = outstanding.hasLost();
    t3Rtx.stop();
    if (outstanding.awaitsPeer()) {
      t3Rtx.start(nowNanos, rto.rtoNanos());
    }
  }

  /** COOKIE ECHO goes out again, and with it the DATA that rode along. */
  public void cookieResent() {
    outstanding.markAllLost();
    fastRetransmitDue = outstanding.hasLost();
  }

  /** The association is up: the peer has had no chance to acknowledge what rode with the cookie. */
  public void established(long nowNanos) {
    if (outstanding.awaitsPeer()) {
      t3Rtx.start(nowNanos, rto.rtoNanos());
      lastProgressNanos = nowNanos;
    }
  }

  /**
   * How many bytes of chunks the next packet must take at least: what was sent in larger packets
   * cannot be cut anew.
   */
  public int leastRoom() {
    long tsn = outstanding.lowestLost();
    int least = tsn == Long.MAX_VALUE ? 0 : outstanding.at(tsn).chunkBytes;
    if (outstanding.hasReserved()) {
      least =
          Math.max(least, Chunk.padded(queue.headerBytes() + outstanding.reservedFragmentBytes()));
    }
    return least;
  }

  /** Whether nothing is known to have passed since T3-rtx expired. */
  public boolean isPathSilent() {
    return consecutiveTimeouts > 0;
  }

  /** Whether packets larger than the base size are lost while others pass. */
  public boolean isBlackHole() {
    return outstanding.blackHole().isFound();
  }

  /** Packets have the base size again. */
  public void leaveBlackHole() {
    outstanding.blackHole().reset();
  }

  /** Whether {@link #fill} would write something now. */
  public boolean hasWork(long nowNanos) {
    blockedByPacer = false;
    if (forwardTsnDue) {
      return true;
    }
    boolean retransmission = outstanding.hasLost();
    if (!retransmission && queue.isEmpty()) {
      if (outstanding.flightBytes() < congestion.cwndBytes()) {
        deliveryRate.applicationLimited(outstanding.flightBytes());
      }
      return false;
    }
    if (fastRetransmitDue && retransmission) {
      return true;
    }
    if (tailProbeDue && !retransmission && windowTakes(queue.headerBytes() + 1)) {
      return true;
    }
    if (outstanding.flightBytes() >= congestion.cwndBytes()) {
      return false;
    }
    if (!retransmission && !windowTakes(queue.headerBytes() + 1)) {
      deliveryRate.applicationLimited(outstanding.flightBytes());
      return false;
    }
    if (!pacer.mayStart(nowNanos)) {
      blockedByPacer = true;
      return false;
    }
    return true;
  }

  private boolean windowTakes(int bytes) {
    // RFC 9260 section 6.1 A: one DATA chunk may always be in flight, whatever the window.
    return outstanding.size() < maxOutstanding
        && (outstanding.flightBytes() + bytes <= peerWindow
            || outstanding.inFlight() == 0 && !outstanding.hasLost());
  }

  /** Adds what fits to the packet; {@link #hasWork} has said that there is something. */
  public void fill(long nowNanos, long lifetimeNow, PacketBuffer packet) {
    long expiryNow = partialReliability ? lifetimeNow : Long.MIN_VALUE;
    abandonLeadingLost(expiryNow);
    if (forwardTsnDue) {
      addForwardTsn(nowNanos, packet);
    }
    if (lastDataSentNanos != NOT_SENT && !outstanding.awaitsPeer()) {
      long idleNanos = nowNanos - lastDataSentNanos;
      if (idleNanos >= rto.rtoNanos()) {
        congestion.idle(idleNanos, rto.rtoNanos());
        pacer.reset(nowNanos);
      }
    }
    int before = packet.length();
    chunksBeforePacket = chunksSent;
    escorting = false;
    outstanding.blackHole().beginPacket(PacketHeader.BYTES + packet.fullRoom(), maxPacketBytes);
    boolean regardlessOfCwnd = fastRetransmitDue || tailProbeDue;
    if (regardlessOfCwnd || mayFill()) {
      boolean probesTail = tailProbeDue;
      boolean retransmitsNow = fastRetransmitDue;
      fastRetransmitDue = false;
      tailProbeDue = false;
      int beforeLost = packet.length();
      fillWithLost(nowNanos, expiryNow, packet);
      if (outstanding.hasLost()) {
        // It does not fit beside what is in the packet already. New data that does must not
        // overtake
        // it: packet after packet with a SACK in front, what was lost would never go again.
        fastRetransmitDue = retransmitsNow && packet.length() == beforeLost;
      } else if (probesTail || mayFill()) {
        fillWithNew(nowNanos, expiryNow, packet);
      }
    }
    if (forwardTsnDue) {
      // Something was abandoned while the packet was filled.
      addForwardTsn(nowNanos, packet);
    }
    if (outstanding.awaitsPeer()) {
      // What T3-rtx took for lost may have been given up instead of sent, and TSNs that are kept
      // for an earlier message leave nothing to tell the peer: the rest is to be watched all the
      // same.
      t3Rtx.startIfStopped(nowNanos, rto.rtoNanos());
    }
    int written = packet.length() - before;
    if (written > 0) {
      outstanding.blackHole().endPacket(packet.length(), maxPacketBytes);
      probing = false;
      lastDataSentNanos = nowNanos;
      armTailProbe(nowNanos);
      pacer.sent(nowNanos, written, congestion.pacingBytesPerSecond(rto.srttNanos()));
    }
  }

  private boolean mayFill() {
    return outstanding.flightBytes() < congestion.cwndBytes();
  }

  /** Gives up messages at the head of what is lost that are not worth sending again. */
  private void abandonLeadingLost(long expiryNow) {
    if (!partialReliability) {
      return;
    }
    for (long tsn = outstanding.lowestLost();
        tsn != Long.MAX_VALUE;
        tsn = outstanding.lowestLost()) {
      OutstandingChunk chunk = outstanding.at(tsn);
      if (!OutstandingData.isUsedUp(chunk, expiryNow)) {
        return;
      }
      abandon(chunk.owner());
    }
  }

  private void abandon(OutgoingMessage message) {
    long before = outstanding.advancedPeerAckPoint();
    outstanding.abandon(message);
    // While an earlier TSN is still wanted, there is nothing to tell.
    forwardTsnDue |= outstanding.advancedPeerAckPoint() > before;
  }

  private void fillWithLost(long nowNanos, long expiryNow, PacketBuffer packet) {
    while (true) {
      abandonLeadingLost(expiryNow);
      long tsn = outstanding.lowestLost();
      if (tsn == Long.MAX_VALUE) {
        return;
      }
      OutstandingChunk chunk = outstanding.at(tsn);
      if (chunk.chunkBytes > packet.room()) {
        return;
      }
      Chunk due = chunk.beginsStream() ? escortOf(chunk.owner()) : null;
      if (due != null) {
        if (hasData()) {
          return;
        }
        if (due.paddedLength() + chunk.chunkBytes <= packet.room()) {
          addEscort(due, packet);
        }
      }
      long flightBefore = outstanding.flightBytes();
      outstanding.resent(chunk, nowNanos);
      deliveryRate.sent(chunk, nowNanos, flightBefore);
      chunksRetransmitted++;
      write(chunk, packet);
      if (tsn == outstanding.cumulativeTsnAck() + 1 && !probing) {
        // RFC 9260 section 7.2.4 step 4: the timer runs anew for the earliest outstanding TSN.
        t3Rtx.start(nowNanos, rto.rtoNanos());
      } else {
        t3Rtx.startIfStopped(nowNanos, rto.rtoNanos());
      }
    }
  }

  private void fillWithNew(long nowNanos, long expiryNow, PacketBuffer packet) {
    int header = queue.headerBytes();
    int fullRoom = Math.min(packet.fullRoom(), maxPacketBytes - PacketHeader.BYTES) - header;
    while (true) {
      OutgoingMessage message = queue.next(expiryNow, overtakableBytes(fullRoom));
      if (message == null) {
        return;
      }
      if (message.isStarted() && message.isExpired(expiryNow)) {
        abandon(message);
        continue;
      }
      Chunk due = message.isNextFirst() ? escortOf(message) : null;
      if (due != null && hasData()) {
        return;
      }
      int room = packet.room() - header;
      int length;
      if (outstanding.isReservedFor(message)) {
        length = Math.min(outstanding.reservedFragmentBytes(), message.remaining());
        if (length > room) {
          return;
        }
      } else {
        int beside = due == null ? room : room - due.paddedLength();
        length = SendQueue.fragmentBytes(message, Math.min(beside, fullRoom), fullRoom);
        if (length <= 0 && due != null) {
          // So long a message fits only a packet of its own.
          due = null;
          length = SendQueue.fragmentBytes(message, Math.min(room, fullRoom), fullRoom);
        }
      }
      if (length <= 0 || !windowTakes(Chunk.padded(header + length))) {
        return;
      }
      OutgoingMessage overtaken = queue.overtaken();
      if (overtaken != null && !outstanding.hasReserved()) {
        outstanding.reserve(overtaken, fullRoom & ~3);
      }
      if (due != null) {
        addEscort(due, packet);
      }
      int flags = message.order == Order.UNORDERED ? DataFormat.U_BIT : 0;
      if (!message.isStarted()) {
        flags |= DataFormat.B_BIT;
      }
      if (length == message.remaining()) {
        flags |= DataFormat.E_BIT;
      }
      if (!outstanding.awaitsPeer()) {
        lastProgressNanos = nowNanos;
      }
      long flightBefore = outstanding.flightBytes();
      OutstandingChunk chunk =
          outstanding.append(message, length, flags, Chunk.padded(header + length), nowNanos);
      deliveryRate.sent(chunk, nowNanos, flightBefore);
      if (queue.isEmpty()) {
        // RFC 9260 section 3.3.1: nothing follows that would make the peer acknowledge soon.
        chunk.flags |= DataFormat.I_BIT;
      }
      write(chunk, packet);
      t3Rtx.startIfStopped(nowNanos, rto.rtoNanos());
    }
  }

  /** What has to go in front of the message and is not in the packet yet. */
  private @Nullable Chunk escortOf(OutgoingMessage first) {
    return escort != null && !escorting && escort.goesWith(first.stream.streamId)
        ? escort.chunk()
        : null;
  }

  /** RFC 9260 section 6.10: control chunks come before DATA in a packet. */
  private boolean hasData() {
    return chunksSent > chunksBeforePacket;
  }

  private void addEscort(Chunk due, PacketBuffer packet) {
    packet.add(due);
    escorting = true;
  }

  /** How much of a message may be left for shorter ones to go before its rest. */
  private int overtakableBytes(int fragmentBytes) {
    int tsns = MAX_OVERTAKING_TSNS - outstanding.size();
    if (tsns <= 0) {
      return 0;
    }
    return outstanding.hasReserved() ? Integer.MAX_VALUE : tsns * fragmentBytes;
  }

  private void write(OutstandingChunk chunk, PacketBuffer packet) {
    long tsn = chunk.tsn;
    OutgoingMessage message = chunk.owner();
    byte[] out = packet.bytes();
    int at = packet.position();
    int header;
    if (queue.isInterleaving()) {
      boolean begins = (chunk.flags & DataFormat.B_BIT) != 0;
      header =
          DataFormat.writeIDataHeader(
              out,
              at,
              chunk.flags,
              chunk.length,
              (int) tsn,
              message.stream.streamId,
              (int) message.id(),
              begins ? message.ppid : chunk.fragment);
    } else {
      header =
          DataFormat.writeDataHeader(
              out,
              at,
              chunk.flags,
              chunk.length,
              (int) tsn,
              message.stream.streamId,
              (int) message.id(),
              message.ppid);
    }
    int payload =
        DataFormat.writePayload(out, at + header, message.payload, chunk.offset, chunk.length);
    packet.advance(header + payload);
    outstanding.blackHole().written(chunk);
    chunksSent++;
    bytesSent += chunk.length;
  }

  /** RFC 3758 section 3.5 C3. */
  private void addForwardTsn(long nowNanos, PacketBuffer packet) {
    long cumulative = outstanding.cumulativeTsnAck();
    long point = outstanding.advancedPeerAckPoint();
    forwardTsnDue = false;
    forwardTsnCut = false;
    if (point <= cumulative) {
      return;
    }
    if (packet.room() < LEAST_FORWARD_TSN_BYTES) {
      // Without room for a stream it would say nothing; the next packet has room.
      forwardTsnDue = true;
      return;
    }
    long from = outstanding.endOfPassed(cumulative);
    for (int i = 0; from < point && !forwardTsnCut; i++) {
      if (i == MAX_FORWARD_TSNS || packet.room() < LEAST_FORWARD_TSN_BYTES) {
        forwardTsnCut = true;
        break;
      }
      long to = outstanding.endOfAbandoned(from);
      packet.add(
          queue.isInterleaving()
              ? iForwardTsn(from, to, packet.room())
              : forwardTsn(from, to, packet.room()));
      forwardTsns++;
      from = outstanding.endOfPassed(to);
    }
    forwardTsnSentNanos = nowNanos;
    forwardedOnce = point > forwardedTsn;
    forwardedTsn = point;
    t3Rtx.startIfStopped(nowNanos, rto.rtoNanos());
  }

  private ForwardTsnChunk forwardTsn(long from, long to, int room) {
    int maxEntries = Math.max(0, (room - Chunk.HEADER_BYTES - 4) / 4);
    var lastSsns = new LinkedHashMap<Integer, Integer>();
    long covered = from;
    for (long tsn = from + 1; tsn <= to; tsn++) {
      OutgoingMessage message = outstanding.at(tsn).owner();
      if (message.order == Order.ORDERED) {
        int streamId = message.stream.streamId;
        if (lastSsns.size() == maxEntries && !lastSsns.containsKey(streamId)) {
          // RFC 3758 section 3.5 C4: what does not fit is left for the next one.
          forwardTsnCut = true;
          break;
        }
        lastSsns.put(streamId, (int) message.id() & 0xffff);
      }
      covered = tsn;
    }
    List<ForwardTsnChunk.SkippedStream> skipped = new ArrayList<>(lastSsns.size());
    lastSsns.forEach((id, ssn) -> skipped.add(new ForwardTsnChunk.SkippedStream(id, ssn)));
    return new ForwardTsnChunk((int) covered, skipped);
  }

  private IForwardTsnChunk iForwardTsn(long from, long to, int room) {
    int maxEntries = Math.max(0, (room - Chunk.HEADER_BYTES - 4) / 8);
    record Key(int streamId, Order order) {}
    var lastMids = new LinkedHashMap<Key, Long>();
    long covered = from;
    for (long tsn = from + 1; tsn <= to; tsn++) {
      OutgoingMessage message = outstanding.at(tsn).owner();
      var key = new Key(message.stream.streamId, message.order);
      if (lastMids.size() == maxEntries && !lastMids.containsKey(key)) {
        forwardTsnCut = true;
        break;
      }
      // Not always in the order of TSNs: the one that ends a message may come late.
      lastMids.merge(key, message.id(), Math::max);
      covered = tsn;
    }
    List<IForwardTsnChunk.SkippedStream> skipped = new ArrayList<>(lastMids.size());
    lastMids.forEach(
        (key, mid) ->
            skipped.add(
                new IForwardTsnChunk.SkippedStream(key.streamId(), key.order(), (int) (long) mid)));
    return new IForwardTsnChunk((int) covered, skipped);
  }

  /** What is kept and outstanding takes on the heap. */
  public long memoryBytes() {
    return queue.memoryBytes()
        + outstanding.memoryBytes()
        + (escort == null ? 0 : escort.memoryBytes());
  }

  /** How many gap ack blocks and TSNs SACKs made us look at. */
  public long steps() {
    return outstanding.steps();
  }

  /** What statistics tell. */
  public CongestionControl congestion() {
    return congestion;
  }

  /** Bytes in flight: chunks with their headers. */
  public long flightBytes() {
    return outstanding.flightBytes();
  }

  /** The peer's receive window as it last said. */
  public long peerWindow() {
    return peerWindow;
  }

  /** Packets in one burst. */
  public int burstPackets() {
    return pacer.burstPackets();
  }

  /** DATA chunks sent, retransmissions included. */
  public long chunksSent() {
    return chunksSent;
  }

  /** DATA chunks sent again. */
  public long chunksRetransmitted() {
    return chunksRetransmitted;
  }

  /** Payload bytes sent, retransmissions included. */
  public long bytesSent() {
    return bytesSent;
  }

  /** How often T3-rtx expired. */
  public long timeouts() {
    return timeouts;
  }

  /** How often a fast recovery began. */
  public long fastRecoveries() {
    return fastRecoveries;
  }

  /** How many FORWARD-TSN or I-FORWARD-TSN were sent. */
  public long forwardTsns() {
    return forwardTsns;
  }
}
