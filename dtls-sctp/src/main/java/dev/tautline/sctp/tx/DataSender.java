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

  /** Gap ack blocks reach 65535 TSNs; receivers keep less. */
  private static final int MAX_OUTSTANDING = 32_768;

  /** Retransmissions of the earliest data between two expirations of T3-rtx. */
  private static final int PROBES_PER_TIMEOUT = 2;

  /** From so many expirations in a row on, probes go between them. */
  private static final int TIMEOUTS_BEFORE_PROBES = 2;

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

  /** What is retransmitted next is a probe, which leaves T3-rtx as it is. */
  private boolean probing;

  private int maxPacketBytes;
  private boolean partialReliability;
  private long peerWindow;

  /** The highest TSN sent when the recovery began; it ends when that is acknowledged. */
  private long recoveryPoint = NO_RECOVERY;

  /** One packet of retransmissions may go regardless of cwnd, RFC 9260 section 7.2.4 step 3. */
  private boolean fastRetransmitDue;

  private boolean forwardTsnDue;
  private long forwardTsnSentNanos = NOT_SENT;
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
   */
  public DataSender(
      int initialTsn,
      RetransmissionTimeout rto,
      CongestionControl congestion,
      int maxPacketBytes,
      Persistence persistence) {
    this.persistence = persistence;
    // One turn of the wire's numbers above 0, so that no unwrapped TSN is negative.
    long first = (initialTsn & 0xffff_ffffL) + (1L << 32);
    this.outstanding = new OutstandingData(queue, first);
    this.tsns = SerialUnwrapper.of32Bits(first - 1);
    this.rto = rto;
    this.congestion = congestion;
    this.maxPacketBytes = maxPacketBytes;
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

  /** From now on packets are at most that long. */
  public void setMaxPacketBytes(int bytes) {
    maxPacketBytes = bytes;
  }

  /** Whether nothing waits and nothing is outstanding. */
  public boolean isDrained() {
    return queue.isEmpty() && queue.bufferedBytes() == 0 && outstanding.isEmpty();
  }

  /** Whether something is outstanding: the peer owes an acknowledgement. */
  public boolean hasOutstanding() {
    return !outstanding.isEmpty();
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
      probeWhenDue(nowNanos);
      return TimerOutcome.NOTHING;
    }
    t3Rtx.stop();
    probing = false;
    timeouts++;
    consecutiveTimeouts++;
    rto.backOff();
    boolean windowProbe = isWindowProbe();
    outstanding.markAllLost();
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
    probing = fastRetransmitDue;
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
    boolean wasOutstanding = !outstanding.isEmpty();
    boolean opens = peerWindow == 0 && sack.aRwnd() > 0;
    outstanding.apply(
        sack, cumulative, recoveryPoint != NO_RECOVERY, maxPacketBytes - PacketHeader.BYTES);
    peerWindow = sack.aRwnd();
    if (wasOutstanding && peerWindow == 0) {
      // A SACK with a closed window answers the probe: the peer lives, it only has no room.
      progress(nowNanos);
    }
    react(nowNanos, cumulative, flightBefore);
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
    if (cumulative >= outstanding.nextTsn()) {
      return SackOutcome.IMPOSSIBLE;
    }
    long flightBefore = outstanding.flightBytes();
    outstanding.applyCumulative(cumulative);
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
    }
    boolean inRecovery = recoveryPoint != NO_RECOVERY;
    if (somethingNew) {
      congestion.acknowledged(
          outstanding.ackedBytes(), outstanding.cumulativeAdvanced(), flightBefore, inRecovery);
      if (!outstanding.hasNewLoss()) {
        pacer.acknowledged(nowNanos, rto.srttNanos());
      }
    }
    if (outstanding.hasNewLoss()) {
      lossFound(nowNanos, inRecovery);
    }
    guardForwardTsn(nowNanos, cumulative);
    mindT3(nowNanos);
    if (outstanding.isEmpty()) {
      congestion.allAcknowledged();
    }
  }

  private void measureRoundTrip(long nowNanos) {
    long sent = outstanding.rttSentNanos();
    // RFC 9260 section 6.3.1: "RTT measurements SHOULD be made no more than once per round trip".
    boolean newRoundTrip = lastRttNanos == NOT_SENT || nowNanos - lastRttNanos >= rto.srttNanos();
    if (sent >= 0 && newRoundTrip) {
      rto.measured(nowNanos - sent);
      lastRttNanos = nowNanos;
    }
  }

  private void lossFound(long nowNanos, boolean inRecovery) {
    if (!inRecovery) {
      // RFC 9260 section 7.2.4: once per window, until what was outstanding now is acknowledged.
      recoveryPoint = outstanding.nextTsn() - 1;
      fastRecoveries++;
      congestion.lossDetected();
      pacer.lost(nowNanos, rto.srttNanos());
      fastRetransmitDue = true;
    }
  }

  private void guardForwardTsn(long nowNanos, long cumulative) {
    outstanding.advanceAfterSack();
    if (outstanding.advancedPeerAckPoint() > cumulative
        && (forwardTsnSentNanos == NOT_SENT || nowNanos - forwardTsnSentNanos >= rto.srttNanos())) {
      forwardTsnDue = true;
    }
  }

  private void mindT3(long nowNanos) {
    if (outstanding.isEmpty()) {
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
    recoveryPoint = NO_RECOVERY;
    lastRttNanos = NOT_SENT;
    consecutiveTimeouts = 0;
    probe.stop();
    outstanding.markAllLost();
    fastRetransmitDue = outstanding.hasLost();
    t3Rtx.stop();
    if (!outstanding.isEmpty()) {
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
    if (!outstanding.isEmpty()) {
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
    return tsn == Long.MAX_VALUE ? 0 : outstanding.at(tsn).chunkBytes;
  }

  /** Whether {@link #fill} would write something now. */
  public boolean hasWork(long nowNanos) {
    blockedByPacer = false;
    if (forwardTsnDue) {
      return true;
    }
    boolean retransmission = outstanding.hasLost();
    if (!retransmission && queue.isEmpty()) {
      return false;
    }
    if (fastRetransmitDue && retransmission) {
      return true;
    }
    if (outstanding.flightBytes() >= congestion.cwndBytes()) {
      return false;
    }
    if (!retransmission && !windowTakes(queue.headerBytes() + 1)) {
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
    return outstanding.size() < MAX_OUTSTANDING
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
    if (lastDataSentNanos != NOT_SENT && outstanding.isEmpty()) {
      long idleNanos = nowNanos - lastDataSentNanos;
      if (idleNanos >= rto.rtoNanos()) {
        congestion.idle(idleNanos, rto.rtoNanos());
        pacer.reset(nowNanos);
      }
    }
    int before = packet.length();
    boolean regardlessOfCwnd = fastRetransmitDue;
    if (regardlessOfCwnd || mayFill()) {
      fastRetransmitDue = false;
      fillWithLost(nowNanos, expiryNow, packet);
      if (mayFill()) {
        fillWithNew(nowNanos, expiryNow, packet);
      }
    }
    if (forwardTsnDue) {
      // Something was abandoned while the packet was filled.
      addForwardTsn(nowNanos, packet);
    }
    int written = packet.length() - before;
    if (written > 0) {
      probing = false;
      lastDataSentNanos = nowNanos;
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
      outstanding.resent(chunk, nowNanos);
      chunksRetransmitted++;
      write(chunk, tsn, packet);
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
    while (true) {
      OutgoingMessage message = queue.next(expiryNow);
      if (message == null) {
        return;
      }
      if (message.isStarted() && message.isExpired(expiryNow)) {
        abandon(message);
        continue;
      }
      int length =
          SendQueue.fragmentBytes(message, packet.room() - header, packet.fullRoom() - header);
      if (length <= 0 || !windowTakes(Chunk.padded(header + length))) {
        return;
      }
      int flags = message.order == Order.UNORDERED ? DataFormat.U_BIT : 0;
      if (!message.isStarted()) {
        flags |= DataFormat.B_BIT;
      }
      if (length == message.remaining()) {
        flags |= DataFormat.E_BIT;
      }
      long tsn = outstanding.nextTsn();
      if (outstanding.isEmpty()) {
        lastProgressNanos = nowNanos;
      }
      OutstandingChunk chunk =
          outstanding.append(message, length, flags, Chunk.padded(header + length), nowNanos);
      if (queue.isEmpty()) {
        // RFC 9260 section 3.3.1: nothing follows that would make the peer acknowledge soon.
        chunk.flags |= DataFormat.I_BIT;
      }
      write(chunk, tsn, packet);
      t3Rtx.startIfStopped(nowNanos, rto.rtoNanos());
    }
  }

  private void write(OutstandingChunk chunk, long tsn, PacketBuffer packet) {
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
    chunksSent++;
    bytesSent += chunk.length;
  }

  private void addForwardTsn(long nowNanos, PacketBuffer packet) {
    long cumulative = outstanding.cumulativeTsnAck();
    long point = outstanding.advancedPeerAckPoint();
    forwardTsnDue = false;
    if (point <= cumulative) {
      return;
    }
    Chunk chunk =
        queue.isInterleaving()
            ? iForwardTsn(cumulative, point, packet.room())
            : forwardTsn(cumulative, point, packet.room());
    if (chunk.paddedLength() > packet.room()) {
      forwardTsnDue = true;
      return;
    }
    packet.add(chunk);
    forwardTsnSentNanos = nowNanos;
    forwardTsns++;
    t3Rtx.startIfStopped(nowNanos, rto.rtoNanos());
  }

  private ForwardTsnChunk forwardTsn(long cumulative, long point, int room) {
    int maxEntries = Math.max(0, (room - Chunk.HEADER_BYTES - 4) / 4);
    var lastSsns = new LinkedHashMap<Integer, Integer>();
    long covered = cumulative;
    for (long tsn = cumulative + 1; tsn <= point; tsn++) {
      OutgoingMessage message = outstanding.at(tsn).owner();
      if (message.order == Order.ORDERED) {
        int streamId = message.stream.streamId;
        if (lastSsns.size() == maxEntries && !lastSsns.containsKey(streamId)) {
          // RFC 3758 section 3.5 C4: what does not fit is left for the next one.
          forwardTsnDue = true;
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

  private IForwardTsnChunk iForwardTsn(long cumulative, long point, int room) {
    int maxEntries = Math.max(0, (room - Chunk.HEADER_BYTES - 4) / 8);
    record Key(int streamId, Order order) {}
    var lastMids = new LinkedHashMap<Key, Integer>();
    long covered = cumulative;
    for (long tsn = cumulative + 1; tsn <= point; tsn++) {
      OutgoingMessage message = outstanding.at(tsn).owner();
      var key = new Key(message.stream.streamId, message.order);
      if (lastMids.size() == maxEntries && !lastMids.containsKey(key)) {
        forwardTsnDue = true;
        break;
      }
      lastMids.put(key, (int) message.id());
      covered = tsn;
    }
    List<IForwardTsnChunk.SkippedStream> skipped = new ArrayList<>(lastMids.size());
    lastMids.forEach(
        (key, mid) ->
            skipped.add(new IForwardTsnChunk.SkippedStream(key.streamId(), key.order(), mid)));
    return new IForwardTsnChunk((int) covered, skipped);
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
