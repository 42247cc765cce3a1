package dev.tautline.sctp.tx;

import dev.tautline.sctp.packet.DataFormat;
import org.jspecify.annotations.Nullable;

/** One fragment with a TSN. The ring keeps and reuses these, so sending allocates none. */
final class OutstandingChunk {
  /** What is known of a fragment. */
  enum State {
    /** Sent, and nothing said about it. */
    IN_FLIGHT,
    /** Taken for lost, to be sent again. */
    LOST,
    /** In a gap ack block; it counts as received unless the peer takes that back. */
    ACKED,
    /** Its message was given up. */
    ABANDONED,
    /** Its TSN is kept for the rest of a message that others overtook; nothing was sent yet. */
    RESERVED
  }

  @Nullable OutgoingMessage message;
  State state = State.IN_FLIGHT;
  int offset;
  int length;
  int fragment;
  int flags;

  /** Header, payload and padding: what counts against windows. */
  int chunkBytes;

  int transmissions;
  int misses;

  /** RFC 9260 section 7.2.4: a TSN is fast-retransmitted once. */
  boolean retransmitted;

  long sentNanos;
  long tsn;

  /** Counts transmissions of all chunks: what was sent later has the higher one. */
  long sendOrder;

  /** The same of its first transmission. */
  long firstOrder;

  /** Which of the packets larger than the base size it left in; 0: none of them. */
  long largePacket;

  // What DeliveryRate keeps with each chunk.
  long deliveredBefore;
  long deliveredBeforeNanos;
  long flightStartedNanos;
  boolean applicationLimited;

  /** Whether it begins the first message of its stream. */
  boolean beginsStream() {
    return (flags & DataFormat.B_BIT) != 0 && owner().isFirst();
  }

  OutgoingMessage owner() {
    OutgoingMessage owner = message;
    if (owner == null) {
      throw new IllegalStateException("an empty slot of the ring has no message");
    }
    return owner;
  }
}
