package dev.tautline.sctp.rx;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Hands complete ordered messages on in the order of their numbers, stream by stream. */
final class OrderedDelivery {
  /** What a waiting message costs besides its payload: array header, record, map entry, key. */
  private static final int WAITING_OVERHEAD = 136;

  /** The result of {@link #distance} for a number that was delivered or skipped. */
  private static final long PAST = -1;

  @SuppressWarnings("ArrayRecordComponent") // never compared, handed over on delivery
  private record Waiting(int ppid, byte[] payload) {}

  private final int numberBits;
  private final MessageSink sink;
  private final StreamNumbers numbers = new StreamNumbers();
  private final Map<Integer, TreeMap<Long, Waiting>> waiting = new HashMap<>();
  private long heldBytes;

  /** Numbers have 16 bits (SSN) or 32 (MID). */
  OrderedDelivery(int numberBits, MessageSink sink) {
    this.numberBits = numberBits;
    this.sink = sink;
  }

  long heldBytes() {
    return heldBytes;
  }

  /** How far ahead of the next expected number this one is; negative when it is past. */
  private long distance(int streamId, int number) {
    int shift = 64 - numberBits;
    return ((long) number << shift) - (numbers.next(streamId) << shift) >> shift;
  }

  /** Whether a message with that number may still be delivered. */
  boolean isExpected(int streamId, int number) {
    long distance = distance(streamId, number);
    if (distance <= PAST) {
      return false;
    }
    TreeMap<Long, Waiting> messages = waiting.get(streamId);
    return messages == null || !messages.containsKey(numbers.next(streamId) + distance);
  }

  /** Takes a message whose number {@link #isExpected}. */
  void complete(int streamId, int number, int ppid, byte[] payload) {
    long next = numbers.next(streamId);
    long distance = distance(streamId, number);
    if (distance > 0) {
      waiting
          .computeIfAbsent(streamId, id -> new TreeMap<>())
          .put(next + distance, new Waiting(ppid, payload));
      heldBytes += WAITING_OVERHEAD + payload.length;
      return;
    }
    numbers.setNext(streamId, next + 1);
    sink.message(streamId, ppid, payload);
    deliverConsecutive(streamId);
  }

  private void deliverConsecutive(int streamId) {
    TreeMap<Long, Waiting> messages = waiting.get(streamId);
    if (messages == null) {
      return;
    }
    long next = numbers.next(streamId);
    while (!messages.isEmpty() && messages.firstKey() == next) {
      deliver(streamId, messages.pollFirstEntry().getValue());
      next++;
    }
    numbers.setNext(streamId, next);
    if (messages.isEmpty()) {
      waiting.remove(streamId);
    }
  }

  private void deliver(int streamId, Waiting message) {
    heldBytes -= WAITING_OVERHEAD + message.payload.length;
    sink.message(streamId, message.ppid, message.payload);
  }

  /**
   * All numbers up to this one are given up; what came of them is delivered, RFC 3758 section 3.6.
   */
  void skipTo(int streamId, int number) {
    long distance = distance(streamId, number);
    if (distance <= PAST) {
      return;
    }
    long last = numbers.next(streamId) + distance;
    TreeMap<Long, Waiting> messages = waiting.get(streamId);
    if (messages != null) {
      while (!messages.isEmpty() && messages.firstKey() <= last) {
        deliver(streamId, messages.pollFirstEntry().getValue());
      }
    }
    numbers.setNext(streamId, last + 1);
    deliverConsecutive(streamId);
  }

  /** Numbers start at 0 again; empty means on all streams. */
  void reset(List<Integer> streamIds) {
    if (streamIds.isEmpty()) {
      numbers.resetAll();
      waiting.clear();
      heldBytes = 0;
      return;
    }
    for (int streamId : streamIds) {
      numbers.setNext(streamId, 0);
      TreeMap<Long, Waiting> dropped = waiting.remove(streamId);
      if (dropped != null) {
        for (Waiting message : dropped.values()) {
          heldBytes -= WAITING_OVERHEAD + message.payload.length;
        }
      }
    }
  }
}
