package dev.tautline.sctp.rx;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tautline.base.WireWriter;
import dev.tautline.sctp.packet.Chunk;
import dev.tautline.sctp.packet.DataChunk;
import dev.tautline.sctp.packet.DataFormat;
import dev.tautline.sctp.packet.DataView;
import dev.tautline.sctp.packet.IDataChunk;
import dev.tautline.sctp.packet.Octets;
import dev.tautline.sctp.packet.SctpParseException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Fragments in any order make the messages that were cut, in the order of each stream. */
class DataReassemblyTest {
  private record Message(int streamId, boolean unordered, int id, byte[] payload) {
    @Override
    public String toString() {
      return streamId + (unordered ? "u" : "o") + id + ":" + Arrays.hashCode(payload);
    }
  }

  static IntStream seeds() {
    return IntStream.rangeClosed(1, 40);
  }

  private static List<Message> messages(SplittableRandom random) {
    int[] nextOrdered = new int[4];
    int[] nextUnordered = new int[4];
    var messages = new ArrayList<Message>();
    for (int i = 0; i < 60; i++) {
      int streamId = random.nextInt(4);
      boolean unordered = random.nextInt(3) == 0;
      byte[] payload = new byte[1 + random.nextInt(60)];
      random.nextBytes(payload);
      int id = unordered ? nextUnordered[streamId]++ : nextOrdered[streamId]++;
      messages.add(new Message(streamId, unordered, id, payload));
    }
    return messages;
  }

  private static DataView view(Chunk chunk) throws SctpParseException {
    var out = new WireWriter(chunk.paddedLength());
    chunk.write(out);
    var view = new DataView();
    view.wrap(out.array(), 0, Chunk.HEADER_BYTES + chunk.valueLength());
    return view;
  }

  private static void assertInOrder(List<Message> sent, List<Message> arrived) {
    assertThat(arrived.stream().map(Message::toString).sorted())
        .isEqualTo(sent.stream().map(Message::toString).sorted().toList());
    for (int streamId = 0; streamId < 4; streamId++) {
      int id = streamId;
      assertThat(
              arrived.stream()
                  .filter(m -> m.streamId() == id && !m.unordered())
                  .map(Message::toString))
          .isEqualTo(
              sent.stream()
                  .filter(m -> m.streamId() == id && !m.unordered())
                  .map(Message::toString)
                  .toList());
    }
  }

  /** Finds the message again by its payload, which is as good as unique. */
  private static MessageSink collectInto(List<Message> arrived, List<Message> sent) {
    return (streamId, ppid, payload) ->
        arrived.add(
            sent.stream()
                .filter(m -> m.streamId() == streamId && Arrays.equals(m.payload(), payload))
                .filter(m -> !arrived.contains(m))
                .findFirst()
                .orElseThrow());
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void dataInAnyOrder(int seed) throws SctpParseException {
    var random = new SplittableRandom(seed);
    List<Message> sent = messages(random);
    var fragments = new ArrayList<DataChunk>();
    int tsn = 0;
    for (Message message : sent) {
      int at = 0;
      while (at < message.payload().length) {
        int length = Math.min(message.payload().length - at, 1 + random.nextInt(20));
        int flags = message.unordered() ? DataFormat.U_BIT : 0;
        flags |= at == 0 ? DataFormat.B_BIT : 0;
        flags |= at + length == message.payload().length ? DataFormat.E_BIT : 0;
        fragments.add(
            new DataChunk(
                flags,
                tsn++,
                message.streamId(),
                message.unordered() ? random.nextInt(65_536) : message.id(),
                53,
                Octets.copyOf(message.payload(), at, length)));
        at += length;
      }
    }
    Collections.shuffle(fragments, new Random(seed));
    var arrived = new ArrayList<Message>();
    var reassembly = new DataReassembly(collectInto(arrived, sent));

    for (DataChunk fragment : fragments) {
      assertThat(reassembly.add(fragment.tsn(), view(fragment)))
          .as("seed %d", seed)
          .isEqualTo(Reassembly.Outcome.TAKEN);
      assertThat(reassembly.heldBytes()).isNotNegative();
    }

    assertInOrder(sent, arrived);
    assertThat(reassembly.heldBytes()).as("seed %d", seed).isZero();
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void interleavedDataInAnyOrder(int seed) throws SctpParseException {
    var random = new SplittableRandom(seed);
    List<Message> sent = messages(random);
    var fragments = new ArrayList<IDataChunk>();
    for (Message message : sent) {
      int at = 0;
      int fsn = 0;
      while (at < message.payload().length) {
        int length = Math.min(message.payload().length - at, 1 + random.nextInt(20));
        int flags = message.unordered() ? DataFormat.U_BIT : 0;
        flags |= at == 0 ? DataFormat.B_BIT : 0;
        flags |= at + length == message.payload().length ? DataFormat.E_BIT : 0;
        fragments.add(
            new IDataChunk(
                flags,
                fragments.size(),
                message.streamId(),
                message.id(),
                at == 0 ? 53 : fsn,
                Octets.copyOf(message.payload(), at, length)));
        fsn++;
        at += length;
      }
    }
    Collections.shuffle(fragments, new Random(seed));
    var arrived = new ArrayList<Message>();
    var reassembly = new InterleavedReassembly(collectInto(arrived, sent));

    for (IDataChunk fragment : fragments) {
      assertThat(reassembly.add(fragment.tsn(), view(fragment)))
          .as("seed %d", seed)
          .isEqualTo(Reassembly.Outcome.TAKEN);
    }

    assertInOrder(sent, arrived);
    assertThat(reassembly.heldBytes()).as("seed %d", seed).isZero();
  }
}
