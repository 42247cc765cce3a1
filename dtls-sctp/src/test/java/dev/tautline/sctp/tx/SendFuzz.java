package dev.tautline.sctp.tx;

import static dev.tautline.base.WireWriter.putI32;
import static dev.tautline.base.WireWriter.putU16;

import dev.tautline.base.Timer;
import dev.tautline.base.WireFormatException;
import dev.tautline.base.WireReader;
import dev.tautline.sctp.fuzz.Cost;
import dev.tautline.sctp.packet.Chunk;
import dev.tautline.sctp.packet.ChunkParser;
import dev.tautline.sctp.packet.ChunkType;
import dev.tautline.sctp.packet.DataChunk;
import dev.tautline.sctp.packet.DataFormat;
import dev.tautline.sctp.packet.ForwardTsnChunk;
import dev.tautline.sctp.packet.IDataChunk;
import dev.tautline.sctp.packet.IForwardTsnChunk;
import dev.tautline.sctp.packet.Octets;
import dev.tautline.sctp.packet.Order;
import dev.tautline.sctp.packet.PacketBuffer;
import dev.tautline.sctp.packet.PacketHeader;
import dev.tautline.sctp.packet.SackView;
import dev.tautline.sctp.tx.DataSender.LossDetection;
import dev.tautline.sctp.tx.DataSender.Persistence;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Send queue and outstanding data against a receiver that keeps every chunk: what was sent under a
 * TSN never changes, the chunks make up the messages, the counts of bytes are those of the messages
 * that are not acknowledged, and FORWARD-TSN passes over nothing but messages that may be lost.
 *
 * <p>The input: a byte for the options, then steps: send, fill packets (each arrives or not), SACK
 * with some or all of what arrived, time.
 */
public final class SendFuzz {
  private static final int FIRST_TSN = 0xffff_fff0;
  private static final int PACKET_BYTES = 508;
  private static final long WINDOW = 1 << 20;
  private static final int STREAMS = 8;
  private static final int MAX_MESSAGES = 40;
  private static final int MAX_PACKETS_A_STEP = 16;
  private static final int MAX_STEPS_TO_DRAIN = 20_000;

  /** A message as it was given to the sender, and what was seen of it. */
  private static final class Message {
    final int number;
    final int streamId;
    final Order order;
    final boolean reliable;
    final byte[] payload;
    int id;
    int fragments;
    int sentBytes;
    long lastTsn;

    Message(int number, int streamId, Order order, boolean reliable, byte[] payload) {
      this.number = number;
      this.streamId = streamId;
      this.order = order;
      this.reliable = reliable;
      this.payload = payload;
    }
  }

  /** What was sent under a TSN. */
  private record Sent(int flags, int idOnWire, int ppidOrFsn, Octets payload, Message message) {
    int chunkBytes(boolean interleaving) {
      return Chunk.padded((interleaving ? 20 : 16) + payload.length());
    }
  }

  private record Key(int streamId, Order order, int id) {}

  private final DataSender sender;
  private final boolean interleaving;
  private final boolean partiallyReliable;
  private final List<Message> messages = new ArrayList<>();

  /** By the TSN's distance from the first; null is reserved for a message that was overtaken. */
  private final List<@Nullable Sent> sent = new ArrayList<>();

  private final BitSet arrived = new BitSet();
  private final Map<Key, Message> byId = new HashMap<>();
  private final int[][] nextIds = new int[Order.values().length][STREAMS];
  private final PacketBuffer packet = new PacketBuffer();
  private final byte[] out = new byte[PACKET_BYTES];
  private final byte[] sackBytes = new byte[512];
  private final SackView sackView = new SackView();
  private final Cost cost;
  private long nowNanos = 1;
  private long givenBytes;
  private long cutBytes;

  /** Distances as well: what the naive receiver has, and what the sender was last told. */
  private int cumulative = -1;

  private int told = -1;

  private SendFuzz(int bits, Cost cost) {
    this.cost = cost;
    var rto = new RetransmissionTimeout(500_000_000L, 400_000_000L, 3_000_000_000L);
    CongestionControl congestion =
        (bits & 1) == 0
            ? new Rfc9260CongestionControl(10, PACKET_BYTES)
            : new CubicCongestionControl(10, PACKET_BYTES);
    sender =
        new DataSender(
            FIRST_TSN,
            rto,
            congestion,
            PACKET_BYTES,
            32_768,
            (bits & 1) == 0 ? LossDetection.MISS_INDICATIONS : LossDetection.RACK_TLP,
            (bits & 2) == 0 ? Persistence.TIMEOUTS_ONLY : Persistence.PROBE_BETWEEN_TIMEOUTS);
    interleaving = (bits & 4) != 0;
    partiallyReliable = (bits & 8) != 0;
    sender.peerKnown(WINDOW, true, interleaving);
  }

  /** Takes one input. */
  public static void fuzzerTestOneInput(byte[] input) {
    Cost.check(
        input,
        (bytes, cost) -> {
          if (bytes.length > 1) {
            new SendFuzz(bytes[0], cost).play(bytes);
          }
        });
  }

  private void play(byte[] input) {
    for (int at = 1; input.length - at >= 3; at += 3) {
      int kind = input[at] & 0xff;
      int x = input[at + 1] & 0xff;
      int y = input[at + 2] & 0xff;
      if (kind < 80) {
        send(x, y);
      } else if (kind < 160) {
        fill(x | y << 8);
      } else if (kind < 230) {
        arrivedSome(x, y);
      } else {
        pass((x + 1) * (y + 1) * 50_000L);
      }
      check();
    }
    drain();
  }

  private void send(int x, int y) {
    if (messages.size() == MAX_MESSAGES) {
      return;
    }
    int number = messages.size();
    int length = 1 + (y < 240 ? y * 3 : y * 10);
    byte[] payload = new byte[length];
    for (int i = 0; i < length; i++) {
      payload[i] = (byte) (number * 13 + i * 3);
    }
    int streamId = x & STREAMS - 1;
    Order order = (x & 8) == 0 ? Order.ORDERED : Order.UNORDERED;
    int maxRetransmits = OutgoingMessage.UNLIMITED;
    long expires = OutgoingMessage.NEVER;
    if (partiallyReliable && (x & 16) != 0) {
      if ((x & 32) == 0) {
        maxRetransmits = x >> 6;
      } else {
        expires = nowNanos + (1 + (x >> 6)) * 100_000_000L;
      }
    }
    boolean reliable =
        maxRetransmits == OutgoingMessage.UNLIMITED && expires == OutgoingMessage.NEVER;
    messages.add(new Message(number, streamId, order, reliable, payload));
    givenBytes += length;
    byte[] copy = payload.clone();
    cost.begin();
    sender.send(streamId, number, order, maxRetransmits, expires, copy);
    cost.end(length);
  }

  /** Fills packets as long as the sender has something; a bit for each says whether it arrives. */
  private int fill(int arrivals) {
    for (int i = 0; i < MAX_PACKETS_A_STEP; i++) {
      if (!sender.hasWork(nowNanos)) {
        return i;
      }
      packet.begin(out, 0, out.length);
      cost.begin();
      sender.fill(nowNanos, nowNanos, packet);
      cost.end(PACKET_BYTES);
      if (packet.isEmpty()) {
        return i;
      }
      read(packet.length(), (arrivals >> i & 1) != 0);
    }
    return MAX_PACKETS_A_STEP;
  }

  private void read(int length, boolean arrives) {
    try {
      for (int at = PacketHeader.BYTES; at < length; ) {
        int type = out[at] & 0xff;
        int chunkLength = WireReader.u16At(out, at + 2);
        var value = new WireReader(out, at + Chunk.HEADER_BYTES, chunkLength - Chunk.HEADER_BYTES);
        int flags = out[at + 1] & 0xff & ~DataFormat.I_BIT;
        if (type == (interleaving ? ChunkType.I_FORWARD_TSN : ChunkType.FORWARD_TSN)) {
          Chunk chunk = ChunkParser.parse(type, flags, value);
          forwarded(
              chunk instanceof IForwardTsnChunk forward
                  ? forward.newCumulativeTsn()
                  : ((ForwardTsnChunk) chunk).newCumulativeTsn(),
              arrives);
        } else if (type != (interleaving ? ChunkType.I_DATA : ChunkType.DATA)) {
          throw new AssertionError("a chunk of type " + type);
        } else if (interleaving) {
          IDataChunk data = IDataChunk.parse(flags, value);
          read(flags, data.tsn(), data.streamId(), data.mid(), data.ppidOrFsn(), data.payload());
          arrivesIf(arrives, data.tsn());
        } else {
          DataChunk data = DataChunk.parse(flags, value);
          read(flags, data.tsn(), data.streamId(), data.ssn(), data.ppid(), data.payload());
          arrivesIf(arrives, data.tsn());
        }
        at += Chunk.padded(chunkLength);
      }
    } catch (WireFormatException e) {
      throw new AssertionError("a malformed packet was sent", e);
    }
  }

  private void read(int flags, int tsn, int streamId, int id, int ppidOrFsn, Octets payload) {
    int at = tsn - FIRST_TSN;
    if (at <= told) {
      throw new AssertionError("sent again although it is acknowledged: " + at);
    }
    Order order = (flags & DataFormat.U_BIT) == 0 ? Order.ORDERED : Order.UNORDERED;
    Sent before = at < sent.size() ? sent.get(at) : null;
    if (before != null) {
      boolean same =
          before.flags == flags
              && before.message.streamId == streamId
              && before.idOnWire == id
              && before.ppidOrFsn == ppidOrFsn
              && before.payload.equals(payload);
      require(same, "another chunk under a TSN");
      return;
    }
    while (sent.size() <= at) {
      sent.add(null);
    }
    Message message = messageOf(flags, streamId, order, id, ppidOrFsn);
    sent.set(at, new Sent(flags, id, ppidOrFsn, payload, message));
    cutBytes += payload.length();
    fragment(message, at, flags, id, ppidOrFsn, payload);
  }

  private Message messageOf(int flags, int streamId, Order order, int id, int ppidOrFsn) {
    Message message;
    if (!interleaving || (flags & DataFormat.B_BIT) != 0) {
      require(ppidOrFsn >= 0 && ppidOrFsn < messages.size(), "a PPID of no message");
      message = messages.get(ppidOrFsn);
    } else {
      message = byId.get(new Key(streamId, order, id));
      require(message != null, "a message without a beginning");
    }
    require(message.streamId == streamId && message.order == order, "another stream or order");
    return message;
  }

  /** The next fragment of a message, and the receiver can tell that it is. */
  private void fragment(Message message, int at, int flags, int id, int ppidOrFsn, Octets payload) {
    if ((flags & DataFormat.B_BIT) != 0) {
      require(message.fragments == 0, "a message begins twice");
      message.id = id;
      if (interleaving || message.order == Order.ORDERED) {
        int expected = nextIds[message.order.ordinal()][message.streamId]++;
        require(id == expected, "not the next number");
      }
      if (interleaving) {
        byId.put(new Key(message.streamId, message.order, id), message);
      }
    } else if (interleaving) {
      require(ppidOrFsn == message.fragments, "not the next FSN");
    } else {
      require(message.fragments > 0, "a message without a beginning");
      require(at == message.lastTsn + 1, "messages mix without I-DATA");
    }
    require(id == message.id, "another number within a message");
    byte[] bytes = payload.toByteArray();
    int end = message.sentBytes + bytes.length;
    require(
        end <= message.payload.length
            && Arrays.equals(bytes, 0, bytes.length, message.payload, message.sentBytes, end),
        "other bytes");
    boolean ends = end == message.payload.length;
    require(ends == ((flags & DataFormat.E_BIT) != 0), "E bit");
    message.sentBytes = end;
    message.fragments++;
    message.lastTsn = at;
  }

  private void arrivesIf(boolean arrives, int tsn) {
    if (arrives) {
      arrived.set(tsn - FIRST_TSN);
      cumulative = Math.max(cumulative, arrived.nextClearBit(0) - 1);
    }
  }

  private void forwarded(int newCumulativeTsn, boolean arrives) {
    int to = newCumulativeTsn - FIRST_TSN;
    require(to > told, "a FORWARD-TSN that says nothing");
    for (int at = told + 1; at <= to; at++) {
      Sent chunk = at < sent.size() ? sent.get(at) : null;
      if (chunk != null) {
        require(!chunk.message.reliable || arrived.get(at), "passes over a reliable message");
      } else {
        require(partiallyReliable, "passes over what was never sent");
      }
    }
    if (arrives) {
      arrived.set(0, to + 1);
      cumulative = arrived.nextClearBit(0) - 1;
    }
  }

  /** A SACK of what arrived, up to the oldest {@code x} parts of 256 of it, or old or new. */
  private void arrivedSome(int x, int y) {
    int point = told + (cumulative - told) * x / 255;
    int blocks = 0;
    int allowed = y & 31;
    // A SACK sent before the rest came says nothing of it.
    int next = point < cumulative ? -1 : arrived.nextSetBit(point + 1);
    while (next >= 0 && blocks < allowed) {
      int end = arrived.nextClearBit(next) - 1;
      putU16(sackBytes, 16 + 4 * blocks, next - point);
      putU16(sackBytes, 18 + 4 * blocks, end - point);
      blocks++;
      next = arrived.nextSetBit(end + 1);
    }
    int length = 16 + 4 * blocks;
    sackBytes[0] = ChunkType.SACK;
    putU16(sackBytes, 2, length);
    putI32(sackBytes, 4, FIRST_TSN + point);
    putI32(sackBytes, 8, (int) WINDOW);
    putU16(sackBytes, 12, blocks);
    putU16(sackBytes, 14, 0);
    cost.begin();
    DataSender.SackOutcome outcome;
    try {
      sackView.wrap(sackBytes, 0, length);
      outcome = sender.sack(nowNanos, sackView);
    } catch (WireFormatException e) {
      throw new AssertionError(e);
    }
    cost.end(length);
    if (outcome != DataSender.SackOutcome.APPLIED) {
      throw new AssertionError("SACK is " + outcome);
    }
    told = point;
  }

  private void pass(long nanos) {
    nowNanos += nanos;
    sender.advanceTo(nowNanos);
  }

  private void check() {
    long buffered = sender.queue().bufferedBytes();
    long left = givenBytes - cutBytes;
    // What is abandoned before it was cut is buffered no more.
    require(partiallyReliable ? buffered >= 0 && buffered <= left : buffered == left, "buffered");
    long outstanding = 0;
    for (int at = told + 1; at < sent.size(); at++) {
      Sent chunk = sent.get(at);
      outstanding += chunk == null ? 0 : chunk.chunkBytes(interleaving);
    }
    if (sender.flightBytes() < 0 || sender.flightBytes() > outstanding) {
      throw new AssertionError(
          "flight of " + sender.flightBytes() + " with " + outstanding + " outstanding");
    }
  }

  /** From here on everything arrives: in the end nothing is left, and the messages are whole. */
  private void drain() {
    for (int i = 0; i < MAX_STEPS_TO_DRAIN; i++) {
      // A peer that got nothing says nothing. Each SACK starts the tail probe anew: said over and
      // over within one round trip, they would hold T3-rtx off for ever.
      if (fill(0xffff) > 0 || i == 0) {
        arrivedSome(255, 31);
      }
      if (sender.isDrained()) {
        checkMessages();
        return;
      }
      if (!sender.hasWork(nowNanos)) {
        long deadline = sender.nextDeadlineNanos();
        require(deadline != Timer.NOT_RUNNING, "stalled");
        pass(Math.max(1, deadline - nowNanos));
      }
    }
    throw new AssertionError("never drained");
  }

  private void checkMessages() {
    require(sender.queue().heldBytes() == 0, "held bytes are left");
    require(sender.queue().bufferedBytes() == 0, "buffered bytes are left");
    require(sender.flightBytes() == 0, "bytes in flight are left");
    require(partiallyReliable || !sent.contains(null), "a TSN was left out");
    for (Message message : messages) {
      if (message.reliable && message.sentBytes < message.payload.length) {
        throw new AssertionError("not sent whole: message " + message.number);
      }
    }
  }

  private static void require(boolean holds, String what) {
    if (!holds) {
      throw new AssertionError(what);
    }
  }
}
