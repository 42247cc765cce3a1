package dev.tautline.sctp;

import static dev.tautline.sctp.HandPeer.INITIAL_TSN;
import static dev.tautline.sctp.HandPeer.all;
import static dev.tautline.sctp.HandPeer.data;
import static dev.tautline.sctp.HandPeer.fragment;
import static dev.tautline.sctp.HandPeer.only;
import static dev.tautline.sctp.HandPeer.sack;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tautline.sctp.AssociationEvent.MessageReceived;
import dev.tautline.sctp.SendOptions.Ordering;
import dev.tautline.sctp.SendOptions.Reliability;
import dev.tautline.sctp.packet.DataChunk;
import dev.tautline.sctp.packet.DataFormat;
import dev.tautline.sctp.packet.ForwardTsnChunk;
import dev.tautline.sctp.packet.ForwardTsnChunk.SkippedStream;
import dev.tautline.sctp.packet.SackChunk;
import dev.tautline.sctp.scenario.Scenarios;
import dev.tautline.sctp.scenario.Seeds;
import dev.tautline.testkit.SimulatedNetwork;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** RFC 3758 and RFC 7496. */
@Scenarios
class PartialReliabilityTest {
  private static final int B = DataFormat.B_BIT;
  private static final int E = DataFormat.E_BIT;
  private static final int U = DataFormat.U_BIT;
  private static final long MILLI = 1_000_000L;
  private static final SendOptions ONCE =
      new SendOptions(Ordering.ORDERED, new Reliability.MaxRetransmits(0));
  private static final SendOptions ONCE_UNORDERED =
      new SendOptions(Ordering.UNORDERED, new Reliability.MaxRetransmits(0));
  private static final SendOptions TWICE =
      new SendOptions(Ordering.ORDERED, new Reliability.MaxRetransmits(1));
  private static final SendOptions FOR_100_MS =
      new SendOptions(Ordering.ORDERED, new Reliability.MaxLifetime(100 * MILLI));

  private final HandPeer peer = HandPeer.established();

  private int tsn(int index) {
    return peer.peerInitialTsn + index;
  }

  // --- sending ---

  @Test
  void givesAMessageUpInsteadOfRetransmittingIt() {
    peer.userSends(4, 100, ONCE);
    peer.poll();

    List<byte[]> timeout = peer.nextPackets();

    assertThat(all(timeout, DataChunk.class)).isEmpty();
    ForwardTsnChunk forward = only(timeout, ForwardTsnChunk.class);
    assertThat(forward.newCumulativeTsn()).isEqualTo(tsn(0));
    assertThat(forward.skippedStreams()).containsExactly(new SkippedStream(4, 0));
    peer.send(sack(tsn(0), HandPeer.WINDOW));
    assertThat(peer.association.statistics().heldSendBytes()).isZero();
  }

  @Test
  void retransmitsAsOftenAsAllowed() {
    peer.userSends(4, 100, TWICE);
    peer.poll();

    only(peer.nextPackets(), DataChunk.class);
    List<byte[]> second = peer.nextPackets();

    assertThat(all(second, DataChunk.class)).isEmpty();
    only(second, ForwardTsnChunk.class);
  }

  @Test
  void givesUpAllFragmentsOfAMessageTogether() {
    peer.userSends(4, 3000, ONCE);
    peer.poll();
    peer.userSends(5, 10);
    peer.poll();

    // The second of three fragments is missing.
    for (int i = 0; i < 3; i++) {
      peer.send(sack(tsn(0), HandPeer.WINDOW, 2, 2));
    }
    List<byte[]> timeout = peer.nextPackets();

    ForwardTsnChunk forward = only(timeout, ForwardTsnChunk.class);
    assertThat(forward.newCumulativeTsn()).isEqualTo(tsn(2));
    assertThat(all(timeout, DataChunk.class)).extracting(DataChunk::streamId).containsOnly(5);
  }

  @Test
  void givesUpTheUnsentRestAsWell() {
    peer.userSends(4, 100_000, ONCE);
    assertThat(peer.poll()).hasSize(10);
    assertThat(peer.association.bufferedAmount(4)).isPositive();

    List<byte[]> timeout = peer.nextPackets();

    // One TSN more than was sent stands for the rest.
    assertThat(only(timeout, ForwardTsnChunk.class).newCumulativeTsn()).isEqualTo(tsn(10));
    assertThat(peer.association.bufferedAmount(4)).isZero();
    peer.send(sack(tsn(10), HandPeer.WINDOW));
    assertThat(peer.association.statistics().heldSendBytes()).isZero();
  }

  @Test
  void anUnsentMessageWhoseLifetimeEndedUsesNoNumber() {
    peer.userSends(1, 14_000);
    peer.poll();
    peer.userSends(4, 100, FOR_100_MS);
    peer.userSends(4, 200);
    peer.nowNanos = 150 * MILLI;

    List<byte[]> rest = new ArrayList<>(peer.send(sack(tsn(9), HandPeer.WINDOW)));
    rest.addAll(peer.pass(10_000 * MILLI));

    assertThat(all(rest, DataChunk.class).stream().filter(d -> d.streamId() == 4))
        .isNotEmpty()
        .allSatisfy(d -> assertThat(d.ssn()).isZero())
        .allSatisfy(d -> assertThat(d.payload().length()).isEqualTo(200));
    assertThat(all(rest, ForwardTsnChunk.class)).isEmpty();
  }

  @Test
  void aSentMessageIsNotRetransmittedAfterItsLifetime() {
    peer.userSends(4, 100, FOR_100_MS);
    peer.poll();

    List<byte[]> timeout = peer.nextPackets();

    assertThat(all(timeout, DataChunk.class)).isEmpty();
    only(timeout, ForwardTsnChunk.class);
  }

  @Test
  void unorderedMessagesHaveNoStreamEntry() {
    peer.userSends(4, 100, ONCE_UNORDERED);
    peer.poll();

    assertThat(only(peer.nextPackets(), ForwardTsnChunk.class).skippedStreams()).isEmpty();
  }

  @Test
  void namesEachStreamOnceWithItsLastNumber() {
    for (int i = 0; i < 3; i++) {
      peer.userSends(4, 100, ONCE);
      peer.userSends(7, 100, ONCE);
    }
    peer.poll();

    assertThat(only(peer.nextPackets(), ForwardTsnChunk.class).skippedStreams())
        .containsExactlyInAnyOrder(new SkippedStream(4, 2), new SkippedStream(7, 2));
  }

  @Test
  void aLostForwardTsnIsRepeatedByTimer() {
    peer.userSends(4, 100, ONCE);
    peer.poll();
    ForwardTsnChunk first = only(peer.nextPackets(), ForwardTsnChunk.class);

    assertThat(only(peer.nextPackets(), ForwardTsnChunk.class)).isEqualTo(first);
  }

  @Test
  void stopsAtTheFirstReliableMessage() {
    peer.userSends(4, 100, ONCE);
    peer.userSends(5, 100);
    peer.userSends(4, 100, ONCE);
    peer.poll();

    List<byte[]> timeout = peer.nextPackets();

    assertThat(only(timeout, ForwardTsnChunk.class).newCumulativeTsn()).isEqualTo(tsn(0));
    assertThat(only(timeout, DataChunk.class).streamId()).isEqualTo(5);
  }

  @Test
  void isReliableTowardsAPeerWithoutForwardTsn() {
    HandPeer old = HandPeer.established(AssociationOptions.rfc(), List.of());
    old.userSends(4, 100, ONCE);
    old.userSends(4, 100, FOR_100_MS);
    old.poll();

    assertThat(all(old.nextPackets(), DataChunk.class)).hasSize(2);
  }

  // --- receiving ---

  @Test
  void forwardTsnMovesTheCumulativeTsnAndIsSackedAtOnce() {
    SackChunk sack =
        only(peer.send(new ForwardTsnChunk(INITIAL_TSN + 4, List.of())), SackChunk.class);

    assertThat(sack.cumulativeTsnAck()).isEqualTo(INITIAL_TSN + 4);
  }

  @Test
  void forwardTsnDeliversWhatWaitedBehindTheSkippedMessage() {
    peer.send(data(INITIAL_TSN + 1, 4, 1, 11));
    peer.send(data(INITIAL_TSN + 2, 4, 2, 12));
    assertThat(peer.events).isEmpty();

    peer.send(new ForwardTsnChunk(INITIAL_TSN, List.of(new SkippedStream(4, 0))));

    assertThat(peer.events(MessageReceived.class))
        .extracting(m -> m.payload().length)
        .containsExactly(11, 12);
  }

  @Test
  void forwardTsnDeliversCompleteMessagesAtOrBelowTheSkippedNumber() {
    peer.send(data(INITIAL_TSN + 1, 4, 1, 11));
    peer.send(data(INITIAL_TSN + 3, 4, 3, 13));

    peer.send(new ForwardTsnChunk(INITIAL_TSN + 2, List.of(new SkippedStream(4, 2))));

    assertThat(peer.events(MessageReceived.class))
        .extracting(m -> m.payload().length)
        .containsExactly(11, 13);
  }

  @Test
  void forwardTsnDropsHalfMessages() {
    peer.send(fragment(INITIAL_TSN, 4, 0, B, 100));
    peer.send(fragment(INITIAL_TSN + 2, 5, 0, B | U, 100));
    assertThat(peer.association.statistics().heldReceiveBytes()).isPositive();

    peer.send(new ForwardTsnChunk(INITIAL_TSN + 3, List.of(new SkippedStream(4, 0))));

    assertThat(peer.association.statistics().heldReceiveBytes()).isZero();
    peer.send(data(INITIAL_TSN + 4, 4, 1, 7));
    assertThat(peer.events(MessageReceived.class)).hasSize(1);
  }

  @Test
  void anOldForwardTsnIsSackedAndNothingElse() {
    peer.send(data(INITIAL_TSN, 4, 0, 5));

    SackChunk sack =
        only(
            peer.send(new ForwardTsnChunk(INITIAL_TSN, List.of(new SkippedStream(4, 9)))),
            SackChunk.class);

    assertThat(sack.cumulativeTsnAck()).isEqualTo(INITIAL_TSN);
    peer.send(data(INITIAL_TSN + 1, 4, 1, 5));
    assertThat(peer.events(MessageReceived.class)).hasSize(2);
  }

  @Test
  void forwardTsnSwallowsGaps() {
    peer.send(data(INITIAL_TSN + 2, 4, 0, 5));
    peer.send(data(INITIAL_TSN + 5, 4, 1, 5));

    SackChunk sack =
        only(peer.send(new ForwardTsnChunk(INITIAL_TSN + 1, List.of())), SackChunk.class);

    assertThat(sack.cumulativeTsnAck()).isEqualTo(INITIAL_TSN + 2);
    assertThat(sack.gapAckBlocks()).containsExactly(new SackChunk.GapAckBlock(3, 3));
  }

  // --- both ---

  @Test
  void unreliableMessagesArriveInOrderWithHolesOverALossyPath() {
    for (long seed = 1; seed <= 10; seed++) {
      var net =
          SimulatedNetwork.seeded(Seeds.of(seed))
              .oneWayDelay(Duration.ofMillis(20))
              .loss(0.15)
              .reorder(0.1, Duration.ofMillis(15));
      var sim = SctpSim.on(net, AssociationOptions.forDataChannels()).connected();
      for (int i = 0; i < 300; i++) {
        String text = "%05d".formatted(i);
        net.schedule(
            Duration.ofMillis(5L * i),
            () -> {
              SctpSim.send(sim.a, 1, text.getBytes(java.nio.charset.StandardCharsets.UTF_8), ONCE);
              SctpSim.send(sim.a, 2, new byte[4000], ONCE_UNORDERED);
              SctpSim.send(sim.a, 3, text);
            });
      }

      net.runFor(Duration.ofMinutes(2));

      List<String> unreliable =
          sim.z.events(MessageReceived.class).stream()
              .filter(m -> m.streamId() == 1)
              .map(m -> new String(m.payload(), java.nio.charset.StandardCharsets.UTF_8))
              .toList();
      assertThat(unreliable).as(net::trace).hasSizeBetween(150, 299);
      assertThat(unreliable).as(net::trace).isSorted().doesNotHaveDuplicates();
      assertThat(sim.z.events(MessageReceived.class).stream().filter(m -> m.streamId() == 3))
          .as(net::trace)
          .hasSize(300);
      assertThat(sim.a.core().statistics().heldSendBytes()).as(net::trace).isZero();
      assertThat(sim.z.core().statistics().heldReceiveBytes()).as(net::trace).isZero();
    }
  }
}
