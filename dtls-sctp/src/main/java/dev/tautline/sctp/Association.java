package dev.tautline.sctp;

import dev.tautline.base.ProtocolMachine;
import dev.tautline.sctp.association.AssociationCore;
import java.util.Objects;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * One SCTP association (RFC 9260) as an object without I/O, clock and threads.
 *
 * <p>Packets come in by {@link #receive}, those to send are asked for by {@link #pollPacket} until
 * it returns 0, events by {@link #pollEvent} until it returns null; both after every call that may
 * have changed something. {@link #advanceTo} is called when {@link #nextDeadlineNanos} has come. A
 * SACK is written by {@link #pollPacket}: when it is called after all packets of a coalesced read,
 * they share one.
 *
 * <p>Thread rule: used by one thread at a time. Times are nanoseconds since the object was made.
 */
public final class Association implements ProtocolMachine<AssociationEvent> {
  private static final int MAX_STREAM_ID = 65_534;

  private final AssociationCore core;

  private Association(AssociationCore core) {
    this.core = core;
  }

  /**
   * An association that is closed and waits: {@link #connect} opens it, or the peer's INIT does.
   *
   * @param options how it behaves
   * @param random for tags, TSNs and the cookie's secret: a {@code SecureRandom} in production
   */
  public static Association create(AssociationOptions options, RandomGenerator random) {
    return new Association(new AssociationCore(options, random));
  }

  /**
   * Sends INIT. Both sides may call it; a side that does not answers. Has no effect when called
   * again.
   */
  public void connect(long nowNanos) {
    core.connect(nowNanos);
  }

  /** The state of RFC 9260 section 4. */
  public AssociationPhase state() {
    return core.phase();
  }

  /**
   * Takes a message to send; the payload is copied. Messages may be sent before the association is
   * established; they wait for it.
   *
   * @param nowNanos the present time, from which a lifetime counts
   * @param streamId 0 to 65534
   * @param ppid the payload protocol identifier
   * @param payload holds the message
   * @param offset where it starts
   * @param length its length in bytes
   * @param options order and reliability
   * @return what became of it; nothing is ever taken by half
   * @throws IllegalArgumentException if the stream id is out of range
   * @throws IndexOutOfBoundsException if the message does not lie within the array
   */
  public SendResult send(
      long nowNanos,
      int streamId,
      int ppid,
      byte[] payload,
      int offset,
      int length,
      SendOptions options) {
    checkStreamId(streamId);
    Objects.checkFromIndexSize(offset, length, payload.length);
    return core.send(nowNanos, streamId, ppid, payload, offset, length, options);
  }

  /**
   * Resets our outgoing streams (RFC 6525) once all that was sent on them is acknowledged or
   * abandoned. What is sent on them from now on waits until the peer has answered. Ends with {@code
   * OutgoingStreamsReset} or {@code StreamsResetFailed}; a large number may be answered in parts.
   *
   * @throws IllegalArgumentException if a stream id is out of range
   */
  public void resetStreams(long nowNanos, int[] streamIds) {
    for (int streamId : streamIds) {
      checkStreamId(streamId);
    }
    core.resetStreams(nowNanos, streamIds);
  }

  /**
   * Sets a stream's share of what is sent, against those of other streams that have something to
   * send. It holds until the stream is reset.
   *
   * @param streamId 0 to 65534
   * @param priority 1 to 65535; 256 by default (RFC 8831 section 6.4)
   * @throws IllegalArgumentException if either is out of range
   */
  public void setStreamPriority(int streamId, int priority) {
    checkStreamId(streamId);
    if (priority < 1 || priority > 65_535) {
      throw new IllegalArgumentException("priority " + priority + " is not within 1 to 65535");
    }
    core.setStreamPriority(streamId, priority);
  }

  /** Payload bytes of one stream not yet put into a packet for the first time. */
  public long bufferedAmount(int streamId) {
    checkStreamId(streamId);
    return core.bufferedAmount(streamId);
  }

  /** How many messages of one stream have not yet been put into packets to their end. */
  public int bufferedMessages(int streamId) {
    checkStreamId(streamId);
    return core.bufferedMessages(streamId);
  }

  /** Payload bytes of all streams not yet put into a packet for the first time. */
  public long bufferedAmount() {
    return core.bufferedAmount();
  }

  /**
   * Ends the association in good order: what was sent is delivered first. Ends with {@code
   * ShutdownComplete}.
   */
  public void shutdown(long nowNanos) {
    core.shutdown(nowNanos);
  }

  /**
   * Ends the association at once. One ABORT goes to the peer with cause 12, user-initiated.
   *
   * @param reason for the peer's people, at most 512 bytes of it are sent
   */
  public void abort(long nowNanos, String reason) {
    core.abort(nowNanos, reason);
  }

  /**
   * The path is another one: round trips, RTO and congestion window start anew, and the earliest
   * outstanding data is sent at once, RFC 8261 section 6.1.
   */
  public void pathChanged(long nowNanos) {
    core.pathChanged(nowNanos);
  }

  /**
   * There is no path with consent: nothing is sent and timers stand still, but lifetimes of
   * messages go on. What comes is still received.
   */
  public void suspend(long nowNanos) {
    core.suspend(nowNanos);
  }

  /** There is a path again: timers go on from where they stood. */
  public void resume(long nowNanos) {
    core.resume(nowNanos);
  }

  /**
   * The application read one message that {@code MessageReceived} handed out: the receive window
   * opens by what it took. Only of effect with {@link AssociationOptions.Builder#manualWindow()}.
   *
   * @param bytes its payload's length, 0 or more
   */
  public void consumed(long nowNanos, int bytes) {
    consumed(nowNanos, 1, bytes);
  }

  /**
   * The application read messages that {@code MessageReceived} handed out; as {@link
   * #consumed(long, int)} for each.
   *
   * @param messages how many, 0 or more
   * @param bytes the length of their payloads together, 0 or more
   */
  public void consumed(long nowNanos, int messages, long bytes) {
    if (messages < 0 || bytes < 0) {
      throw new IllegalArgumentException("consumed " + messages + " messages, " + bytes + " bytes");
    }
    core.consumed(nowNanos, messages, bytes);
  }

  /**
   * From now on packets are at most that long.
   *
   * @param bytes 508 to 65000, a multiple of 4
   * @throws IllegalArgumentException if it is out of range
   */
  public void setMaxPacketBytes(int bytes) {
    core.setMaxPacketBytes(AssociationOptions.checkPacketBytes(bytes));
  }

  /**
   * How long packets with data may be at present, in bytes: the size that was set, or what path MTU
   * probing found beyond it.
   */
  public int packetBytes() {
    return core.packetBytes();
  }

  /**
   * What the association keeps on the heap, in bytes, besides a few KiB that every one has:
   * messages to send and what is outstanding of them, messages in the making and those that wait to
   * be read, tables that grew with them. Never above {@link AssociationOptions#memoryLimitBytes()}
   * by more than a tenth.
   */
  public long memoryBytes() {
    return core.memoryBytes();
  }

  /** Counters and gauges of this moment. */
  public AssociationStatistics statistics() {
    return core.statistics();
  }

  @Override
  public void receive(long nowNanos, byte[] packet, int offset, int length) {
    core.receive(nowNanos, packet, offset, length);
  }

  @Override
  public void advanceTo(long nowNanos) {
    core.advanceTo(nowNanos);
  }

  @Override
  public long nextDeadlineNanos() {
    return core.nextDeadlineNanos();
  }

  @Override
  public int pollPacket(long nowNanos, byte[] out, int offset, int limit) {
    return core.pollPacket(nowNanos, out, offset, limit);
  }

  @Override
  public @Nullable AssociationEvent pollEvent() {
    return core.pollEvent();
  }

  private static void checkStreamId(int streamId) {
    // RFC 8831 section 6.2: 65535 streams, so that 65535 is no id.
    if (streamId < 0 || streamId > MAX_STREAM_ID) {
      throw new IllegalArgumentException(
          "stream id " + streamId + " is not within 0 to " + MAX_STREAM_ID);
    }
  }
}
