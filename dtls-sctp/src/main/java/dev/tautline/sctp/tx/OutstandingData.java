package dev.tautline.sctp.tx;

import dev.tautline.base.HeapSize;
import dev.tautline.sctp.packet.SackView;
import dev.tautline.sctp.tx.OutstandingChunk.State;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * What was sent and is not yet acknowledged for good, in a ring by TSN.
 *
 * <p>A SACK costs as much as it has gap ack blocks plus the TSNs whose state it changes: what the
 * last SACK said is kept as ranges and only the difference is applied. TSNs are unwrapped.
 */
final class OutstandingData {
  /** RFC 9260 section 7.2.4: the third miss indication marks a TSN for retransmission. */
  private static final int MISSES_FOR_LOSS = 3;

  /** A slot of the ring with its reference. */
  private static final long SLOT_BYTES = HeapSize.ofObject(2 * 4 + 7 * 4 + 2 + 8 * 8) + 4;

  /** Hears of chunks that were sent again when they are acknowledged for the first time. */
  interface RepeatedListener {
    /**
     * Called before the chunk's state changes.
     *
     * @param overtaken whether something first sent later was acknowledged by an earlier SACK
     */
    void acknowledged(OutstandingChunk chunk, boolean overtaken);
  }

  private final SendQueue queue;
  private final RepeatedListener repeatedListener;
  private final boolean countsMisses;
  private OutstandingChunk[] ring = newSlots(new OutstandingChunk[64], 0);

  private long cumulativeTsnAck;
  private long nextTsn;
  private long flightBytes;
  private int inFlight;
  private int lost;

  /** No TSN below it is lost. */
  private long lowestLost;

  /** No TSN below it can take another miss indication. */
  private long missFrom;

  private long advancedPeerAckPoint;

  /** All from the point above up to this TSN is given up or may be passed over. */
  private long passedTo;

  private boolean peerTakesBack;

  // The gap ack blocks of the SACK applied last, and those of the present one.
  private long[] knownStarts = new long[8];
  private long[] knownEnds = new long[8];
  private int known;
  private long[] starts = new long[8];
  private long[] ends = new long[8];

  /** Bytes that the present SACK acknowledged for the first time, by gap ack block. */
  private long[] newlyAcked = new long[8];

  // What the last SACK brought.
  private long ackedBytes;
  private boolean cumulativeAdvanced;
  private long highestNewlyAcked;
  private long rttSentNanos;
  private boolean newLoss;

  private final BlackHole blackHole = new BlackHole();

  /** What is in flight in the order of sending. */
  private final SendOrder sendOrder = new SendOrder();

  // What the present SACK acknowledges of what was sent only once.
  private @Nullable OutstandingChunk newestOnce;
  private long highestFirstOrder = -1;
  private long highestFirstOrderBefore = -1;
  private boolean overtaken;

  // The TSNs kept for the rest of one message; reservedFrom > reservedTo when there are none.
  private long reservedFrom = 1;
  private long reservedTo;
  private int reservedBytes;

  /** How many chunks above the cumulative TSN ack are in gap ack blocks. */
  private int gapAcked;

  private long lostBytes;

  // The longest row of chunks lost side by side of those noticed so far, and the present one.
  private long longestRowBytes;
  private long rowBytes;
  private long lastLostOrder;

  /** How many gap ack blocks and TSNs SACKs made us look at. */
  private long steps;

  /** Losses are noticed by miss indications. */
  OutstandingData(SendQueue queue, long initialTsn) {
    this(queue, initialTsn, true, (chunk, overtaken) -> {});
  }

  /** With or without miss indications; without them {@link #detectLost} notices losses. */
  OutstandingData(
      SendQueue queue, long initialTsn, boolean countsMisses, RepeatedListener repeatedListener) {
    this.queue = queue;
    this.countsMisses = countsMisses;
    this.repeatedListener = repeatedListener;
    this.cumulativeTsnAck = initialTsn - 1;
    this.nextTsn = initialTsn;
    this.lowestLost = initialTsn;
    this.missFrom = initialTsn;
    this.advancedPeerAckPoint = initialTsn - 1;
  }

  private static OutstandingChunk[] newSlots(OutstandingChunk[] slots, int from) {
    for (int i = from; i < slots.length; i++) {
      if (slots[i] == null) {
        slots[i] = new OutstandingChunk();
      }
    }
    return slots;
  }

  long cumulativeTsnAck() {
    return cumulativeTsnAck;
  }

  long nextTsn() {
    return nextTsn;
  }

  /** How many TSNs are above the cumulative TSN ack. */
  int size() {
    return (int) (nextTsn - 1 - cumulativeTsnAck);
  }

  boolean isEmpty() {
    return size() == 0;
  }

  /** Bytes of chunks that were sent and are neither acknowledged nor lost nor abandoned. */
  long flightBytes() {
    return flightBytes;
  }

  int inFlight() {
    return inFlight;
  }

  boolean hasLost() {
    return lost > 0;
  }

  long advancedPeerAckPoint() {
    return advancedPeerAckPoint;
  }

  OutstandingChunk at(long tsn) {
    return ring[(int) tsn & ring.length - 1];
  }

  /** Gives a fragment that is sent now its TSN: the next, or the one kept for it. */
  OutstandingChunk append(
      OutgoingMessage message, int length, int flags, int chunkBytes, long nowNanos) {
    long tsn;
    OutstandingChunk chunk;
    if (isReservedFor(message)) {
      tsn = reservedFrom++;
      chunk = at(tsn);
    } else {
      chunk = claimSlot();
      tsn = nextTsn++;
    }
    chunk.message = message;
    chunk.state = State.IN_FLIGHT;
    chunk.offset = message.cutOffset();
    chunk.length = length;
    chunk.fragment = message.fragments();
    chunk.flags = flags;
    chunk.chunkBytes = chunkBytes;
    chunk.transmissions = 1;
    chunk.misses = 0;
    chunk.retransmitted = false;
    chunk.sentNanos = nowNanos;
    chunk.tsn = tsn;
    queue.cut(message, tsn, length);
    flightBytes += chunkBytes;
    inFlight++;
    chunk.sendOrder = nextOrder(tsn);
    chunk.firstOrder = chunk.sendOrder;
    return chunk;
  }

  private long nextOrder(long tsn) {
    if (sendOrder.isFull()) {
      dropStale();
    }
    return sendOrder.add(tsn);
  }

  /** Forgets what was sent first and is no longer in flight. */
  private void dropStale() {
    while (!sendOrder.isEmpty() && !isCurrent(sendOrder.first(), sendOrder.firstTsn())) {
      sendOrder.removeFirst();
    }
  }

  /** Whether the TSN is in flight since the sending of that order. */
  private boolean isCurrent(long order, long tsn) {
    if (tsn <= cumulativeTsnAck) {
      return false;
    }
    OutstandingChunk chunk = at(tsn);
    return chunk.state == State.IN_FLIGHT && chunk.sendOrder == order;
  }

  /** What was sent first of what is in flight, or null. */
  private @Nullable OutstandingChunk firstSent() {
    dropStale();
    return sendOrder.isEmpty() ? null : at(sendOrder.firstTsn());
  }

  // --- TSNs that are kept ---

  /** Whether TSNs are kept for the rest of this message. */
  boolean isReservedFor(OutgoingMessage message) {
    return reservedFrom <= reservedTo && at(reservedFrom).message == message;
  }

  /** Whether TSNs are kept for the rest of some message. */
  boolean hasReserved() {
    return reservedFrom <= reservedTo;
  }

  /** How long each fragment is for which a TSN is kept, but for the last. */
  int reservedFragmentBytes() {
    return reservedBytes;
  }

  /**
   * Keeps the next TSNs for the rest of the message, so that those behind them can go first: RFC
   * 9260 section 6.9 wants the TSNs of one message in sequence, but not that they leave so.
   *
   * @param fragmentBytes the payload of each of its fragments but the last
   */
  void reserve(OutgoingMessage message, int fragmentBytes) {
    reservedBytes = fragmentBytes;
    reservedFrom = nextTsn;
    int fragments = (message.remaining() + fragmentBytes - 1) / fragmentBytes;
    for (int i = 0; i < fragments; i++) {
      OutstandingChunk chunk = claimSlot();
      chunk.message = message;
      chunk.state = State.RESERVED;
      chunk.chunkBytes = 0;
      chunk.length = 0;
      chunk.transmissions = 0;
      chunk.tsn = nextTsn++;
    }
    reservedTo = nextTsn - 1;
  }

  /** How many TSNs are kept for what was not sent yet. */
  private long reserved() {
    return Math.max(0, reservedTo - reservedFrom + 1);
  }

  /**
   * Whether the peer has yet to say something about what was sent, or was told to skip it. While
   * TSNs are kept, it cannot acknowledge for good what is behind them.
   */
  boolean awaitsPeer() {
    long kept = reserved();
    return kept == 0 ? !isEmpty() : size() - gapAcked - kept > 0;
  }

  private OutstandingChunk claimSlot() {
    if (size() == ring.length) {
      grow();
    }
    return at(nextTsn);
  }

  private void grow() {
    var larger = new OutstandingChunk[ring.length * 2];
    for (long tsn = cumulativeTsnAck + 1; tsn < nextTsn; tsn++) {
      larger[(int) tsn & larger.length - 1] = at(tsn);
    }
    ring = newSlots(larger, 0);
  }

  /** Whether the SACK speaks only of TSNs that were sent. */
  boolean isPossible(SackView sack, long cumulative) {
    long highest = nextTsn - 1;
    if (cumulative > highest) {
      return false;
    }
    int blocks = sack.gapAckBlocks();
    if (blocks > 0 && cumulative + sack.gapEnd(blocks - 1) > highest) {
      return false;
    }
    return !hasReserved() || sparesReserved(sack, cumulative);
  }

  /** Whether the cumulative TSN ack alone speaks only of TSNs that were sent. */
  boolean isPossible(long cumulative) {
    return cumulative < nextTsn && (!hasReserved() || cumulative < reservedFrom);
  }

  private boolean sparesReserved(SackView sack, long cumulative) {
    if (cumulative >= reservedFrom) {
      return false;
    }
    for (int i = 0; i < sack.gapAckBlocks(); i++) {
      if (cumulative + sack.gapEnd(i) >= reservedFrom
          && cumulative + sack.gapStart(i) <= reservedTo) {
        return false;
      }
    }
    return true;
  }

  /**
   * Applies a SACK that {@link #isPossible} and that is not older than the last one.
   *
   * @param cumulative its cumulative TSN ack, unwrapped
   * @param inRecovery whether a fast recovery goes on
   * @param packetBytes what a full packet holds in chunks
   */
  void apply(SackView sack, long cumulative, boolean inRecovery, int packetBytes) {
    applyCumulative(cumulative);
    int blocks = readBlocks(sack, cumulative);
    visitDifference(starts, ends, blocks, knownStarts, knownEnds, known, true);
    visitDifference(knownStarts, knownEnds, known, starts, ends, blocks, false);
    swapBlocks(blocks);
    if (countsMisses) {
      countMisses(blocks, inRecovery, packetBytes);
    }
  }

  /** Applies a cumulative TSN ack that comes without gap ack blocks: the blocks known stay. */
  void applyCumulative(long cumulative) {
    ackedBytes = 0;
    highestNewlyAcked = cumulativeTsnAck;
    rttSentNanos = -1;
    newLoss = false;
    newestOnce = null;
    highestFirstOrderBefore = highestFirstOrder;
    overtaken = false;
    cumulativeAdvanced = cumulative > cumulativeTsnAck;
    if (cumulativeAdvanced) {
      releaseUpTo(cumulative);
    }
  }

  private int readBlocks(SackView sack, long cumulative) {
    int blocks = sack.gapAckBlocks();
    if (starts.length < blocks) {
      starts = new long[Math.max(blocks, 2 * starts.length)];
      ends = new long[starts.length];
    }
    if (newlyAcked.length < blocks) {
      newlyAcked = new long[starts.length];
    }
    steps += blocks;
    for (int i = 0; i < blocks; i++) {
      starts[i] = cumulative + sack.gapStart(i);
      ends[i] = cumulative + sack.gapEnd(i);
    }
    return blocks;
  }

  private void swapBlocks(int blocks) {
    long[] spareStarts = knownStarts;
    long[] spareEnds = knownEnds;
    knownStarts = starts;
    knownEnds = ends;
    known = blocks;
    starts = spareStarts;
    ends = spareEnds;
  }

  private void releaseUpTo(long cumulative) {
    steps += cumulative - cumulativeTsnAck;
    for (long tsn = cumulativeTsnAck + 1; tsn <= cumulative; tsn++) {
      OutstandingChunk chunk = at(tsn);
      takeAck(chunk, tsn);
      if (chunk.state == State.ACKED) {
        gapAcked--;
      }
      OutgoingMessage message = chunk.owner();
      message.stream.outstandingFragments--;
      if (message.fragmentReleased()) {
        queue.release(message);
      }
      chunk.message = null;
    }
    cumulativeTsnAck = cumulative;
    lowestLost = Math.max(lowestLost, cumulative + 1);
    missFrom = Math.max(missFrom, cumulative + 1);
    advancedPeerAckPoint = Math.max(advancedPeerAckPoint, cumulative);
  }

  private void takeAck(OutstandingChunk chunk, long tsn) {
    if (chunk.state == State.ACKED || chunk.state == State.ABANDONED) {
      return;
    }
    // Karn's rule, RFC 9260 section 6.3.1 C5: no sample from what was sent more than once. Nor from
    // what was taken for lost: its acknowledgement was, and the next one came much later.
    if (chunk.transmissions == 1) {
      if (chunk.state == State.IN_FLIGHT) {
        rttSentNanos = Math.max(rttSentNanos, chunk.sentNanos);
      }
      if (newestOnce == null || chunk.sendOrder > newestOnce.sendOrder) {
        newestOnce = chunk;
      }
      if (chunk.firstOrder < highestFirstOrderBefore) {
        overtaken = true;
      } else if (chunk.firstOrder > highestFirstOrder) {
        highestFirstOrder = chunk.firstOrder;
      }
    } else {
      repeatedListener.acknowledged(chunk, chunk.firstOrder < highestFirstOrderBefore);
      highestFirstOrder = Math.max(highestFirstOrder, chunk.firstOrder);
    }
    blackHole.acknowledged(chunk);
    leave(chunk);
    chunk.state = State.ACKED;
    chunk.owner().fragmentAcked();
    gapAcked++;
    ackedBytes += chunk.chunkBytes;
    highestNewlyAcked = Math.max(highestNewlyAcked, tsn);
  }

  /** Takes a chunk out of the count of its present state. */
  private void leave(OutstandingChunk chunk) {
    if (chunk.state == State.IN_FLIGHT) {
      flightBytes -= chunk.chunkBytes;
      inFlight--;
    } else if (chunk.state == State.LOST) {
      lost--;
    } else if (chunk.state == State.ACKED) {
      gapAcked--;
    }
  }

  /** Visits the TSNs in {@code a} that are not in {@code b}; both are sorted ranges. */
  private void visitDifference(
      long[] aStarts, long[] aEnds, int as, long[] bStarts, long[] bEnds, int bs, boolean acked) {
    int b = 0;
    for (int a = 0; a < as; a++) {
      long ackedBefore = ackedBytes;
      long tsn = Math.max(aStarts[a], cumulativeTsnAck + 1);
      while (tsn <= aEnds[a]) {
        while (b < bs && bEnds[b] < tsn) {
          b++;
        }
        if (b < bs && bStarts[b] <= tsn) {
          tsn = bEnds[b] + 1;
          continue;
        }
        long end = b < bs ? Math.min(aEnds[a], bStarts[b] - 1) : aEnds[a];
        steps += end - tsn + 1;
        for (; tsn <= end; tsn++) {
          if (acked) {
            takeAck(at(tsn), tsn);
          } else {
            takeBackAck(at(tsn), tsn);
          }
        }
      }
      if (acked) {
        newlyAcked[a] = ackedBytes - ackedBefore;
      }
    }
  }

  /**
   * RFC 9260 section 6.2.1 D iv: a TSN that was in a gap ack block and no longer is, is outstanding
   * again.
   */
  private void takeBackAck(OutstandingChunk chunk, long tsn) {
    if (chunk.state != State.ACKED) {
      return;
    }
    chunk.owner().fragmentAckTakenBack();
    peerTakesBack = true;
    passedTo = advancedPeerAckPoint;
    if (tsn <= advancedPeerAckPoint) {
      // The peer was told to skip it.
      abandon(chunk.owner());
      return;
    }
    chunk.state = State.IN_FLIGHT;
    chunk.misses = 0;
    gapAcked--;
    flightBytes += chunk.chunkBytes;
    inFlight++;
    // Where it was among the others cannot be found cheaply: it counts as the first of them, and
    // with them by time as lost soon, which it is, as the peer took it back.
    OutstandingChunk first = firstSent();
    if (first != null) {
      chunk.sentNanos = Math.min(chunk.sentNanos, first.sentNanos);
    }
    chunk.sendOrder = sendOrder.addFirst(tsn);
    missFrom = Math.min(missFrom, tsn);
  }

  /**
   * Miss indications, RFC 9260 section 7.2.4, after the blocks became the known ones. While a TSN
   * is missing, a receiver sends a SACK for each packet (section 6.7); one that takes a whole
   * coalesced read at once sends one for all of them. So a SACK indicates as many misses as it
   * newly acknowledges packets above the hole, else a flight of a few reads could only end by
   * T3-rtx.
   */
  private void countMisses(int blocks, boolean inRecovery, int packetBytes) {
    if (blocks == 0) {
      return;
    }
    // "miss indications SHOULD be incremented only for missing TSNs prior to the highest TSN newly
    // acknowledged"; in fast recovery, when the cumulative point moved, "for all TSNs reported
    // missing".
    long limit = inRecovery && cumulativeAdvanced ? knownEnds[blocks - 1] : highestNewlyAcked;
    long from = missFrom;
    if (limit <= from) {
      // Nothing that can still be missed lies below what is newly acknowledged: a SACK that says
      // what is known costs no look at each hole.
      return;
    }
    long eligible = Long.MAX_VALUE;
    long holeStart = cumulativeTsnAck + 1;
    int first = firstBlockEndingAt(from, blocks);
    long ackedAbove = 0;
    for (int i = first; i < blocks; i++) {
      ackedAbove += newlyAcked[i];
    }
    for (int i = first; i < blocks; i++) {
      int indications = (int) Math.max(1, ackedAbove / packetBytes);
      ackedAbove -= newlyAcked[i];
      if (i > 0) {
        holeStart = Math.max(holeStart, knownEnds[i - 1] + 1);
      }
      for (long tsn = Math.max(holeStart, from); tsn < knownStarts[i]; tsn++) {
        steps++;
        OutstandingChunk chunk = at(tsn);
        if (chunk.state != State.IN_FLIGHT || chunk.retransmitted) {
          continue;
        }
        // What left only after all that is acknowledged now was not overtaken by it.
        if (tsn < limit && chunk.sendOrder < highestFirstOrder) {
          chunk.misses += indications;
        }
        if (chunk.misses >= MISSES_FOR_LOSS) {
          markLost(chunk, tsn);
          noteLost(chunk);
          newLoss = true;
        } else {
          eligible = Math.min(eligible, tsn);
        }
      }
    }
    missFrom = Math.max(from, Math.min(eligible, knownEnds[blocks - 1] + 1));
  }

  private int firstBlockEndingAt(long tsn, int blocks) {
    int found = Arrays.binarySearch(knownEnds, 0, blocks, tsn);
    return found >= 0 ? found : -found - 1;
  }

  private void markLost(OutstandingChunk chunk, long tsn) {
    blackHole.lost(chunk);
    leave(chunk);
    chunk.state = State.LOST;
    chunk.misses = 0;
    lost++;
    lowestLost = Math.min(lowestLost, tsn);
  }

  /**
   * Marks what {@link Rack} takes for lost; returns when the next would be, or {@link
   * Long#MAX_VALUE}. Costs as much as it marks.
   */
  long detectLost(Rack rack, long windowNanos, long nowNanos) {
    OutstandingChunk chunk = firstSent();
    while (chunk != null && rack.isOvertaken(chunk)) {
      long lostAt = rack.lostAtNanos(chunk, windowNanos);
      if (lostAt > nowNanos) {
        return lostAt;
      }
      markLost(chunk, chunk.tsn);
      noteLost(chunk);
      newLoss = true;
      chunk = firstSent();
    }
    return Long.MAX_VALUE;
  }

  /** What watches packets larger than the base size. */
  BlackHole blackHole() {
    return blackHole;
  }

  /** Forgets the losses noticed so far; for losses that no SACK shows. */
  void forgetNewLoss() {
    newLoss = false;
  }

  private void noteLost(OutstandingChunk chunk) {
    lostBytes += chunk.chunkBytes;
    rowBytes =
        chunk.sendOrder == lastLostOrder + 1 ? rowBytes + chunk.chunkBytes : chunk.chunkBytes;
    lastLostOrder = chunk.sendOrder;
    longestRowBytes = Math.max(longestRowBytes, rowBytes);
  }

  /** Bytes noticed as lost since this was last asked. */
  long takeLostBytes() {
    long bytes = lostBytes;
    lostBytes = 0;
    return bytes;
  }

  /** How many bytes at most that left one after the other were lost, since this was last asked. */
  long takeLongestLostRow() {
    long bytes = longestRowBytes;
    longestRowBytes = 0;
    return bytes;
  }

  /** How many chunks are in gap ack blocks. */
  int gapAcked() {
    return gapAcked;
  }

  /** What was sent last of what is in flight, or null. */
  @Nullable OutstandingChunk lastSent() {
    if (inFlight <= 1) {
      return firstSent();
    }
    long order = sendOrder.end() - 1;
    while (!isCurrent(order, sendOrder.tsnAt(order))) {
      order--;
    }
    return at(sendOrder.tsnAt(order));
  }

  /** The newest of what the last SACK acknowledged of what was sent only once, or null. */
  @Nullable OutstandingChunk newestOnce() {
    return newestOnce;
  }

  /** Whether the last SACK showed that something sent once was overtaken, and not lost. */
  boolean showsReordering() {
    return overtaken;
  }

  /** Something in flight is to be sent again without being taken for lost by the path. */
  void markForProbe(OutstandingChunk chunk) {
    markLost(chunk, chunk.tsn);
  }

  /** All that is in flight counts as lost: T3-rtx expired or the path changed. */
  void markAllLost() {
    for (long tsn = cumulativeTsnAck + 1; tsn < nextTsn; tsn++) {
      OutstandingChunk chunk = at(tsn);
      if (chunk.state == State.IN_FLIGHT) {
        markLost(chunk, tsn);
      }
    }
  }

  /** What is in flight and was sent at that time or before counts as lost. */
  void markLostSentUntil(long sentNanos) {
    OutstandingChunk chunk = firstSent();
    while (chunk != null && chunk.sentNanos <= sentNanos) {
      markLost(chunk, chunk.tsn);
      chunk = firstSent();
    }
  }

  /** The earliest outstanding TSN counts as lost, if it is in flight. */
  void markEarliestLost() {
    long tsn = cumulativeTsnAck + 1;
    if (!isEmpty() && at(tsn).state == State.IN_FLIGHT) {
      markLost(at(tsn), tsn);
    }
  }

  /** The lowest lost TSN, or {@link Long#MAX_VALUE}. */
  long lowestLost() {
    if (lost == 0) {
      return Long.MAX_VALUE;
    }
    lowestLost = Math.max(lowestLost, cumulativeTsnAck + 1);
    while (at(lowestLost).state != State.LOST) {
      lowestLost++;
    }
    return lowestLost;
  }

  /** The lost chunk goes out again. */
  void resent(OutstandingChunk chunk, long nowNanos) {
    leave(chunk);
    chunk.state = State.IN_FLIGHT;
    chunk.transmissions++;
    chunk.retransmitted = true;
    chunk.sentNanos = nowNanos;
    flightBytes += chunk.chunkBytes;
    inFlight++;
    chunk.sendOrder = nextOrder(chunk.tsn);
  }

  /**
   * Whether the message of a lost chunk is not worth sending again: its count or lifetime is used
   * up, RFC 7496 section 3.1 and RFC 3758 section 4.1.
   */
  static boolean isUsedUp(OutstandingChunk chunk, long lifetimeNowNanos) {
    OutgoingMessage message = chunk.owner();
    return chunk.transmissions > message.maxRetransmits || message.isExpired(lifetimeNowNanos);
  }

  /** Gives up a message with all its fragments, sent or not, RFC 3758 section 3.5 A. */
  void abandon(OutgoingMessage message) {
    message.abandon();
    for (long tsn = Math.max(message.firstTsn(), cumulativeTsnAck + 1);
        tsn <= message.lastTsn();
        tsn++) {
      OutstandingChunk chunk = at(tsn);
      if (chunk.message == message) {
        leave(chunk);
        chunk.state = State.ABANDONED;
      }
    }
    boolean reserved = isReservedFor(message);
    boolean cutOff = queue.giveUpRest(message);
    if (reserved) {
      abandonReserved(message);
    } else if (cutOff || queue.isInterleaving() && message.lastTsn() > message.firstTsn()) {
      appendAbandonedEnd(message);
    }
    advance();
  }

  private void abandonReserved(OutgoingMessage message) {
    for (; reservedFrom <= reservedTo; reservedFrom++) {
      at(reservedFrom).state = State.ABANDONED;
      message.fragmentCut(reservedFrom, 0);
      message.stream.outstandingFragments++;
    }
  }

  /**
   * A message that was cut off needs one more TSN, never sent: were all its fragments acknowledged
   * already, no FORWARD-TSN could tell the peer to drop them. So does one whose fragments lie among
   * those of others, as I-DATA may have them: FORWARD-TSN can stop between two of them, and the
   * later one, acknowledged together with what it waited for, would never be told of.
   */
  private void appendAbandonedEnd(OutgoingMessage message) {
    OutstandingChunk chunk = claimSlot();
    chunk.message = message;
    chunk.state = State.ABANDONED;
    chunk.offset = message.cutOffset();
    chunk.length = 0;
    chunk.flags = 0;
    chunk.chunkBytes = 0;
    chunk.transmissions = 0;
    chunk.tsn = nextTsn;
    message.fragmentCut(nextTsn, 0);
    message.stream.outstandingFragments++;
    nextTsn++;
  }

  /**
   * RFC 3758 section 3.5 C2, and further: over what is acknowledged as well, as each stop there
   * costs a round trip, in which more is lost. Only where the peer may lose it: the message is
   * partially reliable, the peer has all of it, and has never taken an acknowledgement back.
   */
  private void advance() {
    long tsn = Math.max(advancedPeerAckPoint, passedTo) + 1;
    for (; tsn < nextTsn; tsn++) {
      OutstandingChunk chunk = at(tsn);
      if (chunk.state == State.ABANDONED) {
        advancedPeerAckPoint = tsn;
      } else if (!mayBePassed(chunk)) {
        break;
      }
    }
    passedTo = tsn - 1;
  }

  private boolean mayBePassed(OutstandingChunk chunk) {
    return chunk.state == State.ACKED
        && !peerTakesBack
        && !chunk.owner().isReliable()
        && chunk.owner().isWhollyAcked();
  }

  /** The last of the TSNs given up in a row behind {@code tsn}; that itself if there is none. */
  long endOfAbandoned(long tsn) {
    long end = tsn;
    while (end < advancedPeerAckPoint && at(end + 1).state == State.ABANDONED) {
      end++;
    }
    return end;
  }

  /** The last TSN in a row behind {@code tsn} that is passed over but not given up. */
  long endOfPassed(long tsn) {
    long end = tsn;
    while (end < advancedPeerAckPoint && at(end + 1).state != State.ABANDONED) {
      end++;
    }
    return end;
  }

  /** Looks again whether the point can move, after a SACK did. */
  void advanceAfterSack() {
    advance();
  }

  /** Bytes that the last SACK acknowledged for the first time. */
  long ackedBytes() {
    return ackedBytes;
  }

  boolean cumulativeAdvanced() {
    return cumulativeAdvanced;
  }

  /** When the newest of the newly acknowledged chunks sent only once was sent, or -1. */
  long rttSentNanos() {
    return rttSentNanos;
  }

  /** Whether the last SACK made the third miss of a TSN. */
  boolean hasNewLoss() {
    return newLoss;
  }

  /** The association is over: nothing is kept. */
  void discard() {
    ring = newSlots(new OutstandingChunk[1], 0);
    cumulativeTsnAck = nextTsn - 1;
    advancedPeerAckPoint = cumulativeTsnAck;
    lowestLost = nextTsn;
    missFrom = nextTsn;
    flightBytes = 0;
    inFlight = 0;
    lost = 0;
    gapAcked = 0;
    known = 0;
    newestOnce = null;
    reservedFrom = nextTsn;
    reservedTo = nextTsn - 1;
    blackHole.discard();
  }

  /** What the ring and the gap ack blocks take on the heap. */
  long memoryBytes() {
    return ring.length * SLOT_BYTES
        + 2 * HeapSize.ofLongs(knownStarts.length)
        + 2 * HeapSize.ofLongs(starts.length)
        + HeapSize.ofLongs(newlyAcked.length);
  }

  /** How many gap ack blocks and TSNs SACKs made us look at. */
  long steps() {
    return steps;
  }

  /** How many slots the ring has, for statistics. */
  int capacity() {
    return ring.length;
  }
}
