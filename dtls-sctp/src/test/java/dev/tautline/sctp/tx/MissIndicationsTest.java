package dev.tautline.sctp.tx;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tautline.base.WireWriter;
import dev.tautline.sctp.packet.DataFormat;
import dev.tautline.sctp.packet.Order;
import dev.tautline.sctp.packet.SackChunk;
import dev.tautline.sctp.packet.SackChunk.GapAckBlock;
import dev.tautline.sctp.packet.SackView;
import dev.tautline.sctp.packet.SctpParseException;
import dev.tautline.sctp.tx.OutstandingChunk.State;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** When a hole counts as lost, RFC 9260 section 7.2.4; the first packet of 60 is missing. */
class MissIndicationsTest {
  private static final long FIRST = 1L << 32;
  private static final int CHUNK_BYTES = 1176;

  private final SendQueue queue = new SendQueue();
  private final OutstandingData outstanding = new OutstandingData(queue, FIRST);

  @BeforeEach
  void sendSixtyPackets() {
    int payload = CHUNK_BYTES - DataFormat.DATA_HEADER_BYTES;
    for (int i = 0; i < 60; i++) {
      queue.add(
          0,
          53,
          Order.ORDERED,
          OutgoingMessage.UNLIMITED,
          OutgoingMessage.NEVER,
          new byte[payload]);
      OutgoingMessage message = queue.next(0);
      assertThat(message).isNotNull();
      if (message != null) {
        outstanding.append(message, payload, DataFormat.B_BIT | DataFormat.E_BIT, CHUNK_BYTES, i);
      }
    }
  }

  private void sack(GapAckBlock... blocks) throws SctpParseException {
    var chunk = new SackChunk((int) FIRST - 1, 1 << 20, List.of(blocks), List.of());
    var out = new WireWriter(chunk.paddedLength());
    chunk.write(out);
    var view = new SackView();
    view.wrap(out.array(), 0, out.written());
    outstanding.apply(view, FIRST - 1, false, CHUNK_BYTES);
  }

  @Test
  void threeSacksOfOnePacketEach() throws SctpParseException {
    sack(new GapAckBlock(2, 2));
    sack(new GapAckBlock(2, 3));
    assertThat(outstanding.hasNewLoss()).isFalse();
    sack(new GapAckBlock(2, 4));
    assertThat(outstanding.hasNewLoss()).isTrue();
    assertThat(outstanding.at(FIRST).state).isEqualTo(State.LOST);
  }

  @Test
  void oneSackOfAWholeReadSaysAsMuch() throws SctpParseException {
    sack(new GapAckBlock(2, 3));
    assertThat(outstanding.hasNewLoss()).isFalse();
    sack(new GapAckBlock(2, 50));
    assertThat(outstanding.hasNewLoss()).isTrue();
    assertThat(outstanding.at(FIRST).state).isEqualTo(State.LOST);
  }

  @Test
  void onlyWhatIsAboveAHoleSpeaksAgainstIt() throws SctpParseException {
    sack(new GapAckBlock(2, 50), new GapAckBlock(52, 53));
    assertThat(outstanding.at(FIRST).state).isEqualTo(State.LOST);
    assertThat(outstanding.at(FIRST + 50).state).isEqualTo(State.IN_FLIGHT);
    sack(new GapAckBlock(2, 50), new GapAckBlock(52, 54));
    assertThat(outstanding.at(FIRST + 50).state).isEqualTo(State.LOST);
  }
}
