package dev.tautline.sctp.association;

import dev.tautline.sctp.packet.Chunk;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/** Control chunks that wait for their packet. Bounded: a peer cannot make it grow by asking. */
final class Outbox {
  /** Whether a packet carries a checksum, RFC 9653 section 5.2. */
  enum Checksum {
    /** Always. */
    REQUIRED,
    /** Not if both sides said that they can do without. */
    AS_NEGOTIATED
  }

  /** A packet of its own: nothing is bundled with it. */
  record Alone(int verificationTag, Checksum checksum, Chunk chunk) {}

  private final int maxWaiting;
  private final ArrayDeque<Alone> alone = new ArrayDeque<>();
  private final ArrayDeque<Chunk> bundled = new ArrayDeque<>();

  /** What asks for more answers than {@code maxWaiting} gets none until some have left. */
  Outbox(int maxWaiting) {
    this.maxWaiting = maxWaiting;
  }

  void sendAlone(int verificationTag, Checksum checksum, Chunk chunk) {
    if (alone.size() < maxWaiting) {
      alone.add(new Alone(verificationTag, checksum, chunk));
    }
  }

  void send(Chunk chunk) {
    if (bundled.size() < maxWaiting) {
      bundled.add(chunk);
    }
  }

  /**
   * COOKIE ECHO and COOKIE ACK go before all else, RFC 9260 section 6.10. One of a kind is enough:
   * the newer takes the place of an older one.
   */
  void sendFirst(Chunk chunk) {
    Chunk present = bundled.peek();
    if (present != null && present.type() == chunk.type()) {
      bundled.remove();
    }
    bundled.addFirst(chunk);
  }

  /** What waits takes that much on the heap, about: it is short-lived, and bounded by number. */
  long memoryBytes() {
    long bytes = 0;
    for (Alone packet : alone) {
      bytes += memoryBytes(packet.chunk) + ALONE_BYTES;
    }
    for (Chunk chunk : bundled) {
      bytes += memoryBytes(chunk);
    }
    return bytes;
  }

  /** The record around a chunk that has a packet of its own. */
  private static final int ALONE_BYTES = 24;

  private static final int CHUNK_BYTES = 32;

  /** Parameters or causes, their list and their arrays, besides what they say. */
  private static final int PARTS_BYTES = 72;

  private static int memoryBytes(Chunk chunk) {
    int value = chunk.valueLength();
    return CHUNK_BYTES + (value == 0 ? 0 : PARTS_BYTES + value);
  }

  @Nullable Alone pollAlone() {
    return alone.poll();
  }

  @Nullable Chunk peek() {
    return bundled.peek();
  }

  void removeFirst() {
    bundled.remove();
  }

  /** What waited no longer makes sense. */
  void clear() {
    alone.clear();
    bundled.clear();
  }
}
