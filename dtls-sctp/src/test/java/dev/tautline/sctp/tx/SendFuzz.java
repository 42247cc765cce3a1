package dev.tautline.sctp.tx;

import dev.tautline.base.Timer;
import dev.tautline.base.WireFormatException;
import dev.tautline.base.WireReader;
import dev.tautline.base.WireWriter;
import dev.tautline.sctp.fuzz.Cost;
import dev.tautline.sctp.packet.Chunk;
import dev.tautline.sctp.packet.ChunkType;
import dev.tautline.sctp.packet.DataChunk;
import dev.tautline.sctp.packet.DataFormat;
import dev.tautline.sctp.packet.IDataChunk;
import dev.tautline.sctp.packet.Order;
import dev.tautline.sctp.packet.PacketBuffer;
import dev.tautline.sctp.packet.PacketHeader;
import dev.tautline.sctp.packet.SackChunk;
import dev.tautline.sctp.packet.SackChunk.GapAckBlock;
import dev.tautline.sctp.packet.SackView;
import dev.tautline.sctp.tx.DataSender.LossDetection;
import dev.tautline.sctp.tx.DataSender.Persistence;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Send queue and outstanding data against a receiver that keeps every chunk in a map: what was sent
 * under a TSN never changes, the chunks make up the messages, and the counts of bytes are those of
 * the messages that are not acknowledged.
 *
 * <p>The input: a byte for the options, then steps: send, fill packets (each arrives or not), SACK
 * with some or all of what arrived, time.
 */
public final class SendFuzz {
  private static final int FIRST_TSN = 0xffff_fff0;
  private static final int PACKET_BYTES = 508;
  private static final long WINDOW = 1 << 20;
  private static final int MAX_MESSAGES = 40;
  private static final int MAX_STEPS_TO_DRAIN = 20_000;

  /** A message as it was given to the sender. */
  private static final class Message {
    final int number;
    final int streamId;
    final Order order;
    final byte[] payload;
    final TreeMap<Long, Integer> fragments = new TreeMap<>();

    Message(int number, int streamId, Order order, byte[] payload) {
      this.number = number;
      this.streamId = streamId;
      this.order = order;
      this.payload = payload;
    }
  }

  /** What was sent under a TSN. */
  private record Sent(
      int flags, int streamId, int id, int ppidOrFsn, byte[] payload, int chunkBytes) {}

  private final DataSender sender;
  private final boolean interleaving;
  private final List<Message> messages = new ArrayList<>();
  private final TreeMap<Long, Sent> sent = new TreeMap<>();
  private final TreeSet<Long> arrived = new TreeSet<>();
  private final PacketBuffer packet = new PacketBuffer();
  private final byte[] out = new byte[PACKET_BYTES];
  private final SackView sackView = new SackView();
  private final Cost cost;
  private long nowNanos = 1;
  private long givenBytes;
  private long cutBytes;

  /** By the naive receiver, and as the sender was last told. */
  private long cumulative = (FIRST_TSN & 0xffff_ffffL) - 1;

  private long told = cumulative;

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
    Order order = (x & 8) == 0 ? Order.ORDERED : Order.UNORDERED;
    messages.add(new Message(number, x & 7, order, payload));
    givenBytes += length;
    cost.begin();
    sender.send(
        x & 7, number, order, OutgoingMessage.UNLIMITED, OutgoingMessage.NEVER, payload.clone());
    cost.end(length);
  }

  /** Fills packets as long as the sender has something; a bit for each says whether it arrives. */
  private void fill(int arrivals) {
    for (int i = 0; i < 16; i++) {
      if (!sender.hasWork(nowNanos)) {
        return;
      }
      packet.begin(out, 0, out.length);
      cost.begin();
      sender.fill(nowNanos, nowNanos, packet);
      cost.end(PACKET_BYTES);
      if (packet.isEmpty()) {
        return;
      }
      read(packet.length(), (arrivals >> i & 1) != 0);
    }
  }

  private void read(int length, boolean arrives) {
    try {
      for (int at = PacketHeader.BYTES; at < length; ) {
        int type = out[at] & 0xff;
        int chunkLength = WireReader.u16At(out, at + 2);
        var value = new WireReader(out, at + Chunk.HEADER_BYTES, chunkLength - Chunk.HEADER_BYTES);
        int flags = out[at + 1] & 0xff & ~DataFormat.I_BIT;
        int padded = Chunk.padded(chunkLength);
        if (type != (interleaving ? ChunkType.I_DATA : ChunkType.DATA)) {
          throw new AssertionError("a chunk of type " + type);
        }
        if (interleaving) {
          IDataChunk data = IDataChunk.parse(flags, value);
          byte[] payload = data.payload().toByteArray();
          read(
              data.tsn(),
              new Sent(flags, data.streamId(), data.mid(), data.ppidOrFsn(), payload, padded),
              arrives);
        } else {
          DataChunk data = DataChunk.parse(flags, value);
          byte[] payload = data.payload().toByteArray();
          read(
              data.tsn(),
              new Sent(flags, data.streamId(), data.ssn(), data.ppid(), payload, padded),
              arrives);
        }
        at += padded;
      }
    } catch (WireFormatException e) {
      throw new AssertionError("a malformed packet was sent", e);
    }
  }

  private void read(int wireTsn, Sent chunk, boolean arrives) {
    // One turn of the wire's numbers may pass.
    long base = FIRST_TSN & 0xffff_ffffL;
    long tsn = base + (wireTsn - FIRST_TSN & 0xffff_ffffL);
    Sent before = sent.get(tsn);
    if (tsn <= told) {
      throw new AssertionError("sent again although it is acknowledged: " + tsn);
    }
    if (before == null) {
      sent.put(tsn, chunk);
      cutBytes += chunk.payload.length;
    } else {
      boolean same =
          before.flags == chunk.flags
              && before.streamId == chunk.streamId
              && before.id == chunk.id
              && before.ppidOrFsn == chunk.ppidOrFsn
              && Arrays.equals(before.payload, chunk.payload);
      if (!same) {
        throw new AssertionError("another chunk under the TSN " + tsn);
      }
    }
    if (arrives) {
      arrived.add(tsn);
      while (arrived.contains(cumulative + 1)) {
        cumulative++;
      }
    }
  }

  /** A SACK of what arrived, up to the oldest {@code x} parts of 256 of it, or old or new. */
  private void arrivedSome(int x, int y) {
    long point = told + (cumulative - told) * x / 255;
    var blocks = new ArrayList<GapAckBlock>();
    int allowed = y & 31;
    Long next = arrived.higher(point);
    if (point < cumulative) {
      // A SACK sent before the rest came says nothing of it.
      next = null;
    }
    while (next != null && blocks.size() < allowed) {
      long end = next;
      while (arrived.contains(end + 1)) {
        end++;
      }
      blocks.add(new GapAckBlock((int) (next - point), (int) (end - point)));
      next = arrived.higher(end);
    }
    var chunk = new SackChunk((int) point, WINDOW, blocks, List.of());
    var bytes = new WireWriter(chunk.paddedLength());
    chunk.write(bytes);
    try {
      sackView.wrap(bytes.array(), 0, bytes.written());
    } catch (WireFormatException e) {
      throw new AssertionError(e);
    }
    cost.begin();
    DataSender.SackOutcome outcome = sender.sack(nowNanos, sackView);
    cost.end(chunk.paddedLength());
    if (outcome != DataSender.SackOutcome.APPLIED) {
      throw new AssertionError("SACK is " + outcome);
    }
    told = point;
  }

  private void pass(long nanos) {
    nowNanos += nanos;
    cost.begin();
    sender.advanceTo(nowNanos);
    cost.endOfTime();
  }

  private void check() {
    require(sender.queue().bufferedBytes() == givenBytes - cutBytes, "buffered bytes");
    long outstanding = 0;
    for (Sent chunk : sent.tailMap(told, false).values()) {
      outstanding += chunk.chunkBytes;
    }
    if (sender.flightBytes() < 0 || sender.flightBytes() > outstanding) {
      throw new AssertionError(
          "flight of " + sender.flightBytes() + " with " + outstanding + " outstanding");
    }
  }

  /** From here on everything arrives: in the end nothing is left, and the messages are whole. */
  private void drain() {
    for (int i = 0; i < MAX_STEPS_TO_DRAIN; i++) {
      fill(0xffff);
      arrivedSome(255, 31);
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
    require(sender.queue().heldBytes() == 0, "held " + sender.queue().heldBytes());
    require(sender.flightBytes() == 0, "in flight " + sender.flightBytes());
    // The naive receiver: by stream, order and number the chunks in the order of their TSNs.
    record Key(int streamId, Order order, int id) {}
    var whole = new HashMap<Key, ByteArrayOutputStream>();
    var numbers = new HashMap<Key, Integer>();
    var open = new HashMap<Integer, Key>();
    Map<Key, Integer> fragments = new HashMap<>();
    for (Sent chunk : sent.values()) {
      Order order = (chunk.flags & DataFormat.U_BIT) == 0 ? Order.ORDERED : Order.UNORDERED;
      boolean begins = (chunk.flags & DataFormat.B_BIT) != 0;
      var key = new Key(chunk.streamId, order, chunk.id);
      if (begins) {
        require(!whole.containsKey(key), "a message begins twice: " + key);
        require(interleaving || open.isEmpty(), "messages mix without I-DATA");
        whole.put(key, new ByteArrayOutputStream());
        numbers.put(key, chunk.ppidOrFsn);
        open.put(open.size(), key);
      } else if (interleaving) {
        require(fragments.getOrDefault(key, 0) == chunk.ppidOrFsn, "FSN of " + key);
      }
      fragments.merge(key, 1, Integer::sum);
      ByteArrayOutputStream payload = whole.get(key);
      if (payload == null) {
        throw new AssertionError("a message without a beginning: " + key);
      }
      payload.writeBytes(chunk.payload);
      if ((chunk.flags & DataFormat.E_BIT) != 0) {
        open.values().remove(key);
      }
    }
    require(open.isEmpty(), "messages without an end: " + open);
    require(whole.size() == messages.size(), whole.size() + " messages of " + messages.size());
    var nextOrdered = new HashMap<Integer, Integer>();
    for (Message message : messages) {
      int id = -1;
      for (var entry : numbers.entrySet()) {
        if (entry.getValue() == message.number) {
          Key key = entry.getKey();
          require(key.streamId == message.streamId && key.order == message.order, "" + key);
          ByteArrayOutputStream payload = whole.get(key);
          require(
              payload != null && Arrays.equals(payload.toByteArray(), message.payload),
              "other bytes: " + key);
          id = key.id;
        }
      }
      require(id >= 0, "missing: message " + message.number);
      if (message.order == Order.ORDERED) {
        int expected = nextOrdered.getOrDefault(message.streamId, 0);
        require(id == expected, "number " + id + " instead of " + expected);
        nextOrdered.put(message.streamId, expected + 1);
      }
    }
  }

  private static void require(boolean holds, String what) {
    if (!holds) {
      throw new AssertionError(what);
    }
  }
}
