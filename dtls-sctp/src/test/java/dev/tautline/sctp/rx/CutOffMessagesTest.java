package dev.tautline.sctp.rx;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tautline.base.WireWriter;
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
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * FORWARD-TSN that ends between the fragments of a message without order: those after it never
 * become whole, and nothing of them is kept.
 */
class CutOffMessagesTest {
  private static final int BEGIN = DataFormat.U_BIT | DataFormat.B_BIT;
  private static final int MIDDLE = DataFormat.U_BIT;
  private static final int END = DataFormat.U_BIT | DataFormat.E_BIT;
  private static final int WHOLE = BEGIN | END;
  private static final Octets PAYLOAD = Octets.copyOf(new byte[100]);

  private final List<String> delivered = new ArrayList<>();
  private final MessageSink sink =
      (streamId, ppid, payload) -> delivered.add(streamId + ":" + payload.length);
  private final Reassembly data = new DataReassembly(sink);
  private final Reassembly interleaved = new InterleavedReassembly(sink);

  private static DataView view(Chunk chunk) throws SctpParseException {
    var out = new WireWriter(chunk.paddedLength());
    chunk.write(out);
    var view = new DataView();
    view.wrap(out.array(), 0, Chunk.HEADER_BYTES + chunk.valueLength());
    return view;
  }

  private Outcome data(int tsn, int flags) throws SctpParseException {
    return data.add(tsn, view(new DataChunk(flags, tsn, 1, 0, 53, PAYLOAD)));
  }

  private Outcome interleaved(int tsn, int flags, int mid, int fsn) throws SctpParseException {
    return interleaved.add(tsn, view(new IDataChunk(flags, tsn, 1, mid, fsn, PAYLOAD)));
  }

  @Test
  void dataAfterTheCutIsDroppedInOrder() throws SctpParseException {
    data(5, BEGIN);
    data.skip(5, List.of());

    assertThat(data(6, MIDDLE)).isEqualTo(Outcome.SUPERFLUOUS);
    assertThat(data(7, END)).isEqualTo(Outcome.SUPERFLUOUS);
    assertThat(data.heldBytes()).isZero();
    assertThat(data(8, WHOLE)).isEqualTo(Outcome.TAKEN);
    assertThat(delivered).containsExactly("1:100");
  }

  @Test
  void dataThatOvertookTheCutIsDroppedWithWhatComesBeforeIt() throws SctpParseException {
    data(7, END);
    data.skip(5, List.of());
    assertThat(data.heldBytes()).isPositive();

    assertThat(data(6, MIDDLE)).isEqualTo(Outcome.SUPERFLUOUS);
    assertThat(data.heldBytes()).isZero();
  }

  @Test
  void dataHeldOnBothSidesOfTheCutIsDroppedAndWhatFollowsIt() throws SctpParseException {
    data(5, BEGIN);
    data(6, MIDDLE);
    data.skip(5, List.of());
    assertThat(data.heldBytes()).isZero();

    assertThat(data(7, END)).isEqualTo(Outcome.SUPERFLUOUS);
    assertThat(data.heldBytes()).isZero();
  }

  @Test
  void interleavedDataAfterTheCutIsDroppedInAnyOrder() throws SctpParseException {
    interleaved(5, BEGIN, 3, 53);
    interleaved.skip(5, List.of(new Skip(1, Order.UNORDERED, 3)));

    assertThat(interleaved(9, END, 3, 2)).isEqualTo(Outcome.SUPERFLUOUS);
    assertThat(interleaved(7, MIDDLE, 3, 1)).isEqualTo(Outcome.SUPERFLUOUS);
    assertThat(interleaved.heldBytes()).isZero();
    interleaved(6, BEGIN, 4, 53);
    interleaved(8, END, 4, 1);
    assertThat(delivered).containsExactly("1:200");
  }

  @Test
  void interleavedMessagesGoOnWhenNumbersComeRound() throws SctpParseException {
    interleaved.skip(5, List.of(new Skip(1, Order.UNORDERED, 3)));

    int tsn = 6;
    for (int turns = 1; turns < 16; turns++) {
      assertThat(interleaved(tsn++, BEGIN, turns << 28, 53)).isEqualTo(Outcome.TAKEN);
      assertThat(interleaved(tsn++, END, turns << 28, 1)).isEqualTo(Outcome.TAKEN);
    }
    assertThat(interleaved(tsn, BEGIN, 3, 53)).isEqualTo(Outcome.TAKEN);
  }

  @Test
  void resetStreamsForgetWhatWasGivenUp() throws SctpParseException {
    interleaved.skip(5, List.of(new Skip(1, Order.UNORDERED, 3)));
    interleaved.reset(5, List.of(1));

    assertThat(interleaved(6, BEGIN, 0, 53)).isEqualTo(Outcome.TAKEN);
  }

  @Test
  void aRunThatWasJoinedIsForgottenWithItsMessage() throws SctpParseException {
    data(12, END);
    data(11, BEGIN);
    assertThat(delivered).containsExactly("1:200");

    // The peer breaks the rules, but nothing is left that this could contradict.
    assertThat(data(13, MIDDLE)).isEqualTo(Outcome.TAKEN);
  }
}
