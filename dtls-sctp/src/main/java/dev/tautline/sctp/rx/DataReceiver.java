package dev.tautline.sctp.rx;

import static dev.tautline.base.WireWriter.putI32;
import static dev.tautline.base.WireWriter.putU16;

import dev.tautline.base.HeapSize;
import dev.tautline.base.SerialUnwrapper;
import dev.tautline.sctp.AssociationLimits;
import dev.tautline.sctp.packet.ChunkType;
import dev.tautline.sctp.packet.DataView;
import dev.tautline.sctp.packet.ForwardTsnChunk;
import dev.tautline.sctp.packet.IForwardTsnChunk;
import dev.tautline.sctp.packet.Order;
import dev.tautline.sctp.packet.PacketBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * The receiving half of an association: takes DATA, keeps what is not complete within the receive
 * window, writes SACKs.
 */
public final class DataReceiver {
  /** What became of a DATA chunk. */
  public enum Outcome {
    /** It is new and was taken. */
    TAKEN,
    /** It came before. */
    DUPLICATE,
    /** Its TSN is too far ahead. */
    OUTSIDE_WINDOW,
    /** There is no room; it was not acknowledged and has to come again. */
    NO_ROOM,
    /** There is no room, and never will be: an incomplete message fills the whole window. */
    MESSAGE_TOO_LARGE,
    /** The peer goes on sending into a closed window. */
    WINDOW_IGNORED,
    /** Its stream does not exist; it was acknowledged and thrown away. */
    INVALID_STREAM,
    /** Its message was delivered or given up; it was acknowledged and thrown away. */
    SUPERFLUOUS,
    /** It contradicts its neighbours. */
    CONTRADICTION
  }

  /**
   * What a message that waits to be read takes besides its payload: its event, an array's header
   * and rounding, and a place in a queue that grows by half.
   */
  public static final int MESSAGE_OVERHEAD = (int) HeapSize.ofObject(3 * 4) + 16 + 4 + 6;

  /** What keeping one fragment costs at most besides its payload: the first of a stream's. */
  private static final int MAX_OVERHEAD = 512;

  private static final int SACK_HEADER_BYTES = 16;

  private final ReceivedTsns received;
  private final SerialUnwrapper tsns;
  private final SackPolicy sackPolicy;
  private final Reassembly reassembly;
  private final long windowBytes;
  private final int maxTsnDistance;
  private int streams;
  private final int[] duplicates;
  private int duplicateCount;

  /** What complete messages take that the application has not taken yet. */
  private long unreadBytes;

  /**
   * Payload dropped for want of room since the cumulative TSN last moved, each TSN counted once and
   * window probes not at all.
   */
  private long droppedBytes;

  /** The highest TSN dropped for want of room: below it, what comes is a retransmission. */
  private long highestDropped;

  /** The window as the peer last heard it. */
  private long advertisedWindow;

  /** A duplicate came since the cumulative TSN last moved. */
  private boolean duplicateSinceProgress;

  private boolean gapBeforePacket;
  private boolean dataInPacket;
  private long sacksSent;
  private long chunksReceived;
  private long duplicatesReceived;
  private long bytesReceived;

  /**
   * A receiver that has got nothing yet.
   *
   * @param peersInitialTsn the TSN of the peer's first DATA
   * @param streams how many incoming streams there are
   * @param windowBytes how much may be kept
   * @param sackDelayNanos how long a SACK may wait
   * @param interleaving whether I-DATA was agreed on
   * @param limits what a peer may make it keep besides
   * @param sink where complete messages go
   */
  public DataReceiver(
      int peersInitialTsn,
      int streams,
      long windowBytes,
      long sackDelayNanos,
      boolean interleaving,
      AssociationLimits limits,
      MessageSink sink) {
    long first = (peersInitialTsn & 0xffff_ffffL) + (1L << 32);
    this.received = new ReceivedTsns(first, limits.maxGapRanges());
    this.tsns = SerialUnwrapper.of32Bits(first - 1);
    this.sackPolicy = new SackPolicy(sackDelayNanos);
    this.windowBytes = windowBytes;
    this.advertisedWindow = windowBytes;
    this.streams = streams;
    this.maxTsnDistance = limits.maxTsnDistance();
    this.duplicates = new int[limits.maxDuplicateTsns()];
    MessageSink counting =
        (streamId, ppid, payload) -> {
          unreadBytes += MESSAGE_OVERHEAD + payload.length;
          sink.message(streamId, ppid, payload);
        };
    this.reassembly =
        interleaving ? new InterleavedReassembly(counting) : new DataReassembly(counting);
  }

  /** A packet begins. */
  public void beginPacket() {
    gapBeforePacket = received.hasGaps();
    dataInPacket = false;
  }

  /** Takes one DATA or I-DATA chunk with payload. */
  public Outcome data(DataView data) {
    dataInPacket = true;
    chunksReceived++;
    bytesReceived += data.payloadLength();
    long tsn = tsns.peek(data.tsn());
    if (tsn - received.cumulative() > maxTsnDistance) {
      return Outcome.OUTSIDE_WINDOW;
    }
    if (received.contains(tsn)) {
      noteDuplicate(data.tsn());
      return Outcome.DUPLICATE;
    }
    if (data.wantsSackAtOnce()) {
      sackPolicy.atOnce();
    }
    if (data.streamId() >= streams) {
      note(tsn);
      reassembly.unusable(tsn);
      return Outcome.INVALID_STREAM;
    }
    boolean next = tsn == received.cumulative() + 1;
    if (!hasRoom(data, next) || !received.takes(tsn)) {
      return refuse(tsn, data.payloadLength(), next);
    }
    Reassembly.Outcome outcome = reassembly.add(tsn, data);
    if (outcome == Reassembly.Outcome.CONTRADICTION) {
      return Outcome.CONTRADICTION;
    }
    note(tsn);
    if (outcome == Reassembly.Outcome.TAKEN) {
      return Outcome.TAKEN;
    }
    reassembly.unusable(tsn);
    return Outcome.SUPERFLUOUS;
  }

  private boolean hasRoom(DataView data, boolean next) {
    if (next && usedBytes() == 0) {
      // However small the window is, one chunk is taken, or nothing ever could be.
      return true;
    }
    int bytes = data.payloadLength() + MAX_OVERHEAD;
    // The last eighth is for the TSN that everything waits for: with it taken by data behind gaps,
    // nothing could ever be completed.
    long limit = next ? windowBytes : windowBytes - windowBytes / 8;
    return usedBytes() + bytes <= limit;
  }

  private Outcome refuse(long tsn, int bytes, boolean next) {
    sackPolicy.atOnce();
    if (next && unreadBytes == 0) {
      return Outcome.MESSAGE_TOO_LARGE;
    }
    // RFC 9260 section 6.1 A: "regardless of the value of rwnd … the data sender can always have
    // one DATA chunk in flight", and retransmits it for as long as the application does not read.
    // That is the earliest one missing. Nor is it an offence to repeat what was on its way when the
    // window closed; but who goes on with ever new TSNs does not listen.
    if (!next && tsn > highestDropped) {
      droppedBytes += bytes;
    }
    highestDropped = Math.max(highestDropped, tsn);
    return droppedBytes > windowBytes ? Outcome.WINDOW_IGNORED : Outcome.NO_ROOM;
  }

  private void note(long tsn) {
    long before = received.cumulative();
    received.add(tsn);
    if (received.cumulative() > before) {
      tsns.reset(received.cumulative());
      droppedBytes = 0;
      duplicateSinceProgress = false;
    }
  }

  private void noteDuplicate(int tsn) {
    duplicatesReceived++;
    duplicateSinceProgress = true;
    sackPolicy.atOnce();
    if (duplicateCount < duplicates.length) {
      duplicates[duplicateCount++] = tsn;
    }
  }

  /** A packet ends. */
  public void endPacket(long nowNanos) {
    if (!dataInPacket) {
      return;
    }
    if (gapBeforePacket || received.hasGaps()) {
      sackPolicy.atOnce();
    }
    sackPolicy.packetWithData(nowNanos);
    if (isRestOwed()) {
      sackPolicy.remindLater(nowNanos);
    } else {
      sackPolicy.remindNoMore();
    }
  }

  /** Whether a message is not whole although no TSN is missing: the peer has yet to send more. */
  private boolean isRestOwed() {
    return reassembly.heldBytes() > 0 && !received.hasGaps();
  }

  /** The peer has sent all that it ever will. */
  public void peerHasFinished() {
    sackPolicy.remindNoMore();
  }

  /** What became of a FORWARD-TSN. */
  public enum ForwardOutcome {
    /** It was obeyed. */
    APPLIED,
    /** All of it had come already. */
    OLD,
    /** It goes further than any sender can be. */
    TOO_FAR
  }

  /** Obeys FORWARD-TSN, RFC 3758 section 3.6. */
  public ForwardOutcome forwardTsn(ForwardTsnChunk chunk) {
    var skips = new ArrayList<Reassembly.Skip>(chunk.skippedStreams().size());
    for (ForwardTsnChunk.SkippedStream s : chunk.skippedStreams()) {
      skips.add(new Reassembly.Skip(s.streamId(), Order.ORDERED, s.ssn()));
    }
    return forward(chunk.newCumulativeTsn(), skips);
  }

  /** Obeys I-FORWARD-TSN, RFC 8260 section 2.3. */
  public ForwardOutcome forwardTsn(IForwardTsnChunk chunk) {
    var skips = new ArrayList<Reassembly.Skip>(chunk.skippedStreams().size());
    for (IForwardTsnChunk.SkippedStream s : chunk.skippedStreams()) {
      skips.add(new Reassembly.Skip(s.streamId(), s.order(), s.mid()));
    }
    return forward(chunk.newCumulativeTsn(), skips);
  }

  private ForwardOutcome forward(int newCumulativeTsn, List<Reassembly.Skip> skips) {
    sackPolicy.atOnce();
    long tsn = tsns.peek(newCumulativeTsn);
    if (tsn <= received.cumulative()) {
      return ForwardOutcome.OLD;
    }
    if (tsn - received.cumulative() > maxTsnDistance) {
      return ForwardOutcome.TOO_FAR;
    }
    received.forwardTo(tsn);
    tsns.reset(received.cumulative());
    droppedBytes = 0;
    reassembly.skip(tsn, skips);
    return ForwardOutcome.APPLIED;
  }

  /** Whether all up to this TSN, as on the wire, has come. */
  public boolean hasAllUpTo(int tsn) {
    return tsns.peek(tsn) <= received.cumulative();
  }

  /** The peer's streams start at 0 again; empty means all. */
  public void resetStreams(int lastTsn, List<Integer> streamIds) {
    reassembly.reset(tsns.peek(lastTsn), streamIds);
  }

  /** The association is over: what is not complete never will be, and is not kept. */
  public void discard() {
    reassembly.reset(Long.MAX_VALUE, List.of());
  }

  /** The peer has that many streams from now on, RFC 6525 section 5.2.5. */
  public void setStreams(int count) {
    streams = count;
  }

  /** The application took so many messages of what was delivered, with so much payload in all. */
  public void consumed(long messages, long bytes) {
    unreadBytes = Math.max(0, unreadBytes - bytes - messages * MESSAGE_OVERHEAD);
    // RFC 9260 section 6.2: a window that was nearly closed is worth telling once it opened well.
    long window = window();
    if (advertisedWindow < windowBytes / 4 && window >= windowBytes / 2) {
      sackPolicy.atOnce();
    }
  }

  private long usedBytes() {
    return reassembly.heldBytes() + unreadBytes;
  }

  private long window() {
    return Math.max(0, windowBytes - usedBytes());
  }

  /** Fires the delayed SACK, and the one that goes again. */
  public void advanceTo(long nowNanos) {
    if (!isRestOwed()) {
      sackPolicy.remindNoMore();
    }
    sackPolicy.advanceTo(nowNanos);
  }

  /** When {@link #advanceTo} has work. */
  public long nextDeadlineNanos() {
    return sackPolicy.deadlineNanos();
  }

  /** Whether a SACK has to be sent. */
  public boolean isSackDue() {
    return sackPolicy.isDue();
  }

  /** Whether a SACK may ride with data that leaves now. */
  public boolean isSackWorthBundling() {
    return sackPolicy.isWorthBundling();
  }

  /**
   * Whether the peer may have missed a SACK: it repeats what came, or something is still missing.
   * Then one goes with each packet of data.
   */
  public boolean isSackWorthRepeating() {
    return received.hasGaps() || duplicateSinceProgress;
  }

  /** Asks for a SACK in the next packet. */
  public void sackAtOnce() {
    sackPolicy.atOnce();
  }

  /** The cumulative TSN ack, as on the wire. */
  public int cumulativeTsn() {
    return (int) received.cumulative();
  }

  /** Writes a SACK into the packet if its header fits; gaps and duplicates as far as they fit. */
  public boolean writeSack(PacketBuffer packet) {
    if (packet.room() < SACK_HEADER_BYTES) {
      return false;
    }
    int room = (packet.room() - SACK_HEADER_BYTES) / 4;
    int blocks = Math.min(received.ranges(), room);
    int listed = Math.min(duplicateCount, room - blocks);
    byte[] out = packet.bytes();
    int at = packet.position();
    int length = SACK_HEADER_BYTES + 4 * (blocks + listed);
    long cumulative = received.cumulative();
    out[at] = (byte) ChunkType.SACK;
    out[at + 1] = 0;
    putU16(out, at + 2, length);
    putI32(out, at + 4, (int) cumulative);
    advertisedWindow = Math.min(window(), 0xffff_ffffL);
    putI32(out, at + 8, (int) advertisedWindow);
    putU16(out, at + 12, blocks);
    putU16(out, at + 14, listed);
    int next = at + SACK_HEADER_BYTES;
    for (int i = 0; i < blocks; i++) {
      putU16(out, next, (int) (received.start(i) - cumulative));
      putU16(out, next + 2, (int) (received.end(i) - cumulative));
      next += 4;
    }
    for (int i = 0; i < listed; i++) {
      putI32(out, next, duplicates[i]);
      next += 4;
    }
    packet.advance(length);
    duplicateCount = 0;
    sackPolicy.sent();
    sacksSent++;
    return true;
  }

  /** What is kept, overhead included: incomplete, out of order, and unread by the application. */
  public long heldBytes() {
    return usedBytes();
  }

  /** What is on the heap: {@link #heldBytes}, and tables that grew with what came. */
  public long memoryBytes() {
    return usedBytes() + received.memoryBytes() + reassembly.tableBytes();
  }

  /** What was looked at one by one, for tests that bound the work a peer can cause. */
  public long steps() {
    return received.steps() + reassembly.steps();
  }

  /** The window that a SACK would tell now. */
  public long windowNow() {
    return window();
  }

  /** SACKs written. */
  public long sacksSent() {
    return sacksSent;
  }

  /** DATA chunks received, duplicates included. */
  public long chunksReceived() {
    return chunksReceived;
  }

  /** DATA chunks that had come before. */
  public long duplicatesReceived() {
    return duplicatesReceived;
  }

  /** Payload bytes received, duplicates included. */
  public long bytesReceived() {
    return bytesReceived;
  }
}
