package dev.tautline.sctp.tx;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tautline.base.WireWriter;
import dev.tautline.sctp.packet.DataFormat;
import dev.tautline.sctp.packet.Order;
import dev.tautline.sctp.packet.SackChunk;
import dev.tautline.sctp.packet.SackChunk.GapAckBlock;
import dev.tautline.sctp.packet.SackView;
import dev.tautline.sctp.packet.SctpParseException;
import dev.tautline.sctp.scenario.Seeds;
import dev.tautline.sctp.tx.OutstandingChunk.State;
import java.util.ArrayList;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The ring with its ranges says the same as a naive map after any steps. */
class OutstandingDataTest {
  private static final long FIRST = (1L << 32) + 0xffff_ff00L;

  static IntStream seeds() {
    return IntStream.rangeClosed(1, 10);
  }

  private static SackView view(long cumulative, TreeSet<Long> acked) throws SctpParseException {
    var blocks = new ArrayList<GapAckBlock>();
    Long next = acked.higher(cumulative);
    while (next != null) {
      long end = next;
      while (acked.contains(end + 1)) {
        end++;
      }
      blocks.add(new GapAckBlock((int) (next - cumulative), (int) (end - cumulative)));
      next = acked.higher(end);
    }
    var chunk = new SackChunk((int) cumulative, 1 << 20, blocks, java.util.List.of());
    var out = new WireWriter(chunk.paddedLength());
    chunk.write(out);
    var view = new SackView();
    view.wrap(out.array(), 0, out.written());
    return view;
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void equalsANaiveMap(int seed) throws SctpParseException {
    var random = new SplittableRandom(Seeds.of(seed));
    var queue = new SendQueue();
    var outstanding = new OutstandingData(queue, FIRST);
    // By TSN: whether it is acknowledged in a gap ack block of the last SACK.
    var naive = new TreeMap<Long, Boolean>();
    long cumulative = FIRST - 1;
    long next = FIRST;
    var everAcked = new TreeSet<Long>();
    long acknowledgedBytes = 0;

    for (int step = 0; step < 2_000; step++) {
      int kind = random.nextInt(10);
      if (kind < 5) {
        for (int i = random.nextInt(6); i > 0; i--) {
          queue.add(
              random.nextInt(3),
              53,
              Order.ORDERED,
              OutgoingMessage.UNLIMITED,
              OutgoingMessage.NEVER,
              new byte[100]);
          OutgoingMessage message = queue.next(0);
          assertThat(message).isNotNull();
          if (message != null) {
            outstanding.append(message, 100, DataFormat.B_BIT | DataFormat.E_BIT, 116, step);
          }
          naive.put(next++, false);
        }
      } else if (kind < 9 && next > cumulative + 1) {
        // A SACK of a receiver that got some more, and now and then took something back.
        for (int i = random.nextInt(5); i > 0; i--) {
          everAcked.add(cumulative + 1 + random.nextLong(next - cumulative - 1));
        }
        if (random.nextInt(8) == 0 && !everAcked.isEmpty()) {
          everAcked.remove(everAcked.last());
        }
        while (everAcked.contains(cumulative + 1)) {
          cumulative++;
        }
        long reached = cumulative;
        everAcked.removeIf(tsn -> tsn <= reached);
        long before = naive.entrySet().stream().filter(e -> !e.getValue()).count();
        naive.headMap(reached, true).clear();
        naive.replaceAll((tsn, acked) -> everAcked.contains(tsn));

        SackView sack = view(cumulative, everAcked);
        assertThat(outstanding.isPossible(sack, cumulative)).isTrue();
        outstanding.apply(sack, cumulative, random.nextBoolean(), 1176);
        acknowledgedBytes += outstanding.ackedBytes();
        assertThat(outstanding.ackedBytes()).isLessThanOrEqualTo(before * 116);
      } else if (outstanding.hasLost()) {
        outstanding.resent(outstanding.at(outstanding.lowestLost()), step);
      }
      if (random.nextInt(100) == 0) {
        outstanding.markAllLost();
      }

      long flight = 0;
      long lowestLost = Long.MAX_VALUE;
      for (var entry : naive.entrySet()) {
        OutstandingChunk chunk = outstanding.at(entry.getKey());
        assertThat(chunk.state == State.ACKED)
            .as("seed %d step %d tsn %d is %s", seed, step, entry.getKey(), chunk.state)
            .isEqualTo(entry.getValue());
        if (chunk.state == State.IN_FLIGHT) {
          flight += 116;
        } else if (chunk.state == State.LOST) {
          lowestLost = Math.min(lowestLost, entry.getKey());
        }
      }
      assertThat(outstanding.flightBytes()).as("seed %d step %d", seed, step).isEqualTo(flight);
      assertThat(outstanding.lowestLost()).as("seed %d step %d", seed, step).isEqualTo(lowestLost);
      assertThat(outstanding.size()).isEqualTo(naive.size());
      assertThat(queue.heldBytes()).isEqualTo(naive.size() * 100L);
    }
    assertThat(acknowledgedBytes).isPositive();
  }
}
