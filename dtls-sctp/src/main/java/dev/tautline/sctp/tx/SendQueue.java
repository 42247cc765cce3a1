package dev.tautline.sctp.tx;

import dev.tautline.base.HeapSize;
import dev.tautline.sctp.AssociationOptions;
import dev.tautline.sctp.packet.DataFormat;
import dev.tautline.sctp.packet.Order;
import dev.tautline.sctp.tx.StreamScheduler.Length;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Messages from {@code send()} until their last fragment has a TSN, by stream.
 *
 * <p>With I-DATA streams take turns by fragment (RFC 8260 section 3). With DATA the fragments of a
 * message have consecutive TSNs (RFC 9260 section 6.9), so streams take turns by message; but a
 * short message may go before the rest of a long one, for which TSNs are kept ({@link
 * OutstandingData#reserve}).
 */
public final class SendQueue {
  /** Smaller first pieces are not worth their header. */
  private static final int MIN_FRAGMENT_BYTES = 16;

  /**
   * What a kept message takes besides its payload: the object, an array's header and rounding, and
   * a place in its stream's queue, which grows by half.
   */
  public static final int MESSAGE_OVERHEAD =
      (int) HeapSize.ofObject(9 * 4 + 4 * 8 + 1) + 16 + 4 + 6;

  /** A stream that is used: its queue, and its place in the table. */
  private static final long STREAM_BYTES =
      HeapSize.ofObject(7 * 4 + 6 * 8 + 2)
          + HeapSize.ofObject(3 * 4)
          + HeapSize.ofReferences(17)
          + HeapSize.ofReferences(64) / 64;

  /** What a turn is worth when streams take turns by fragment: about a packet. */
  private static final int TURN_BYTES = 1024;

  /** A message that is not longer may go before the rest of a longer one. */
  private static final int MAX_OVERTAKING_BYTES = 16 << 10;

  private final StreamTable streams = new StreamTable();
  private StreamScheduler scheduler = new WeightedFairScheduler();
  private final ArrayDeque<StreamQueue> changedAmounts = new ArrayDeque<>();
  private final Set<StreamQueue> resetting = new LinkedHashSet<>();

  /** The stream whose message is being cut. */
  private @Nullable StreamQueue current;

  /** The stream whose short message goes before the rest of {@code current}'s. */
  private @Nullable StreamQueue overtaking;

  /** How much may go before the rest: half of what leaves, after a first lot. */
  private long overtakingCredit;

  private boolean interleaving;
  private long bufferedBytes;
  private long heldBytes;
  private long heldMessages;

  SendQueue() {}

  /** Whether the buffers have room for a message: for any one as long as nothing else is kept. */
  public boolean takes(int streamId, int length, AssociationOptions options) {
    if (heldMessages == 0) {
      return true;
    }
    long cost = MESSAGE_OVERHEAD + (long) length;
    if (heldBytes + heldMessages * MESSAGE_OVERHEAD + cost > options.sendBufferBytes()) {
      return false;
    }
    StreamQueue stream = streams.find(streamId);
    return stream == null
        || stream.heldMessages == 0
        || stream.heldBytes + (long) stream.heldMessages * MESSAGE_OVERHEAD + cost
            <= options.streamSendBufferBytes();
  }

  /** What is kept and what streams take on the heap. */
  long memoryBytes() {
    return heldBytes + heldMessages * MESSAGE_OVERHEAD + streams.used() * STREAM_BYTES;
  }

  /** From now on fragments of different messages may mix. */
  void interleave() {
    interleaving = true;
  }

  boolean isInterleaving() {
    return interleaving;
  }

  int headerBytes() {
    return interleaving ? DataFormat.I_DATA_HEADER_BYTES : DataFormat.DATA_HEADER_BYTES;
  }

  void add(
      int streamId, int ppid, Order order, int maxRetransmits, long expiresNanos, byte[] payload) {
    StreamQueue stream = streams.get(streamId);
    stream.messages.add(
        new OutgoingMessage(stream, ppid, order, maxRetransmits, expiresNanos, payload));
    stream.heldBytes += payload.length;
    stream.heldMessages++;
    heldBytes += payload.length;
    heldMessages++;
    changeBuffered(stream, payload.length);
    schedule(stream);
  }

  private void schedule(StreamQueue stream) {
    if (!stream.scheduled && stream != current && stream != overtaking && stream.isSendable()) {
      int remaining = stream.messages.element().remaining();
      scheduler.add(
          stream,
          interleaving ? Math.min(remaining, TURN_BYTES) : remaining,
          interleaving || remaining > MAX_OVERTAKING_BYTES ? Length.LONG : Length.SHORT);
    }
  }

  /** Whether {@link #cut} would find a message. */
  boolean isEmpty() {
    return current == null && overtaking == null && scheduler.isEmpty();
  }

  /** As {@link #next(long, int)}, where nothing overtakes. */
  @Nullable OutgoingMessage next(long nowNanos) {
    return next(nowNanos, 0);
  }

  /**
   * The message that the next fragment belongs to, after those whose lifetime ended unsent were
   * given up; null when there is none.
   *
   * @param overtakableBytes how much at most may be left of a message that others overtake
   */
  @Nullable OutgoingMessage next(long nowNanos, int overtakableBytes) {
    while (true) {
      StreamQueue stream = choose(overtakableBytes);
      if (stream == null) {
        return null;
      }
      OutgoingMessage message = stream.messages.element();
      // One that has fragments out is abandoned by OutstandingData, which owns them.
      if (message.isStarted() || !message.isExpired(nowNanos)) {
        return message;
      }
      giveUpUnsent(message);
      release(message);
      removeHead(stream);
    }
  }

  private @Nullable StreamQueue choose(int overtakableBytes) {
    if (overtaking != null) {
      if (overtaking.messages.element().isStarted()) {
        return overtaking;
      }
      scheduler.putBack(overtaking);
      overtaking = null;
    }
    if (current == null) {
      return chooseAnew();
    }
    OutgoingMessage message = current.messages.element();
    if (interleaving || !message.isStarted()) {
      // Chosen for a packet that had no room: meanwhile something else may be first.
      scheduler.putBack(current);
      return chooseAnew();
    }
    if (overtakingCredit > 0 && message.remaining() <= overtakableBytes) {
      overtaking = scheduler.pollShortBefore(current);
    }
    return overtaking != null ? overtaking : current;
  }

  private @Nullable StreamQueue chooseAnew() {
    current = scheduler.poll();
    overtakingCredit = MAX_OVERTAKING_BYTES;
    return current;
  }

  /** The message whose rest waits while a short one goes first, or null. */
  @Nullable OutgoingMessage overtaken() {
    return overtaking == null || current == null ? null : current.messages.element();
  }

  /**
   * How many bytes of the message go into the next fragment when {@code room} bytes of payload fit
   * the packet that is being filled and {@code fullRoom} an empty one; 0 when it waits for the next
   * packet.
   */
  static int fragmentBytes(OutgoingMessage message, int room, int fullRoom) {
    int remaining = message.remaining();
    if (remaining <= room) {
      return remaining;
    }
    // A message that fits one packet is not split: the loss of one packet then costs one message.
    // Longer ones fill each packet to the last byte, so that packets of a burst are equally long.
    if (!message.isStarted() && remaining <= fullRoom || room < MIN_FRAGMENT_BYTES) {
      return 0;
    }
    return room & ~3;
  }

  /** The next {@code bytes} of the current message got a TSN. */
  void cut(OutgoingMessage message, long tsn, int bytes) {
    StreamQueue stream = message.stream;
    if (!message.isStarted()) {
      message.start(stream.takeId(message.order));
    }
    message.fragmentCut(tsn, bytes);
    stream.outstandingFragments++;
    changeBuffered(stream, -bytes);
    overtakingCredit += stream == overtaking ? -bytes : bytes;
    if (message.remaining() == 0) {
      removeHead(stream);
    } else if (interleaving) {
      current = null;
      schedule(stream);
    }
  }

  private void removeHead(StreamQueue stream) {
    stream.messages.remove();
    stream.headRemoved();
    if (current == stream) {
      current = null;
    } else if (overtaking == stream) {
      overtaking = null;
    }
    scheduler.remove(stream);
    schedule(stream);
  }

  /** Takes back what is unsent of an abandoned message; returns whether there was something. */
  boolean giveUpRest(OutgoingMessage message) {
    if (message.remaining() == 0) {
      return false;
    }
    giveUpUnsent(message);
    removeHead(message.stream);
    return true;
  }

  /** The peer does not take these streams: what waits on them goes nowhere. */
  public void discardFrom(int firstStreamId) {
    streams.forEach(
        stream -> {
          if (stream.streamId >= firstStreamId) {
            discardUnsent(stream);
          }
        });
  }

  private void discardUnsent(StreamQueue stream) {
    while (!stream.messages.isEmpty() && !stream.messages.element().isStarted()) {
      OutgoingMessage message = stream.messages.element();
      giveUpUnsent(message);
      release(message);
      removeHead(stream);
    }
  }

  private void giveUpUnsent(OutgoingMessage message) {
    message.abandon();
    changeBuffered(message.stream, -message.remaining());
  }

  /** Nothing of the message is kept any more. */
  void release(OutgoingMessage message) {
    message.stream.heldBytes -= message.payload.length;
    message.stream.heldMessages--;
    heldBytes -= message.payload.length;
    heldMessages--;
  }

  private void changeBuffered(StreamQueue stream, long bytes) {
    stream.bufferedBytes += bytes;
    bufferedBytes += bytes;
    if (bytes < 0 && !stream.amountChanged) {
      stream.amountChanged = true;
      changedAmounts.add(stream);
    }
  }

  /** The next stream whose buffered amount fell since it was last returned here, or -1. */
  public int pollChangedAmount() {
    StreamQueue stream = changedAmounts.poll();
    if (stream == null) {
      return -1;
    }
    stream.amountChanged = false;
    return stream.streamId;
  }

  /** How many messages of one stream have not yet been put into packets to their end. */
  public int bufferedMessages(int streamId) {
    StreamQueue stream = streams.find(streamId);
    return stream == null ? 0 : stream.messages.size();
  }

  /** Payload bytes of one stream not yet put into a packet for the first time. */
  public long bufferedBytes(int streamId) {
    StreamQueue stream = streams.find(streamId);
    return stream == null ? 0 : stream.bufferedBytes;
  }

  /** Payload bytes of all streams not yet put into a packet for the first time. */
  public long bufferedBytes() {
    return bufferedBytes;
  }

  /** Payload bytes kept for one stream, those that wait for their acknowledgement included. */
  public long heldBytes(int streamId) {
    StreamQueue stream = streams.find(streamId);
    return stream == null ? 0 : stream.heldBytes;
  }

  /** Payload bytes kept in all. */
  public long heldBytes() {
    return heldBytes;
  }

  /** A stream's share against those of the others; 256 by default. */
  public void setWeight(int streamId, int weight) {
    streams.get(streamId).weight = weight;
  }

  /** The streams will be reset: what is sent on them from now on waits. */
  public void beginReset(int streamId) {
    StreamQueue stream = streams.get(streamId);
    if (stream.isResetting()) {
      return;
    }
    stream.raiseBarrier();
    resetting.add(stream);
    if (!stream.isSendable()) {
      scheduler.remove(stream);
    }
  }

  /** Whether a reset of the stream was asked for and not yet answered. */
  public boolean isResetting(int streamId) {
    StreamQueue stream = streams.find(streamId);
    return stream != null && stream.isResetting();
  }

  /** Whether a reset of any stream was asked for and not yet answered. */
  public boolean anyResetting() {
    return !resetting.isEmpty();
  }

  /** The streams with a pending reset all of whose data is acknowledged or abandoned. */
  public List<Integer> drainedForReset(int max) {
    if (resetting.isEmpty()) {
      return List.of();
    }
    var drained = new ArrayList<Integer>();
    for (StreamQueue stream : resetting) {
      if (stream.isDrainedForReset()) {
        drained.add(stream.streamId);
        if (drained.size() == max) {
          break;
        }
      }
    }
    return drained;
  }

  /** How a reset ended. */
  public enum ResetOutcome {
    /** Sequence numbers start at 0 again. */
    PERFORMED,
    /** They go on. */
    REFUSED
  }

  /** The peer answered the reset of these streams. */
  public void endReset(List<Integer> streamIds, ResetOutcome outcome) {
    for (int streamId : streamIds) {
      StreamQueue stream = streams.get(streamId);
      resetting.remove(stream);
      if (outcome == ResetOutcome.PERFORMED) {
        stream.resetPerformed();
        if (stream.isFresh()) {
          // A peer that opens and ends one stream after the other leaves nothing behind.
          streams.forget(streamId);
          continue;
        }
      } else {
        stream.resetRefused();
      }
      schedule(stream);
    }
  }

  /** Whether something was ever sent on the stream. */
  public boolean isUsed(int streamId) {
    return streams.find(streamId) != null;
  }

  /** The ids of all streams that were ever used. */
  public List<Integer> usedStreams() {
    var ids = new ArrayList<Integer>();
    streams.forEach(stream -> ids.add(stream.streamId));
    return ids;
  }

  /** The association is over: nothing is kept, and nobody is told that less waits. */
  void discard() {
    streams.clear();
    scheduler = new WeightedFairScheduler();
    changedAmounts.clear();
    resetting.clear();
    current = null;
    overtaking = null;
    bufferedBytes = 0;
    heldBytes = 0;
    heldMessages = 0;
  }
}
