package dev.tautline.sctp.rx;

import dev.tautline.base.HeapSize;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Hands complete ordered messages on in the order of their numbers, stream by stream. */
final class OrderedDelivery {
  /** What a waiting message takes besides its array and its key: record, map entry. */
  private static final long WAITING_BYTES = HeapSize.ofObject(4 + 4) + HeapSize.ofObject(5 * 4 + 1);

  /** A stream with waiting messages: map entry with key and place in the table, its map. */
  private static final long STREAM_BYTES =
      HeapSize.ofObject(4 * 4) + HeapSize.ofObject(4) + 8 + HeapSize.ofObject(9 * 4);

  /** A table for more streams than this is given back once nothing is in it. */
  private static final int MANY_STREAMS = 1_024;

  /** The result of {@link #distance} for a number that was delivered or skipped. */
  private static final long PAST = -1;

  @SuppressWarnings("ArrayRecordComponent") // never compared, handed over on delivery
  private record Waiting(int ppid, byte[] payload) {}

  private final int numberBits;
  private final MessageSink sink;
  private final StreamNumbers numbers = new StreamNumbers();
  private Map<Integer, TreeMap<Long, Waiting>> waiting = new HashMap<>();
  private boolean manyStreams;
  private long heldBytes;
  private long steps;

  /** Numbers have 16 bits (SSN) or 32 (MID). */
  OrderedDelivery(int numberBits, MessageSink sink) {
    this.numberBits = numberBits;
    this.sink = sink;
  }

  long heldBytes() {
    return heldBytes;
  }

  long tableBytes() {
    return numbers.memoryBytes();
  }

  long steps() {
    return steps;
  }

  private static long memoryBytes(long number, byte[] payload) {
    return WAITING_BYTES + HeapSize.ofBoxed(number) + HeapSize.ofBytes(payload.length);
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
      TreeMap<Long, Waiting> messages = waiting.get(streamId);
      if (messages == null) {
        messages = new TreeMap<>();
        waiting.put(streamId, messages);
        manyStreams |= waiting.size() > MANY_STREAMS;
        heldBytes += STREAM_BYTES;
      }
      messages.put(next + distance, new Waiting(ppid, payload));
      heldBytes += memoryBytes(next + distance, payload);
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
      deliver(streamId, messages.pollFirstEntry());
      next++;
    }
    numbers.setNext(streamId, next);
    if (messages.isEmpty()) {
      forget(streamId);
    }
  }

  /** The stream has no waiting messages any more. */
  private void forget(int streamId) {
    waiting.remove(streamId);
    heldBytes -= STREAM_BYTES;
    if (manyStreams && waiting.isEmpty()) {
      waiting = new HashMap<>();
      manyStreams = false;
    }
  }

  private void deliver(int streamId, Map.Entry<Long, Waiting> entry) {
    Waiting message = entry.getValue();
    steps++;
    heldBytes -= memoryBytes(entry.getKey(), message.payload);
    sink.message(streamId, message.ppid, message.payload);
  }

  /**
   * All numbers up to this one are given up; what came of them is delivered, RFC 3758 section 3.6.
   */
  void skipTo(int streamId, int number) {
    steps++;
    long distance = distance(streamId, number);
    if (distance <= PAST) {
      return;
    }
    long last = numbers.next(streamId) + distance;
    TreeMap<Long, Waiting> messages = waiting.get(streamId);
    if (messages != null) {
      while (!messages.isEmpty() && messages.firstKey() <= last) {
        deliver(streamId, messages.pollFirstEntry());
      }
    }
    numbers.setNext(streamId, last + 1);
    deliverConsecutive(streamId);
  }

  /** Numbers start at 0 again; empty means on all streams. */
  void reset(List<Integer> streamIds) {
    if (streamIds.isEmpty()) {
      numbers.resetAll();
      if (!waiting.isEmpty()) {
        waiting = new HashMap<>();
        manyStreams = false;
        heldBytes = 0;
      }
      return;
    }
    for (int streamId : streamIds) {
      numbers.reset(streamId);
      TreeMap<Long, Waiting> dropped = waiting.get(streamId);
      if (dropped != null) {
        for (Map.Entry<Long, Waiting> entry : dropped.entrySet()) {
          heldBytes -= memoryBytes(entry.getKey(), entry.getValue().payload);
        }
        forget(streamId);
      }
    }
  }
}
