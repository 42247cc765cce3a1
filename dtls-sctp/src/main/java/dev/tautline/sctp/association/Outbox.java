package dev.tautline.sctp.association;

import dev.tautline.sctp.packet.Chunk;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/** Control chunks that wait for their packet. Bounded: a peer cannot make it grow by asking. */
final class Outbox {
  /** What asks for more answers than that gets none until some have left. */
  private static final int MAX_WAITING = 64;

  /** Whether a packet carries a checksum, RFC 9653 section 5.2. */
  enum Checksum {
    /** Always. */
    REQUIRED,
    /** Not if both sides said that they can do without. */
    AS_NEGOTIATED
  }

  /** A packet of its own: nothing is bundled with it. */
  record Alone(int verificationTag, Checksum checksum, Chunk chunk) {}

  private final ArrayDeque<Alone> alone = new ArrayDeque<>();
  private final ArrayDeque<Chunk> bundled = new ArrayDeque<>();

  void sendAlone(int verificationTag, Checksum checksum, Chunk chunk) {
    if (alone.size() < MAX_WAITING) {
      alone.add(new Alone(verificationTag, checksum, chunk));
    }
  }

  void send(Chunk chunk) {
    if (bundled.size() < MAX_WAITING) {
      bundled.add(chunk);
    }
  }

  /** COOKIE ECHO goes before all else, RFC 9260 section 6.10. */
  void sendFirst(Chunk chunk) {
    bundled.addFirst(chunk);
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
