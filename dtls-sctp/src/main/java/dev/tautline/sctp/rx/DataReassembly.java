package dev.tautline.sctp.rx;

import dev.tautline.base.HeapSize;
import dev.tautline.sctp.packet.DataView;
import dev.tautline.sctp.packet.Order;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Reassembly of DATA: fragments of a message have consecutive TSNs, RFC 9260 section 6.9, so runs
 * of TSNs grow and join until one has both ends.
 */
final class DataReassembly implements Reassembly {
  /** A run with its map entry and key. */
  private static final long RUN_BYTES =
      HeapSize.ofObject(8 * 4 + 3 * 8 + 2)
          + HeapSize.ofObject(5 * 4 + 1)
          + HeapSize.ofObject(4 + 8);

  private static final long NONE = -1;

  private static final class Run {
    final int streamId;
    final Order order;
    final int ssn;
    int ppid;
    long first;
    long last;
    Fragment head;
    Fragment tail;
    int bytes;

    /** What the run and its fragments take on the heap. */
    long cost;

    boolean begins;
    boolean ends;

    Run(long tsn, DataView data) {
      streamId = data.streamId();
      order = data.order();
      ssn = data.messageId();
      ppid = data.ppid();
      first = tsn;
      last = tsn;
      head = Fragment.of(data);
      tail = head;
      bytes = data.payloadLength();
      cost = RUN_BYTES + Fragment.memoryBytes(bytes);
      begins = data.begins();
      ends = data.ends();
    }

    boolean isOf(DataView data) {
      // Without order the SSN has no meaning, section 3.3.1.
      return streamId == data.streamId()
          && order == data.order()
          && (order == Order.UNORDERED || ssn == data.messageId());
    }

    void append(DataView data) {
      Fragment fragment = Fragment.of(data);
      tail.next = fragment;
      tail = fragment;
      last++;
      bytes += data.payloadLength();
      cost += Fragment.memoryBytes(data.payloadLength());
      ends = data.ends();
    }

    void join(Run after) {
      tail.next = after.head;
      tail = after.tail;
      last = after.last;
      bytes += after.bytes;
      cost += after.cost - RUN_BYTES;
      ends = after.ends;
    }

    boolean isComplete() {
      return begins && ends;
    }
  }

  private final TreeMap<Long, Run> runs = new TreeMap<>();
  private final MessageSink sink;
  private final OrderedDelivery ordered;

  /** The run that grew last: in an orderly transfer it is the one that grows next. */
  private @Nullable Run recent;

  /**
   * The last TSN of a message that FORWARD-TSN cut off: what goes on after it, without a beginning
   * of its own, never becomes whole.
   */
  private long deadEnd = NONE;

  private long heldBytes;
  private long steps;

  DataReassembly(MessageSink sink) {
    this.sink = sink;
    this.ordered = new OrderedDelivery(16, sink);
  }

  @Override
  public long heldBytes() {
    return heldBytes + ordered.heldBytes();
  }

  @Override
  public long tableBytes() {
    return ordered.tableBytes();
  }

  @Override
  public long steps() {
    return steps + ordered.steps();
  }

  @Override
  public Outcome add(long tsn, DataView data) {
    if (data.order() == Order.ORDERED && !ordered.isExpected(data.streamId(), data.messageId())) {
      return Outcome.SUPERFLUOUS;
    }
    Run before = endingAt(tsn - 1);
    Run after = startingAt(tsn + 1);
    if (contradicts(before, after, data)) {
      return Outcome.CONTRADICTION;
    }
    if (data.begins() && data.ends()) {
      deliver(data.streamId(), data.order(), data.messageId(), data.ppid(), copyPayload(data));
      return Outcome.TAKEN;
    }
    if (!data.begins() && tsn - 1 == deadEnd) {
      deadEnd = data.ends() ? NONE : tsn;
      dropDead();
      return Outcome.SUPERFLUOUS;
    }
    Run run;
    if (before != null && !data.begins()) {
      heldBytes += Fragment.memoryBytes(data.payloadLength());
      before.append(data);
      run = before;
    } else {
      run = new Run(tsn, data);
      runs.put(tsn, run);
      heldBytes += run.cost;
    }
    if (after != null && !data.ends()) {
      runs.remove(after.first);
      heldBytes -= RUN_BYTES;
      run.join(after);
      if (recent == after) {
        recent = run;
      }
    }
    if (run.isComplete()) {
      remove(run);
      deliver(run.streamId, run.order, run.ssn, run.ppid, Fragment.join(run.head, run.bytes));
    } else {
      recent = run;
    }
    return Outcome.TAKEN;
  }

  private @Nullable Run endingAt(long tsn) {
    if (recent != null && recent.last == tsn) {
      return recent;
    }
    if (runs.isEmpty() || runs.firstKey() > tsn) {
      return null;
    }
    Map.Entry<Long, Run> entry = runs.floorEntry(tsn);
    return entry != null && entry.getValue().last == tsn ? entry.getValue() : null;
  }

  private @Nullable Run startingAt(long tsn) {
    // Nothing is looked up while TSNs come in order.
    return runs.isEmpty() || runs.lastKey() < tsn ? null : runs.get(tsn);
  }

  private static boolean contradicts(@Nullable Run before, @Nullable Run after, DataView data) {
    if (before != null) {
      if (before.ends != data.begins()) {
        return true;
      }
      if (!data.begins() && !before.isOf(data)) {
        return true;
      }
    }
    if (after != null) {
      if (data.ends() != after.begins) {
        return true;
      }
      return !data.ends() && !after.isOf(data);
    }
    return false;
  }

  private void remove(Run run) {
    runs.remove(run.first);
    heldBytes -= run.cost;
    steps++;
    if (recent == run) {
      recent = null;
    }
  }

  private void deliver(int streamId, Order order, int ssn, int ppid, byte[] payload) {
    if (order == Order.UNORDERED) {
      sink.message(streamId, ppid, payload);
    } else if (ordered.isExpected(streamId, ssn)) {
      ordered.complete(streamId, ssn, ppid, payload);
    }
  }

  @Override
  public void unusable(long tsn) {
    // Left where it is, each request to reset streams would come by it.
    Run before = endingAt(tsn - 1);
    if (before != null && !before.ends) {
      remove(before);
    }
    Run after = startingAt(tsn + 1);
    if (after != null && !after.begins) {
      remove(after);
    }
  }

  @Override
  public void skip(long cumulativeTsn, List<Skip> skips) {
    deadEnd = Math.max(deadEnd, cumulativeTsn);
    while (!runs.isEmpty() && runs.firstKey() <= cumulativeTsn) {
      Run run = runs.firstEntry().getValue();
      remove(run);
      if (run.last > cumulativeTsn) {
        deadEnd = run.ends ? NONE : run.last;
      }
    }
    dropDead();
    for (Skip skip : skips) {
      ordered.skipTo(skip.streamId(), skip.messageId());
    }
  }

  /** Fragments may have overtaken those that FORWARD-TSN or {@link #add} declared dead. */
  private void dropDead() {
    while (deadEnd != NONE) {
      Run run = startingAt(deadEnd + 1);
      if (run == null || run.begins) {
        return;
      }
      remove(run);
      deadEnd = run.ends ? NONE : run.last;
    }
  }

  @Override
  public void reset(long lastTsn, List<Integer> streamIds) {
    ordered.reset(streamIds);
    if (!runs.isEmpty()) {
      Set<Integer> ids = new HashSet<>(streamIds);
      for (Run run : List.copyOf(runs.headMap(lastTsn, true).values())) {
        steps++;
        if (ids.isEmpty() || ids.contains(run.streamId)) {
          remove(run);
        }
      }
    }
  }

  private static byte[] copyPayload(DataView data) {
    int offset = data.payloadOffset();
    return Arrays.copyOfRange(data.bytes(), offset, offset + data.payloadLength());
  }
}
