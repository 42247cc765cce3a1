package dev.tautline.sctp;

import static dev.tautline.sctp.HandPeer.INITIAL_TSN;
import static dev.tautline.sctp.HandPeer.all;
import static dev.tautline.sctp.HandPeer.data;
import static dev.tautline.sctp.HandPeer.only;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tautline.sctp.AssociationEvent.MessageReceived;
import dev.tautline.sctp.SendOptions.Ordering;
import dev.tautline.sctp.SendOptions.Reliability;
import dev.tautline.sctp.packet.AbortChunk;
import dev.tautline.sctp.packet.DataChunk;
import dev.tautline.sctp.packet.DataFormat;
import dev.tautline.sctp.packet.ForwardTsnChunk;
import dev.tautline.sctp.packet.IDataChunk;
import dev.tautline.sctp.packet.IForwardTsnChunk;
import dev.tautline.sctp.packet.Octets;
import dev.tautline.sctp.packet.Order;
import dev.tautline.sctp.packet.Parameter;
import dev.tautline.sctp.packet.SackChunk;
import dev.tautline.sctp.scenario.Scenarios;
import dev.tautline.sctp.scenario.Seeds;
import dev.tautline.testkit.SimulatedNetwork;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** RFC 8260. */
@Scenarios
class InterleavingTest {
  private static final int B = DataFormat.B_BIT;
  private static final int E = DataFormat.E_BIT;
  private static final int U = DataFormat.U_BIT;
  private static final List<Parameter> WITH_I_DATA =
      List.of(
          new Parameter(Parameter.FORWARD_TSN_SUPPORTED, Octets.EMPTY),
          new Parameter(
              Parameter.SUPPORTED_EXTENSIONS,
              Octets.copyOf(new byte[] {(byte) 0x82, (byte) 0xc0, 0x40, (byte) 0xc2})));
  private static final AssociationOptions OPTIONS =
      AssociationOptions.rfc().toBuilder().interleaving(true).build();

  private final HandPeer peer = HandPeer.established(OPTIONS, WITH_I_DATA);

  private static IDataChunk part(int tsn, int flags, int mid, int ppidOrFsn, int bytes) {
    byte[] payload = new byte[bytes];
    Arrays.fill(payload, (byte) tsn);
    return new IDataChunk(flags, tsn, 1, mid, ppidOrFsn, Octets.copyOf(payload));
  }

  @Test
  void isUsedOnlyWhenBothAnnounceIt() {
    HandPeer without = HandPeer.established(OPTIONS, HandPeer.EXTENSIONS);
    without.userSends(0, 10);
    peer.userSends(0, 10);

    only(without.poll(), DataChunk.class);
    only(peer.poll(), IDataChunk.class);
  }

  @Test
  void fragmentsOfSeveralMessagesTakeTurns() {
    peer.userSends(1, 5000);
    peer.userSends(2, 5000);

    List<Integer> order =
        all(peer.poll(), IDataChunk.class).stream().map(IDataChunk::streamId).toList();

    assertThat(order.subList(0, 4)).containsExactly(1, 2, 1, 2);
  }

  @Test
  void aShortMessageOvertakesALongOne() {
    peer.userSends(1, 200_000);
    peer.poll();
    peer.userSends(2, 10);
    peer.nowNanos += 50_000_000;

    List<byte[]> next = peer.send(HandPeer.sack(peer.peerInitialTsn + 1, HandPeer.WINDOW));

    assertThat(all(next, IDataChunk.class)).extracting(IDataChunk::streamId).contains(2);
  }

  @Test
  void numbersFragmentsFromZeroAndNamesThePpidInTheFirst() {
    peer.userSends(1, 3000);
    peer.userSends(1, 10);

    List<IDataChunk> sent = all(peer.poll(), IDataChunk.class);

    assertThat(sent.get(0).flags() & B).isEqualTo(B);
    assertThat(sent.get(0).ppidOrFsn()).isEqualTo(53);
    assertThat(sent.get(1).ppidOrFsn()).isEqualTo(1);
    assertThat(sent.get(2).ppidOrFsn()).isEqualTo(2);
    assertThat(sent).extracting(IDataChunk::mid).containsExactly(0, 0, 0, 1);
  }

  @Test
  void reassemblesInterleavedMessages() {
    peer.send(part(INITIAL_TSN, B, 0, 53, 10));
    peer.send(part(INITIAL_TSN + 1, B | U, 0, 51, 20));
    peer.send(part(INITIAL_TSN + 3, E, 0, 2, 12));
    peer.send(part(INITIAL_TSN + 2, E | U, 0, 1, 21));
    peer.send(part(INITIAL_TSN + 4, 0, 0, 1, 11));

    assertThat(peer.events(MessageReceived.class))
        .extracting(m -> m.payload().length)
        .containsExactly(41, 33);
    assertThat(peer.events(MessageReceived.class))
        .extracting(MessageReceived::ppid)
        .containsExactly(51, 53);
    assertThat(peer.association.statistics().heldReceiveBytes()).isZero();
  }

  @Test
  void dataAndForwardTsnAreViolations() {
    only(peer.send(data(INITIAL_TSN, 0, 0, 5)), AbortChunk.class);
    HandPeer other = HandPeer.established(OPTIONS, WITH_I_DATA);
    only(other.send(new ForwardTsnChunk(INITIAL_TSN, List.of())), AbortChunk.class);
    HandPeer plain = HandPeer.established();
    only(plain.send(part(INITIAL_TSN, B | E, 0, 53, 10)), AbortChunk.class);
    HandPeer plain2 = HandPeer.established();
    only(plain2.send(new IForwardTsnChunk(INITIAL_TSN, List.of())), AbortChunk.class);
  }

  @Test
  void aFragmentNumberThatComesTwiceIsAViolation() {
    peer.send(part(INITIAL_TSN, B, 0, 53, 10));

    only(peer.send(part(INITIAL_TSN + 1, B, 0, 53, 10)), AbortChunk.class);
  }

  @Test
  void iForwardTsnSkipsMessagesOfBothOrders() {
    peer.send(part(INITIAL_TSN, B, 0, 53, 10));
    peer.send(part(INITIAL_TSN + 1, B | U, 0, 53, 10));
    peer.send(part(INITIAL_TSN + 3, B | E, 1, 53, 7));
    assertThat(peer.events).isEmpty();

    SackChunk sack =
        only(
            peer.send(
                new IForwardTsnChunk(
                    INITIAL_TSN + 2,
                    List.of(
                        new IForwardTsnChunk.SkippedStream(1, Order.ORDERED, 0),
                        new IForwardTsnChunk.SkippedStream(1, Order.UNORDERED, 0)))),
            SackChunk.class);

    assertThat(sack.cumulativeTsnAck()).isEqualTo(INITIAL_TSN + 3);
    assertThat(peer.events(MessageReceived.class)).hasSize(1);
    assertThat(peer.association.statistics().heldReceiveBytes()).isZero();
  }

  @Test
  void abandonedMessagesAreSkippedWithTheirMid() {
    var once = new SendOptions(Ordering.ORDERED, new Reliability.MaxRetransmits(0));
    var onceUnordered = new SendOptions(Ordering.UNORDERED, new Reliability.MaxRetransmits(0));
    peer.userSends(1, 100, once);
    peer.userSends(1, 100, onceUnordered);
    peer.poll();

    IForwardTsnChunk forward = only(peer.nextPackets(), IForwardTsnChunk.class);

    assertThat(forward.skippedStreams())
        .containsExactlyInAnyOrder(
            new IForwardTsnChunk.SkippedStream(1, Order.ORDERED, 0),
            new IForwardTsnChunk.SkippedStream(1, Order.UNORDERED, 0));
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6})
  void messagesArriveOnceAndInOrderOverABadPath(long seed) {
    AssociationOptions options =
        AssociationOptions.forDataChannels().toBuilder().interleaving(true).build();
    var net =
        SimulatedNetwork.seeded(Seeds.of(seed))
            .oneWayDelay(Duration.ofMillis(30))
            .loss(0.1)
            .duplicate(0.1)
            .reorder(0.2, Duration.ofMillis(40));
    var sim = SctpSim.on(net, options).connected();
    for (int i = 0; i < 60; i++) {
      byte[] message = new byte[1 + i * 700];
      message[0] = (byte) i;
      SctpSim.send(sim.a, i % 3, message, SendOptions.RELIABLE_ORDERED);
      SctpSim.send(sim.a, 5, message, SendOptions.RELIABLE_UNORDERED);
    }

    boolean done =
        net.runUntil(
            () ->
                sim.z.events(MessageReceived.class).size() >= 120
                    && sim.a.core().statistics().heldSendBytes() == 0,
            Duration.ofMinutes(30));

    assertThat(done).as(net::trace).isTrue();
    for (int stream = 0; stream < 3; stream++) {
      int id = stream;
      List<MessageReceived> arrived =
          sim.z.events(MessageReceived.class).stream().filter(m -> m.streamId() == id).toList();
      assertThat(arrived).as(net::trace).hasSize(20);
      for (int i = 0; i < 20; i++) {
        assertThat(arrived.get(i).payload()[0]).as(net::trace).isEqualTo((byte) (3 * i + id));
        assertThat(arrived.get(i).payload()).hasSize(1 + (3 * i + id) * 700);
      }
    }
    assertThat(sim.z.core().statistics().heldReceiveBytes()).as(net::trace).isZero();
  }
}
