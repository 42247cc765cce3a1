package dev.tautline.sctp.rx;

import static dev.tautline.base.WireWriter.putI32;
import static dev.tautline.base.WireWriter.putU16;

import dev.tautline.sctp.fuzz.Cost;
import dev.tautline.sctp.packet.Chunk;
import dev.tautline.sctp.packet.ChunkType;
import dev.tautline.sctp.packet.DataView;
import dev.tautline.sctp.packet.Order;
import dev.tautline.sctp.packet.SctpParseException;
import dev.tautline.sctp.rx.Reassembly.Outcome;
import dev.tautline.sctp.rx.Reassembly.Skip;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reassembly against one that keeps every fragment in an array by its TSN and looks at all of them
 * each time.
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
  private static final int TSNS = 64;
  private static final int IDS = 8;
  private static final int STEP_BYTES = 5;
  private static final int FIRST_TSN = 1000;
  private static final int PPID = 53;

  /** A fragment as the naive one keeps it; TSNs are counted from 0 here. */
  private record Piece(
      int tsn,
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

    void copyTo(byte[] out, int at) {
      for (int i = 0; i < length; i++) {
        out[at + i] = (byte) (seed + i);
      }
    }
  }

  @SuppressWarnings("ArrayRecordComponent") // compared by isTheSameAs
  private record Message(int streamId, byte[] payload) {
    boolean isTheSameAs(Message other) {
      return streamId == other.streamId && Arrays.equals(payload, other.payload);
    }

    @Override
    public String toString() {
      return streamId + ":" + Arrays.toString(payload);
    }
  }

  /** In the order of their delivery. */
  private final List<Message> delivered = new ArrayList<>();

  private final List<Message> expected = new ArrayList<>();
  private final Form form;
  private final Reassembly reassembly;
  private final DataView view = new DataView();
  private final byte[] wire = new byte[64];

  // What the naive one has.
  private final @Nullable Piece[] held = new Piece[TSNS + 2];
  private final boolean[] seen = new boolean[TSNS + 2];
  private final int[] nextIds = new int[STREAMS];
  private final @Nullable Message[][] waiting = new Message[STREAMS][IDS + 1];

  /** DATA: the TSNs that can only be continued in vain. */
  private final boolean[] dead = new boolean[TSNS + 2];

  /** I-DATA without order: all messages up to this one were given up, by stream. */
  private final int[] givenUp = new int[STREAMS];

  private ReassemblyFuzz(Form form) {
    this.form = form;
    MessageSink sink = (streamId, ppid, payload) -> delivered.add(new Message(streamId, payload));
    reassembly = form == Form.DATA ? new DataReassembly(sink) : new InterleavedReassembly(sink);
    Arrays.fill(givenUp, -1);
  }

  static void run(byte[] input, Form form) {
    Cost.check(input, (bytes, cost) -> new ReassemblyFuzz(form).play(bytes, cost));
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
      if (holdsNothing() != (reassembly.heldBytes() == 0)) {
        throw new AssertionError(
            "holds "
                + reassembly.heldBytes()
                + " bytes with "
                + Arrays.toString(held)
                + " and "
                + Arrays.deepToString(waiting));
      }
    }
  }

  private boolean holdsNothing() {
    for (Piece piece : held) {
      if (piece != null) {
        return false;
      }
    }
    for (Message[] messages : waiting) {
      for (Message message : messages) {
        if (message != null) {
          return false;
        }
      }
    }
    return true;
  }

  private void checkDelivered() {
    boolean same = delivered.size() == expected.size();
    for (int i = 0; same && i < expected.size(); i++) {
      same = delivered.get(i).isTheSameAs(expected.get(i));
    }
    if (!same) {
      throw new AssertionError("delivered " + delivered + " instead of " + expected);
    }
    delivered.clear();
    expected.clear();
  }

  // --- fragments ---

  private void fragment(byte[] input, int at, Cost cost) {
    int tsn = 1 + (input[at + 1] & TSNS - 1);
    int bits = input[at] & 0xff;
    if (seen[tsn]) {
      // The receiver knows the TSN and asks nobody.
      return;
    }
    var piece =
        new Piece(
            tsn,
            input[at + 2] & STREAMS - 1,
            (bits & 4) == 0 ? Order.ORDERED : Order.UNORDERED,
            input[at + 2] >> 2 & IDS - 1,
            (bits & 2) != 0 || form == Form.DATA ? 0 : input[at + 3] & 7,
            (bits & 2) != 0,
            (bits & 1) != 0,
            input[at + 4],
            1 + (input[at + 3] >> 3 & 15));
    wrap(piece, bits & 7);
    cost.begin();
    Outcome outcome = reassembly.add(FIRST_TSN + tsn, view);
    cost.end(Chunk.padded(20 + piece.length()));
    Outcome naive = form == Form.DATA ? addData(piece) : addIData(piece);
    if (outcome != naive) {
      throw new AssertionError(outcome + " instead of " + naive + " for " + piece);
    }
    if (naive != Outcome.CONTRADICTION) {
      seen[tsn] = true;
    }
  }

  private void wrap(Piece piece, int flags) {
    int header = form == Form.DATA ? 16 : 20;
    wire[0] = (byte) (form == Form.DATA ? ChunkType.DATA : ChunkType.I_DATA);
    wire[1] = (byte) flags;
    putU16(wire, 2, header + piece.length());
    putI32(wire, 4, FIRST_TSN + piece.tsn());
    putU16(wire, 8, piece.streamId());
    if (form == Form.DATA) {
      putU16(wire, 10, piece.id());
      putI32(wire, 12, PPID);
    } else {
      putU16(wire, 10, 0);
      putI32(wire, 12, piece.id());
      putI32(wire, 16, piece.begins() ? PPID : piece.fsn());
    }
    piece.copyTo(wire, header);
    try {
      view.wrap(wire, 0, header + piece.length());
    } catch (SctpParseException e) {
      throw new AssertionError(e);
    }
  }

  /** RFC 9260 section 6.9: the fragments of a message have consecutive TSNs. */
  private Outcome addData(Piece piece) {
    if (piece.order() == Order.ORDERED && !isExpected(piece.streamId(), piece.id())) {
      return Outcome.SUPERFLUOUS;
    }
    int tsn = piece.tsn();
    Piece before = held[tsn - 1];
    Piece after = held[tsn + 1];
    if (before != null
        && (before.ends() != piece.begins()
            || !piece.begins() && !before.isOfTheMessageOf(piece))) {
      return Outcome.CONTRADICTION;
    }
    if (after != null
        && (after.begins() != piece.ends() || !piece.ends() && !after.isOfTheMessageOf(piece))) {
      return Outcome.CONTRADICTION;
    }
    if (!piece.begins() && dead[tsn - 1]) {
      dead[tsn] = !piece.ends();
      dropDeadAfter(tsn);
      return Outcome.SUPERFLUOUS;
    }
    held[tsn] = piece;
    int first = tsn;
    while (!pieceAt(first).begins() && held[first - 1] != null) {
      first--;
    }
    int last = tsn;
    while (!pieceAt(last).ends() && held[last + 1] != null) {
      last++;
    }
    if (pieceAt(first).begins() && pieceAt(last).ends()) {
      var pieces = new ArrayList<Piece>();
      for (int i = first; i <= last; i++) {
        pieces.add(pieceAt(i));
        held[i] = null;
      }
      complete(pieces);
    }
    return Outcome.TAKEN;
  }

  /** What is held after a TSN that is dead, up to the end of the message, is dead as well. */
  private void dropDeadAfter(int tsn) {
    for (int i = tsn; dead[i]; i++) {
      Piece next = held[i + 1];
      if (next == null || next.begins()) {
        return;
      }
      held[i + 1] = null;
      dead[i + 1] = !next.ends();
    }
  }

  private Piece pieceAt(int tsn) {
    Piece piece = held[tsn];
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
    Piece[] byFsn = new Piece[IDS];
    int count = 0;
    int highest = -1;
    boolean ended = false;
    for (Piece other : held) {
      if (other != null && other.isOfTheSameIdAs(piece)) {
        byFsn[other.fsn()] = other;
        count++;
        highest = Math.max(highest, other.fsn());
        ended |= other.ends();
      }
    }
    boolean whole = piece.begins() && piece.ends();
    if (count == 0
        && !whole
        && piece.order() == Order.UNORDERED
        && piece.id() <= givenUp[piece.streamId()]) {
      return Outcome.SUPERFLUOUS;
    }
    boolean contradicts =
        byFsn[piece.fsn()] != null
            || ended && (piece.ends() || piece.fsn() > highest)
            || piece.ends() && highest > piece.fsn();
    if (contradicts) {
      return Outcome.CONTRADICTION;
    }
    held[piece.tsn()] = piece;
    byFsn[piece.fsn()] = piece;
    highest = Math.max(highest, piece.fsn());
    if ((ended || piece.ends()) && count == highest) {
      var pieces = new ArrayList<Piece>();
      for (int i = 0; i <= highest; i++) {
        pieces.add(byFsn[i]);
        held[byFsn[i].tsn()] = null;
      }
      complete(pieces);
    }
    return Outcome.TAKEN;
  }

  // --- the order of messages ---

  private boolean isExpected(int streamId, int id) {
    return id >= nextIds[streamId] && waiting[streamId][id] == null;
  }

  private void complete(List<Piece> pieces) {
    int length = 0;
    for (Piece piece : pieces) {
      length += piece.length();
    }
    byte[] payload = new byte[length];
    int at = 0;
    for (Piece piece : pieces) {
      piece.copyTo(payload, at);
      at += piece.length();
    }
    Piece first = pieces.get(0);
    var message = new Message(first.streamId(), payload);
    if (first.order() == Order.UNORDERED) {
      expected.add(message);
    } else if (isExpected(first.streamId(), first.id())) {
      waiting[first.streamId()][first.id()] = message;
      deliverInOrder(first.streamId());
    }
  }

  private void deliverInOrder(int streamId) {
    Message[] messages = waiting[streamId];
    while (messages[nextIds[streamId]] != null) {
      expected.add(messages[nextIds[streamId]]);
      messages[nextIds[streamId]++] = null;
    }
  }

  // --- FORWARD-TSN and resets ---

  private void skip(byte[] input, int at, Cost cost) {
    int tsn = 1 + (input[at + 1] & TSNS - 1);
    int streamId = input[at + 2] & STREAMS - 1;
    int id = input[at + 2] >> 2 & IDS - 1;
    Order order = form == Form.DATA || (input[at + 3] & 1) == 0 ? Order.ORDERED : Order.UNORDERED;
    List<Skip> skips = List.of(new Skip(streamId, order, id));
    cost.begin();
    reassembly.skip(FIRST_TSN + tsn, skips);
    cost.end(16);
    Arrays.fill(seen, 0, tsn + 1, true);
    if (form == Form.DATA) {
      Arrays.fill(held, 0, tsn + 1, null);
      Arrays.fill(dead, 0, tsn + 1, true);
      dropDeadAfter(tsn);
    } else {
      for (int i = 0; i < held.length; i++) {
        Piece piece = held[i];
        if (piece != null
            && piece.streamId() == streamId
            && piece.order() == order
            && piece.id() <= id) {
          held[i] = null;
        }
      }
      if (order == Order.UNORDERED) {
        givenUp[streamId] = Math.max(givenUp[streamId], id);
      }
    }
    if (order == Order.ORDERED && id >= nextIds[streamId]) {
      Message[] messages = waiting[streamId];
      for (int i = 0; i <= id; i++) {
        if (messages[i] != null) {
          expected.add(messages[i]);
          messages[i] = null;
        }
      }
      nextIds[streamId] = id + 1;
      deliverInOrder(streamId);
    }
  }

  private void reset(int streamId, Cost cost) {
    int id = streamId & STREAMS - 1;
    List<Integer> ids = (streamId & 0x40) == 0 ? List.of(id) : List.of();
    cost.begin();
    reassembly.reset(FIRST_TSN + TSNS + 1, ids);
    cost.end(16);
    for (int stream = 0; stream < STREAMS; stream++) {
      if (ids.isEmpty() || ids.contains(stream)) {
        for (int i = 0; i < held.length; i++) {
          Piece piece = held[i];
          if (piece != null && piece.streamId() == stream) {
            held[i] = null;
          }
        }
        Arrays.fill(waiting[stream], null);
        nextIds[stream] = 0;
        givenUp[stream] = -1;
      }
    }
  }
}
