package dev.tautline.sctp.rx;

import dev.tautline.base.WireWriter;
import dev.tautline.sctp.fuzz.Cost;
import dev.tautline.sctp.packet.Chunk;
import dev.tautline.sctp.packet.DataChunk;
import dev.tautline.sctp.packet.DataFormat;
import dev.tautline.sctp.packet.DataView;
import dev.tautline.sctp.packet.IDataChunk;
import dev.tautline.sctp.packet.Octets;
import dev.tautline.sctp.packet.Order;
import dev.tautline.sctp.packet.SctpParseException;
import dev.tautline.sctp.rx.Reassembly.Outcome;
import dev.tautline.sctp.rx.Reassembly.Skip;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Reassembly against one that keeps every fragment in a map and looks at all of them each time.
 *
 * <p>Five bytes of input are a fragment, a FORWARD-TSN or a reset, with numbers out of small
 * ranges, so that fragments meet, contradict each other and come again.
 */
final class ReassemblyFuzz {
  /** Which chunk fragments come in. */
  enum Form {
    DATA,
    I_DATA
  }

  private static final int STREAMS = 4;
  private static final int STEP_BYTES = 5;
  private static final int FIRST_TSN = 1000;

  /** A fragment as the naive one keeps it. */
  private record Piece(
      long tsn,
      int streamId,
      Order order,
      int id,
      int fsn,
      boolean begins,
      boolean ends,
      byte seed,
      int length) {
    boolean isOfTheMessageOf(Piece other) {
      return streamId == other.streamId
          && order == other.order
          && (order == Order.UNORDERED || id == other.id);
    }

    boolean isOfTheSameIdAs(Piece other) {
      return streamId == other.streamId && order == other.order && id == other.id;
    }

    byte[] payload() {
      byte[] payload = new byte[length];
      for (int i = 0; i < length; i++) {
        payload[i] = (byte) (seed + i);
      }
      return payload;
    }
  }

  /** Messages as text, in the order of their delivery. */
  private final List<String> delivered = new ArrayList<>();

  private final List<String> expected = new ArrayList<>();
  private final Form form;
  private final Reassembly reassembly;

  // What the naive one has.
  private final TreeMap<Long, Piece> held = new TreeMap<>();
  private final Map<Integer, Integer> nextIds = new HashMap<>();
  private final Map<Integer, TreeMap<Integer, String>> waiting = new HashMap<>();
  private final TreeSet<Long> seen = new TreeSet<>();

  private ReassemblyFuzz(Form form) {
    this.form = form;
    MessageSink sink = (streamId, ppid, payload) -> delivered.add(text(streamId, payload));
    reassembly = form == Form.DATA ? new DataReassembly(sink) : new InterleavedReassembly(sink);
  }

  static void run(byte[] input, Form form) {
    Cost.check(input, (bytes, cost) -> new ReassemblyFuzz(form).play(bytes, cost));
  }

  private static String text(int streamId, byte[] payload) {
    return streamId + ":" + Octets.copyOf(payload);
  }

  private void play(byte[] input, Cost cost) {
    for (int at = 0; input.length - at >= STEP_BYTES; at += STEP_BYTES) {
      int kind = input[at] & 0xff;
      if (kind < 224) {
        fragment(input, at, cost);
      } else if (kind < 244) {
        skip(input, at, cost);
      } else {
        reset(input[at + 1], cost);
      }
      checkDelivered();
      boolean nothing = held.isEmpty() && waiting.values().stream().allMatch(TreeMap::isEmpty);
      if (nothing != (reassembly.heldBytes() == 0)) {
        throw new AssertionError(
            "holds " + reassembly.heldBytes() + " bytes with " + held + " and " + waiting);
      }
    }
  }

  private void checkDelivered() {
    if (!delivered.equals(expected)) {
      throw new AssertionError("delivered " + delivered + " instead of " + expected);
    }
    delivered.clear();
    expected.clear();
  }

  // --- fragments ---

  private void fragment(byte[] input, int at, Cost cost) {
    long tsn = FIRST_TSN + (input[at + 1] & 0x3f);
    int bits = input[at] & 0xff;
    var piece =
        new Piece(
            tsn,
            input[at + 2] & STREAMS - 1,
            (bits & 4) == 0 ? Order.ORDERED : Order.UNORDERED,
            input[at + 2] >> 2 & 7,
            (bits & 2) != 0 || form == Form.DATA ? 0 : input[at + 3] & 7,
            (bits & 2) != 0,
            (bits & 1) != 0,
            input[at + 4],
            1 + (input[at + 3] >> 3 & 15));
    if (seen.contains(tsn)) {
      // The receiver knows the TSN and asks nobody.
      return;
    }
    DataView view = view(piece, bits & 7);
    cost.begin();
    Outcome outcome = reassembly.add(tsn, view);
    cost.end(Chunk.padded(20 + piece.length()));
    Outcome naive = form == Form.DATA ? addData(piece) : addIData(piece);
    if (outcome != naive) {
      throw new AssertionError(outcome + " instead of " + naive + " for " + piece);
    }
    if (naive != Outcome.CONTRADICTION) {
      seen.add(tsn);
    }
  }

  private DataView view(Piece piece, int flags) {
    Octets payload = Octets.copyOf(piece.payload());
    int tsn = (int) piece.tsn();
    Chunk chunk =
        form == Form.DATA
            ? new DataChunk(flags, tsn, piece.streamId(), piece.id(), 53, payload)
            : new IDataChunk(
                flags,
                tsn,
                piece.streamId(),
                piece.id(),
                piece.begins() ? 53 : piece.fsn(),
                payload);
    require((flags & DataFormat.U_BIT) != 0 == (piece.order() == Order.UNORDERED), "U bit");
    var out = new WireWriter(chunk.paddedLength());
    chunk.write(out);
    var view = new DataView();
    try {
      view.wrap(out.array(), 0, Chunk.HEADER_BYTES + chunk.valueLength());
    } catch (SctpParseException e) {
      throw new AssertionError(e);
    }
    return view;
  }

  /** RFC 9260 section 6.9: the fragments of a message have consecutive TSNs. */
  private Outcome addData(Piece piece) {
    if (piece.order() == Order.ORDERED && !isExpected(piece.streamId(), piece.id())) {
      return Outcome.SUPERFLUOUS;
    }
    Piece before = held.get(piece.tsn() - 1);
    Piece after = held.get(piece.tsn() + 1);
    if (before != null
        && (before.ends() != piece.begins()
            || !piece.begins() && !before.isOfTheMessageOf(piece))) {
      return Outcome.CONTRADICTION;
    }
    if (after != null
        && (after.begins() != piece.ends() || !piece.ends() && !after.isOfTheMessageOf(piece))) {
      return Outcome.CONTRADICTION;
    }
    held.put(piece.tsn(), piece);
    long first = piece.tsn();
    while (!pieceAt(first).begins() && held.containsKey(first - 1)) {
      first--;
    }
    long last = piece.tsn();
    while (!pieceAt(last).ends() && held.containsKey(last + 1)) {
      last++;
    }
    if (pieceAt(first).begins() && pieceAt(last).ends()) {
      var pieces = new ArrayList<>(held.subMap(first, true, last, true).values());
      held.subMap(first, true, last, true).clear();
      complete(pieces);
    }
    return Outcome.TAKEN;
  }

  private Piece pieceAt(long tsn) {
    Piece piece = held.get(tsn);
    if (piece == null) {
      throw new IllegalStateException("no piece at " + tsn);
    }
    return piece;
  }

  /** RFC 8260 section 2.1: fragments are found by stream, order, MID and FSN. */
  private Outcome addIData(Piece piece) {
    if (piece.order() == Order.ORDERED && !isExpected(piece.streamId(), piece.id())) {
      return Outcome.SUPERFLUOUS;
    }
    if (!piece.begins() && piece.fsn() == 0) {
      return Outcome.CONTRADICTION;
    }
    var byFsn = new TreeMap<Integer, Piece>();
    for (Piece other : held.values()) {
      if (other.isOfTheSameIdAs(piece)) {
        byFsn.put(other.fsn(), other);
      }
    }
    @Nullable Piece end =
        byFsn.values().stream().filter(other -> other.ends()).findFirst().orElse(null);
    boolean contradicts =
        byFsn.containsKey(piece.fsn())
            || end != null && (piece.ends() || piece.fsn() > end.fsn())
            || piece.ends() && !byFsn.isEmpty() && byFsn.lastKey() > piece.fsn();
    if (contradicts) {
      return Outcome.CONTRADICTION;
    }
    held.put(piece.tsn(), piece);
    byFsn.put(piece.fsn(), piece);
    Piece last = byFsn.lastEntry().getValue();
    if (last.ends() && byFsn.size() == last.fsn() + 1) {
      held.values().removeAll(byFsn.values());
      complete(new ArrayList<>(byFsn.values()));
    }
    return Outcome.TAKEN;
  }

  // --- the order of messages ---

  private int next(int streamId) {
    return nextIds.getOrDefault(streamId, 0);
  }

  private TreeMap<Integer, String> waitingOn(int streamId) {
    return waiting.computeIfAbsent(streamId, id -> new TreeMap<>());
  }

  private boolean isExpected(int streamId, int id) {
    return id >= next(streamId) && !waitingOn(streamId).containsKey(id);
  }

  private void complete(List<Piece> pieces) {
    var payload = new WireWriter(pieces.stream().mapToInt(Piece::length).sum());
    pieces.forEach(piece -> payload.bytes(piece.payload()));
    Piece first = pieces.get(0);
    String message = text(first.streamId(), payload.array());
    if (first.order() == Order.UNORDERED) {
      expected.add(message);
    } else if (isExpected(first.streamId(), first.id())) {
      waitingOn(first.streamId()).put(first.id(), message);
      deliverInOrder(first.streamId());
    }
  }

  private void deliverInOrder(int streamId) {
    TreeMap<Integer, String> messages = waitingOn(streamId);
    while (messages.containsKey(next(streamId))) {
      expected.add(messages.remove(next(streamId)));
      nextIds.put(streamId, next(streamId) + 1);
    }
  }

  // --- FORWARD-TSN and resets ---

  private void skip(byte[] input, int at, Cost cost) {
    long tsn = FIRST_TSN + (input[at + 1] & 0x3f);
    int streamId = input[at + 2] & STREAMS - 1;
    int id = input[at + 2] >> 2 & 7;
    Order order = form == Form.DATA || (input[at + 3] & 1) == 0 ? Order.ORDERED : Order.UNORDERED;
    List<Skip> skips = List.of(new Skip(streamId, order, id));
    cost.begin();
    reassembly.skip(tsn, skips);
    cost.end(16);
    for (long gone = FIRST_TSN; gone <= tsn; gone++) {
      seen.add(gone);
    }
    if (form == Form.DATA) {
      // With its head the whole run goes: none of its rest can become whole.
      boolean cutsRun = held.containsKey(tsn) && held.containsKey(tsn + 1);
      if (cutsRun && !pieceAt(tsn).ends()) {
        long last = tsn + 1;
        while (!pieceAt(last).ends() && held.containsKey(last + 1)) {
          last++;
        }
        held.subMap(tsn + 1, true, last, true).clear();
      }
      held.headMap(tsn, true).clear();
    } else {
      held.values()
          .removeIf(
              piece -> piece.streamId() == streamId && piece.order() == order && piece.id() <= id);
    }
    if (order == Order.ORDERED && id >= next(streamId)) {
      TreeMap<Integer, String> messages = waitingOn(streamId);
      expected.addAll(messages.headMap(id, true).values());
      messages.headMap(id, true).clear();
      nextIds.put(streamId, id + 1);
      deliverInOrder(streamId);
    }
  }

  private void reset(int streamId, Cost cost) {
    int id = streamId & STREAMS - 1;
    List<Integer> ids = (streamId & 0x40) == 0 ? List.of(id) : List.of();
    cost.begin();
    reassembly.reset(FIRST_TSN + 64, ids);
    cost.end(16);
    for (int stream = 0; stream < STREAMS; stream++) {
      int reset = stream;
      if (ids.isEmpty() || ids.contains(stream)) {
        held.values().removeIf(piece -> piece.streamId() == reset);
        waitingOn(stream).clear();
        nextIds.put(stream, 0);
      }
    }
  }

  private static void require(boolean holds, String what) {
    if (!holds) {
      throw new AssertionError(what);
    }
  }
}
