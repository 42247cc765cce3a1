package dev.tautline.sctp.tx;

import dev.tautline.sctp.packet.Order;
import java.util.ArrayDeque;

/** The messages that wait on one outgoing stream, and the stream's numbers. */
final class StreamQueue {
  static final int DEFAULT_WEIGHT = 256;

  /** No reset was asked for. */
  private static final int NO_BARRIER = -1;

  final int streamId;
  final ArrayDeque<OutgoingMessage> messages = new ArrayDeque<>();

  /** Payload bytes not yet put into a packet for the first time. */
  long bufferedBytes;

  /** Payload bytes of messages that are not acknowledged or abandoned as a whole. */
  long heldBytes;

  /** How many messages those are. */
  int heldMessages;

  /** Fragments with a TSN above the cumulative TSN ack. */
  int outstandingFragments;

  int weight = DEFAULT_WEIGHT;
  boolean amountChanged;

  /** The scheduler's: when the stream's next message is due, in its virtual time. */
  long virtualFinish;

  /** The scheduler's: when it started. */
  long virtualStart;

  /** The scheduler's. */
  StreamScheduler.Length length = StreamScheduler.Length.LONG;

  /** The scheduler's: breaks ties in the order of arrival. */
  long arrival;

  boolean scheduled;

  private long nextOrderedId;
  private long nextUnorderedId;

  /** How many messages are still to be sent before the reset; those behind them wait for it. */
  private int barrier = NO_BARRIER;

  StreamQueue(int streamId) {
    this.streamId = streamId;
  }

  long takeId(Order order) {
    return order == Order.ORDERED ? nextOrderedId++ : nextUnorderedId++;
  }

  long nextId(Order order) {
    return order == Order.ORDERED ? nextOrderedId : nextUnorderedId;
  }

  /** Whether a message may be taken: none behind the barrier may. */
  boolean isSendable() {
    return !messages.isEmpty() && barrier != 0;
  }

  boolean isResetting() {
    return barrier != NO_BARRIER;
  }

  void raiseBarrier() {
    barrier = messages.size();
  }

  /**
   * Whether nothing of it would be missed: its numbers are 0, nothing waits, nothing is under way.
   */
  boolean isFresh() {
    return nextOrderedId == 0
        && nextUnorderedId == 0
        && messages.isEmpty()
        && heldMessages == 0
        && outstandingFragments == 0
        && !amountChanged
        && !isResetting();
  }

  /** The head of the queue was sent or given up. */
  void headRemoved() {
    if (barrier > 0) {
      barrier--;
    }
  }

  /** Whether all that was sent before the reset was asked for is acknowledged or abandoned. */
  boolean isDrainedForReset() {
    return barrier == 0 && outstandingFragments == 0;
  }

  /** The peer performed the reset: numbers start at 0 again, RFC 6525 section 5.2.7. */
  void resetPerformed() {
    barrier = NO_BARRIER;
    nextOrderedId = 0;
    nextUnorderedId = 0;
  }

  /** The peer refused: messages go on with their numbers. */
  void resetRefused() {
    barrier = NO_BARRIER;
  }
}
