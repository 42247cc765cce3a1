package dev.tautline.sctp.rx;

import dev.tautline.base.HeapSize;
import dev.tautline.base.SerialUnwrapper;
import dev.tautline.sctp.packet.DataView;
import dev.tautline.sctp.packet.Order;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Reassembly of I-DATA by stream, order, message and fragment number, RFC 8260 section 2.1. */
final class InterleavedReassembly implements Reassembly {
  private static final long MAP_ENTRY_BYTES = HeapSize.ofObject(5 * 4 + 1);

  private static final long MAP_BYTES = HeapSize.ofObject(9 * 4);

  /** A message in the making with its map entry. */
  private static final long MESSAGE_BYTES = HeapSize.ofObject(5 * 4 + 3 * 8) + MAP_ENTRY_BYTES;

  /**
   * A stream with such messages: map entry with key and place in the table, its numbers and map.
   */
  private static final long STREAM_BYTES =
      HeapSize.ofObject(4 * 4)
          + HeapSize.ofObject(4 + 4)
          + 8
          + HeapSize.ofObject(4 + 4)
          + HeapSize.ofObject(4 + 8)
          + MAP_BYTES;

  /** A table for more streams than this is given back once nothing is in it. */
  private static final int MANY_STREAMS = 1_024;

  private static final long UNKNOWN = -1;

  /** Messages after the last one given up until that is forgotten: half of what serials compare. */
  private static final int FORGET_AFTER = 1 << 30;

  private record StreamKey(int streamId, Order order) {}

  /** One message in the making. */
  private static final class Assembly {
    @Nullable Fragment head;
    @Nullable Fragment tail;

    /** Fragments that wait for one before them. */
    @Nullable TreeMap<Long, Fragment> pending;

    long nextFsn;
    long lastFsn = UNKNOWN;
    int ppid;
    int bytes;

    /** What the message takes on the heap with all that belongs to it. */
    long cost;

    Assembly(long mid) {
      cost = MESSAGE_BYTES + HeapSize.ofBoxed(mid);
    }

    boolean contradicts(long fsn, DataView data) {
      return fsn < nextFsn
          || lastFsn != UNKNOWN && (fsn > lastFsn || data.ends())
          || pending != null
              && (pending.containsKey(fsn) || data.ends() && pending.lastKey() > fsn);
    }

    void add(long fsn, DataView data, Fragment fragment) {
      if (data.begins()) {
        ppid = data.ppid();
      }
      if (data.ends()) {
        lastFsn = fsn;
      }
      cost += Fragment.memoryBytes(fragment.payload.length);
      if (fsn != nextFsn) {
        if (pending == null) {
          pending = new TreeMap<>();
          cost += MAP_BYTES;
        }
        pending.put(fsn, fragment);
        cost += MAP_ENTRY_BYTES + HeapSize.ofBoxed(fsn);
        return;
      }
      append(fragment);
      while (pending != null && pending.firstKey() == nextFsn) {
        cost -= MAP_ENTRY_BYTES + HeapSize.ofBoxed(nextFsn);
        append(pending.pollFirstEntry().getValue());
        if (pending.isEmpty()) {
          pending = null;
          cost -= MAP_BYTES;
        }
      }
    }

    private void append(Fragment fragment) {
      if (tail == null) {
        head = fragment;
      } else {
        tail.next = fragment;
      }
      tail = fragment;
      bytes += fragment.payload.length;
      nextFsn++;
    }

    boolean isComplete() {
      return lastFsn != UNKNOWN && nextFsn > lastFsn;
    }
  }

  /** The messages in the making of one stream and order, by unwrapped MID. */
  private static final class Assemblies {
    final SerialUnwrapper mids = SerialUnwrapper.of32Bits(0);
    final TreeMap<Long, Assembly> byMid = new TreeMap<>();
  }

  private final MessageSink sink;
  private final OrderedDelivery ordered;
  private Map<StreamKey, Assemblies> streams = new HashMap<>();
  private boolean manyStreams;

  /**
   * The last message given up without order, by stream; fragments of it may still come. One more
   * than the MID on the wire: 0 is none.
   */
  private final StreamNumbers givenUp = new StreamNumbers();

  private long heldBytes;
  private long steps;

  InterleavedReassembly(MessageSink sink) {
    this.sink = sink;
    this.ordered = new OrderedDelivery(32, sink);
  }

  @Override
  public long heldBytes() {
    return heldBytes + ordered.heldBytes();
  }

  @Override
  public long tableBytes() {
    return ordered.tableBytes() + givenUp.memoryBytes();
  }

  @Override
  public long steps() {
    return steps + ordered.steps();
  }

  @Override
  public void unusable(long tsn) {
    // Fragments are found by their numbers, not by their TSNs: nothing comes by them again.
  }

  @Override
  public Outcome add(long tsn, DataView data) {
    if (data.order() == Order.ORDERED && !ordered.isExpected(data.streamId(), data.messageId())) {
      return Outcome.SUPERFLUOUS;
    }
    if (!data.begins() && data.fsn() == 0) {
      return Outcome.CONTRADICTION;
    }
    if (data.begins() && data.ends()) {
      return deliverWhole(data);
    }
    if (data.order() == Order.UNORDERED && isGivenUp(data.streamId(), data.messageId())) {
      return Outcome.SUPERFLUOUS;
    }
    var key = new StreamKey(data.streamId(), data.order());
    Assemblies assemblies = streams.get(key);
    if (assemblies == null) {
      assemblies = new Assemblies();
      streams.put(key, assemblies);
      manyStreams |= streams.size() > MANY_STREAMS;
      heldBytes += STREAM_BYTES;
    }
    long mid = assemblies.mids.unwrap(data.messageId());
    Assembly assembly = assemblies.byMid.get(mid);
    if (assembly == null) {
      assembly = new Assembly(mid);
      assemblies.byMid.put(mid, assembly);
      heldBytes += assembly.cost;
    }
    long fsn = data.fsn() & 0xffff_ffffL;
    if (assembly.contradicts(fsn, data)) {
      return Outcome.CONTRADICTION;
    }
    heldBytes -= assembly.cost;
    assembly.add(fsn, data, Fragment.of(data));
    heldBytes += assembly.cost;
    if (assembly.isComplete()) {
      heldBytes -= assembly.cost;
      remove(key, assemblies, mid);
      byte[] payload = Fragment.join(assembly.head, assembly.bytes);
      deliver(data.streamId(), data.order(), data.messageId(), assembly.ppid, payload);
    }
    return Outcome.TAKEN;
  }

  private boolean isGivenUp(int streamId, int mid) {
    long last = givenUp.next(streamId);
    if (last == 0) {
      return false;
    }
    int ahead = mid - (int) (last - 1);
    if (ahead > FORGET_AFTER) {
      // Before the numbers come round.
      givenUp.reset(streamId);
    }
    return ahead <= 0;
  }

  private void giveUp(int streamId, int mid) {
    long last = givenUp.next(streamId);
    if (last == 0 || mid - (int) (last - 1) > 0) {
      givenUp.setNext(streamId, (mid & 0xffff_ffffL) + 1);
    }
  }

  private Outcome deliverWhole(DataView data) {
    Assemblies assemblies = streams.get(new StreamKey(data.streamId(), data.order()));
    if (assemblies != null
        && assemblies.byMid.containsKey(assemblies.mids.peek(data.messageId()))) {
      return Outcome.CONTRADICTION;
    }
    deliver(data.streamId(), data.order(), data.messageId(), data.ppid(), copyPayload(data));
    return Outcome.TAKEN;
  }

  private void remove(StreamKey key, Assemblies assemblies, long mid) {
    assemblies.byMid.remove(mid);
    // An empty one of an ordered stream is forgotten: the MIDs expected are with OrderedDelivery.
    if (assemblies.byMid.isEmpty()) {
      forget(key);
    }
  }

  private void forget(StreamKey key) {
    streams.remove(key);
    heldBytes -= STREAM_BYTES;
    if (manyStreams && streams.isEmpty()) {
      streams = new HashMap<>();
      manyStreams = false;
    }
  }

  private void deliver(int streamId, Order order, int mid, int ppid, byte[] payload) {
    if (order == Order.UNORDERED) {
      sink.message(streamId, ppid, payload);
    } else if (ordered.isExpected(streamId, mid)) {
      ordered.complete(streamId, mid, ppid, payload);
    }
  }

  @Override
  public void skip(long cumulativeTsn, List<Skip> skips) {
    for (Skip skip : skips) {
      steps++;
      var key = new StreamKey(skip.streamId(), skip.order());
      Assemblies assemblies = streams.get(key);
      if (assemblies != null) {
        long last = assemblies.mids.peek(skip.messageId());
        while (!assemblies.byMid.isEmpty() && assemblies.byMid.firstKey() <= last) {
          steps++;
          heldBytes -= assemblies.byMid.pollFirstEntry().getValue().cost;
        }
        if (assemblies.byMid.isEmpty()) {
          forget(key);
        }
      }
      if (skip.order() == Order.ORDERED) {
        ordered.skipTo(skip.streamId(), skip.messageId());
      } else {
        giveUp(skip.streamId(), skip.messageId());
      }
    }
  }

  @Override
  public void reset(long lastTsn, List<Integer> streamIds) {
    ordered.reset(streamIds);
    if (streamIds.isEmpty()) {
      givenUp.resetAll();
    }
    for (int streamId : streamIds) {
      givenUp.reset(streamId);
    }
    List<Integer> ids =
        streamIds.isEmpty()
            ? streams.keySet().stream().map(StreamKey::streamId).distinct().toList()
            : streamIds;
    for (int streamId : ids) {
      for (Order order : Order.values()) {
        var key = new StreamKey(streamId, order);
        Assemblies dropped = streams.get(key);
        if (dropped != null) {
          dropped.byMid.values().forEach(assembly -> heldBytes -= assembly.cost);
          forget(key);
        }
      }
    }
  }

  private static byte[] copyPayload(DataView data) {
    int offset = data.payloadOffset();
    return Arrays.copyOfRange(data.bytes(), offset, offset + data.payloadLength());
  }
}
