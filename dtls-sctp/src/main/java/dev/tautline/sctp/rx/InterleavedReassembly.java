package dev.tautline.sctp.rx;

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
  private static final int FRAGMENT_OVERHEAD = 48;

  /** A fragment that waits for one before it: map entry and key besides. */
  private static final int PENDING_OVERHEAD = 72;

  private static final int MESSAGE_OVERHEAD = 256;

  private static final long UNKNOWN = -1;

  private record StreamKey(int streamId, Order order) {}

  /** One message in the making. */
  private static final class Assembly {
    @Nullable Fragment head;
    @Nullable Fragment tail;
    final TreeMap<Long, Fragment> pending = new TreeMap<>();
    long nextFsn;
    long lastFsn = UNKNOWN;
    int ppid;
    int bytes;
    long cost = MESSAGE_OVERHEAD;

    boolean contradicts(long fsn, DataView data) {
      return fsn < nextFsn
          || pending.containsKey(fsn)
          || lastFsn != UNKNOWN && (fsn > lastFsn || data.ends())
          || data.ends() && !pending.isEmpty() && pending.lastKey() > fsn;
    }

    void add(long fsn, DataView data, Fragment fragment) {
      if (data.begins()) {
        ppid = data.ppid();
      }
      if (data.ends()) {
        lastFsn = fsn;
      }
      cost += FRAGMENT_OVERHEAD + fragment.payload.length;
      if (fsn != nextFsn) {
        pending.put(fsn, fragment);
        cost += PENDING_OVERHEAD;
        return;
      }
      append(fragment);
      while (!pending.isEmpty() && pending.firstKey() == nextFsn) {
        cost -= PENDING_OVERHEAD;
        append(pending.pollFirstEntry().getValue());
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
  private final Map<StreamKey, Assemblies> streams = new HashMap<>();
  private long heldBytes;

  InterleavedReassembly(MessageSink sink) {
    this.sink = sink;
    this.ordered = new OrderedDelivery(32, sink);
  }

  @Override
  public long heldBytes() {
    return heldBytes + ordered.heldBytes();
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
    var key = new StreamKey(data.streamId(), data.order());
    Assemblies assemblies = streams.computeIfAbsent(key, k -> new Assemblies());
    long mid = assemblies.mids.unwrap(data.messageId());
    Assembly assembly = assemblies.byMid.get(mid);
    if (assembly == null) {
      assembly = new Assembly();
      assemblies.byMid.put(mid, assembly);
      heldBytes += assembly.cost;
    }
    long fsn = data.fsn() & 0xffff_ffffL;
    if (assembly.contradicts(fsn, data)) {
      return Outcome.CONTRADICTION;
    }
    heldBytes -= assembly.cost;
    assembly.add(fsn, data, new Fragment(copyPayload(data)));
    heldBytes += assembly.cost;
    if (assembly.isComplete()) {
      heldBytes -= assembly.cost;
      remove(key, assemblies, mid);
      byte[] payload = Fragment.join(assembly.head, assembly.bytes);
      deliver(data.streamId(), data.order(), data.messageId(), assembly.ppid, payload);
    }
    return Outcome.TAKEN;
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
      streams.remove(key);
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
      var key = new StreamKey(skip.streamId(), skip.order());
      Assemblies assemblies = streams.get(key);
      if (assemblies != null) {
        long last = assemblies.mids.peek(skip.messageId());
        while (!assemblies.byMid.isEmpty() && assemblies.byMid.firstKey() <= last) {
          heldBytes -= assemblies.byMid.pollFirstEntry().getValue().cost;
        }
        if (assemblies.byMid.isEmpty()) {
          streams.remove(key);
        }
      }
      if (skip.order() == Order.ORDERED) {
        ordered.skipTo(skip.streamId(), skip.messageId());
      }
    }
  }

  @Override
  public void reset(long lastTsn, List<Integer> streamIds) {
    ordered.reset(streamIds);
    List<Integer> ids =
        streamIds.isEmpty()
            ? streams.keySet().stream().map(StreamKey::streamId).distinct().toList()
            : streamIds;
    for (int streamId : ids) {
      for (Order order : Order.values()) {
        Assemblies dropped = streams.remove(new StreamKey(streamId, order));
        if (dropped != null) {
          dropped.byMid.values().forEach(assembly -> heldBytes -= assembly.cost);
        }
      }
    }
  }

  private static byte[] copyPayload(DataView data) {
    int offset = data.payloadOffset();
    return Arrays.copyOfRange(data.bytes(), offset, offset + data.payloadLength());
  }
}
