package dev.tautline.sctp;

import static dev.tautline.sctp.HandPeer.EXTENSIONS;
import static dev.tautline.sctp.HandPeer.INITIAL_TSN;
import static dev.tautline.sctp.HandPeer.all;
import static dev.tautline.sctp.HandPeer.data;
import static dev.tautline.sctp.HandPeer.fragment;
import static dev.tautline.sctp.HandPeer.only;
import static dev.tautline.sctp.HandPeer.sack;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tautline.sctp.AssociationEvent.Aborted;
import dev.tautline.sctp.AssociationEvent.BufferedAmountChanged;
import dev.tautline.sctp.AssociationEvent.Failed;
import dev.tautline.sctp.AssociationEvent.FailureReason;
import dev.tautline.sctp.AssociationEvent.MessageReceived;
import dev.tautline.sctp.AssociationEvent.SendSpaceAvailable;
import dev.tautline.sctp.packet.AbortChunk;
import dev.tautline.sctp.packet.DataChunk;
import dev.tautline.sctp.packet.DataFormat;
import dev.tautline.sctp.packet.ErrorCause;
import dev.tautline.sctp.packet.ErrorChunk;
import dev.tautline.sctp.packet.HeartbeatAckChunk;
import dev.tautline.sctp.packet.HeartbeatChunk;
import dev.tautline.sctp.packet.Octets;
import dev.tautline.sctp.packet.SackChunk;
import dev.tautline.sctp.packet.SackChunk.GapAckBlock;
import dev.tautline.sctp.rx.DataReceiver;
import dev.tautline.sctp.scenario.Scenarios;
import dev.tautline.sctp.tx.SendQueue;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** RFC 9260 section 6: DATA, SACK, windows, retransmission. */
@Scenarios
class DataTransferTest {
  private static final int B = DataFormat.B_BIT;
  private static final int E = DataFormat.E_BIT;
  private static final int U = DataFormat.U_BIT;
  private static final int I = DataFormat.I_BIT;
  private static final long MILLI = 1_000_000L;
  private static final int MAX_PAYLOAD = 1188 - 12 - 16;

  private final HandPeer peer = HandPeer.established();

  private int sentTsn(int index) {
    return peer.peerInitialTsn + index;
  }

  // --- SACK ---

  @Test
  void delaysTheSackOfASinglePacket() {
    assertThat(peer.send(data(INITIAL_TSN, 0, 0, 5))).isEmpty();

    List<byte[]> late = peer.nextTimer();

    assertThat(peer.nowNanos).isEqualTo(200 * MILLI);
    assertThat(only(late, SackChunk.class).cumulativeTsnAck()).isEqualTo(INITIAL_TSN);
  }

  @Test
  void sacksEverySecondPacket() {
    assertThat(peer.send(data(INITIAL_TSN, 0, 0, 5))).isEmpty();

    assertThat(only(peer.send(data(INITIAL_TSN + 1, 0, 1, 5)), SackChunk.class).cumulativeTsnAck())
        .isEqualTo(INITIAL_TSN + 1);
  }

  @Test
  void packetsOfOneReadShareOneSack() {
    for (int i = 0; i < 40; i++) {
      peer.deliver(peer.packet(peer.peerTag, data(INITIAL_TSN + i, 0, i, 5)));
    }

    assertThat(only(peer.poll(), SackChunk.class).cumulativeTsnAck()).isEqualTo(INITIAL_TSN + 39);
  }

  @Test
  void sacksAtOnceWhenTheIBitIsSet() {
    only(peer.send(fragment(INITIAL_TSN, 0, 0, B | E | I, 5)), SackChunk.class);
  }

  @Test
  void sacksAtOnceWhenAGapAppears() {
    SackChunk sack = only(peer.send(data(INITIAL_TSN + 1, 0, 1, 5)), SackChunk.class);

    assertThat(sack.cumulativeTsnAck()).isEqualTo(INITIAL_TSN - 1);
    assertThat(sack.gapAckBlocks()).containsExactly(new GapAckBlock(2, 2));
  }

  @Test
  void sacksAtOnceWhenAGapIsFilled() {
    peer.send(data(INITIAL_TSN + 1, 0, 1, 5));

    SackChunk sack = only(peer.send(data(INITIAL_TSN, 0, 0, 5)), SackChunk.class);

    assertThat(sack.cumulativeTsnAck()).isEqualTo(INITIAL_TSN + 1);
    assertThat(sack.gapAckBlocks()).isEmpty();
  }

  @Test
  void sacksADuplicateAtOnceAndListsIt() {
    peer.send(data(INITIAL_TSN, 0, 0, 5));

    SackChunk sack = only(peer.send(data(INITIAL_TSN, 0, 0, 5)), SackChunk.class);

    assertThat(sack.duplicateTsns()).containsExactly(INITIAL_TSN);
    assertThat(peer.events(MessageReceived.class)).hasSize(1);
    // Listed once: the next SACK has none.
    peer.send(data(INITIAL_TSN + 1, 0, 1, 5));
    assertThat(only(peer.send(data(INITIAL_TSN + 2, 0, 2, 5)), SackChunk.class).duplicateTsns())
        .isEmpty();
  }

  @Test
  void splitsAndMergesGapAckBlocks() {
    peer.send(data(INITIAL_TSN + 2, 0, 2, 5));
    peer.send(data(INITIAL_TSN + 6, 0, 6, 5));
    peer.send(data(INITIAL_TSN + 4, 0, 4, 5));
    SackChunk three = only(peer.send(data(INITIAL_TSN + 8, 0, 8, 5)), SackChunk.class);
    SackChunk merged = only(peer.send(data(INITIAL_TSN + 5, 0, 5, 5)), SackChunk.class);

    assertThat(three.gapAckBlocks())
        .containsExactly(
            new GapAckBlock(3, 3),
            new GapAckBlock(5, 5),
            new GapAckBlock(7, 7),
            new GapAckBlock(9, 9));
    assertThat(merged.gapAckBlocks())
        .containsExactly(new GapAckBlock(3, 3), new GapAckBlock(5, 7), new GapAckBlock(9, 9));
  }

  @Test
  void theSackRidesWithData() {
    peer.send(data(INITIAL_TSN, 0, 0, 5));
    peer.userSends(0, 10);

    List<byte[]> packets = peer.poll();

    assertThat(packets).hasSize(1);
    only(packets, SackChunk.class);
    only(packets, DataChunk.class);
  }

  // --- receiving ---

  @Test
  void everyPermutationOfFiveFragmentsMakesTheMessage() {
    List<List<Integer>> permutations = permutations(List.of(0, 1, 2, 3, 4));
    assertThat(permutations).hasSize(120);
    int tsn = INITIAL_TSN;
    int ssn = 0;
    for (List<Integer> order : permutations) {
      peer.events.clear();
      for (int i : order) {
        int flags = (i == 0 ? B : 0) | (i == 4 ? E : 0);
        peer.send(fragment(tsn + i, 7, ssn, flags, 10 + i));
      }
      MessageReceived message = peer.events(MessageReceived.class).get(0);
      assertThat(message.payload()).as(order::toString).hasSize(60);
      int at = 0;
      for (int i = 0; i < 5; i++) {
        for (int j = 0; j < 10 + i; j++) {
          assertThat(message.payload()[at++]).as(order::toString).isEqualTo((byte) (tsn + i));
        }
      }
      tsn += 5;
      ssn++;
    }
    assertThat(peer.association.statistics().heldReceiveBytes()).isZero();
  }

  private static List<List<Integer>> permutations(List<Integer> items) {
    if (items.isEmpty()) {
      return List.of(List.of());
    }
    var all = new ArrayList<List<Integer>>();
    for (Integer first : items) {
      var rest = new ArrayList<>(items);
      rest.remove(first);
      for (List<Integer> tail : permutations(rest)) {
        var whole = new ArrayList<Integer>();
        whole.add(first);
        whole.addAll(tail);
        all.add(whole);
      }
    }
    return all;
  }

  @Test
  void deliversOrderedMessagesInOrderStreamByStream() {
    peer.send(data(INITIAL_TSN + 1, 1, 1, 11));
    peer.send(data(INITIAL_TSN + 2, 2, 0, 20));
    assertThat(peer.events(MessageReceived.class))
        .extracting(m -> m.payload().length)
        .containsExactly(20);

    peer.send(data(INITIAL_TSN, 1, 0, 10));

    assertThat(peer.events(MessageReceived.class))
        .extracting(m -> m.payload().length)
        .containsExactly(20, 10, 11);
  }

  @Test
  void deliversUnorderedMessagesAsTheyCome() {
    peer.send(fragment(INITIAL_TSN + 1, 1, 0, B | E | U, 11));
    peer.send(fragment(INITIAL_TSN, 1, 0, B | E | U, 10));

    assertThat(peer.events(MessageReceived.class))
        .extracting(m -> m.payload().length)
        .containsExactly(11, 10);
  }

  @Test
  void streamSequenceNumbersWrap() {
    int tsn = INITIAL_TSN;
    for (int ssn = 0; ssn < 70_000; ssn++) {
      peer.deliver(peer.packet(peer.peerTag, data(tsn++, 1, ssn & 0xffff, 1)));
      if (ssn % 64 == 0) {
        peer.poll();
      }
    }
    peer.poll();

    assertThat(peer.events(MessageReceived.class)).hasSize(70_000);
  }

  @Test
  void dataWithoutPayloadIsAborted() {
    List<byte[]> answer = peer.send(data(INITIAL_TSN, 0, 0, 0));

    assertThat(only(answer, AbortChunk.class).causes().get(0).code())
        .isEqualTo(ErrorCause.NO_USER_DATA);
    assertThat(peer.events(Aborted.class)).hasSize(1);
  }

  @Test
  void dataOnAStreamThatDoesNotExistIsReportedAndAcknowledged() {
    HandPeer few =
        HandPeer.established(
            AssociationOptions.rfc().toBuilder().incomingStreams(4).build(), EXTENSIONS);

    List<byte[]> answer = few.send(fragment(INITIAL_TSN, 4, 0, B | E | I, 5));

    assertThat(only(answer, ErrorChunk.class).causes().get(0).code())
        .isEqualTo(ErrorCause.INVALID_STREAM_IDENTIFIER);
    assertThat(only(answer, SackChunk.class).cumulativeTsnAck()).isEqualTo(INITIAL_TSN);
    assertThat(few.events(MessageReceived.class)).isEmpty();
  }

  @Test
  void aMessageThatBeginsInsideAnotherIsAViolation() {
    peer.send(fragment(INITIAL_TSN, 0, 0, B, 5));

    List<byte[]> answer = peer.send(fragment(INITIAL_TSN + 1, 0, 1, B, 5));

    assertThat(only(answer, AbortChunk.class).causes().get(0).code())
        .isEqualTo(ErrorCause.PROTOCOL_VIOLATION);
  }

  @Test
  void aFragmentOfAnotherStreamInsideAMessageIsAViolation() {
    peer.send(fragment(INITIAL_TSN, 0, 0, B, 5));

    only(peer.send(fragment(INITIAL_TSN + 1, 1, 0, E, 5)), AbortChunk.class);
  }

  @Test
  void theWindowClosesWithWhatIsKeptAndOpensAgain() {
    // The second fragment never comes.
    peer.send(fragment(INITIAL_TSN, 0, 0, B, 1000));
    SackChunk closed = only(peer.send(fragment(INITIAL_TSN + 2, 0, 0, E, 1000)), SackChunk.class);
    assertThat(closed.aRwnd())
        .isLessThanOrEqualTo(AssociationOptions.rfc().receiveWindowBytes() - 2000);

    SackChunk open = only(peer.send(fragment(INITIAL_TSN + 1, 0, 0, 0, 1000)), SackChunk.class);

    // The SACK was written before the message's event was taken.
    peer.send(data(INITIAL_TSN + 3, 0, 1, 1));
    open = only(peer.send(data(INITIAL_TSN + 4, 0, 2, 1)), SackChunk.class);
    assertThat(open.aRwnd())
        .isGreaterThanOrEqualTo(AssociationOptions.rfc().receiveWindowBytes() - 2);
  }

  @Test
  void withAManualWindowOnlyConsumedBytesOpenIt() {
    AssociationOptions manual =
        AssociationOptions.rfc().toBuilder().receiveWindowBytes(10_000).manualWindow().build();
    HandPeer slow = HandPeer.established(manual, EXTENSIONS);
    for (int i = 0; i < 8; i++) {
      slow.deliver(slow.packet(slow.peerTag, data(INITIAL_TSN + i, 0, i, 1000)));
    }
    assertThat(only(slow.poll(), SackChunk.class).aRwnd())
        .isEqualTo(2000 - 8 * DataReceiver.MESSAGE_OVERHEAD);

    slow.association.consumed(slow.nowNanos, 8, 8000);

    // The window had nearly closed: its opening is told without being asked.
    assertThat(only(slow.poll(), SackChunk.class).aRwnd()).isEqualTo(10_000);
  }

  // --- sending ---

  @Test
  void packetsOfALongMessageAreEquallyLong() {
    peer.userSends(0, 16_384);
    peer.userSends(1, 16_384);

    List<byte[]> packets = peer.poll();

    assertThat(packets).hasSize(10);
    assertThat(packets).allSatisfy(packet -> assertThat(packet).hasSize(1188));
  }

  @Test
  void fillsThePacketBehindAMessagesEndWithTheNextMessage() {
    var lengths = new ArrayList<Integer>();
    for (int i = 0; i < 4; i++) {
      peer.userSends(0, 3000);
    }
    for (byte[] packet : peer.poll()) {
      lengths.add(packet.length);
    }

    assertThat(lengths.subList(0, lengths.size() - 1)).containsOnly(1188);
  }

  @Test
  void aMessageThatFitsOnePacketIsNotSplit() {
    peer.userSends(0, 700);
    peer.userSends(0, 700);

    List<byte[]> packets = peer.poll();

    assertThat(packets).hasSize(2);
    assertThat(all(packets, DataChunk.class))
        .allSatisfy(d -> assertThat(d.flags() & (B | E)).isEqualTo(B | E));
  }

  @Test
  void smallMessagesShareAPacket() {
    for (int i = 0; i < 5; i++) {
      peer.userSends(0, 100);
    }

    List<byte[]> packets = peer.poll();

    assertThat(packets).hasSize(1);
    assertThat(all(packets, DataChunk.class))
        .extracting(DataChunk::ssn)
        .containsExactly(0, 1, 2, 3, 4);
  }

  @Test
  void asksForASackAtOnceWithItsLastData() {
    peer.userSends(0, 3 * MAX_PAYLOAD);

    List<DataChunk> sent = all(peer.poll(), DataChunk.class);

    assertThat(sent).extracting(d -> d.flags() & I).containsExactly(0, 0, I);
  }

  @Test
  void streamsTakeTurnsByMessage() {
    for (int i = 0; i < 3; i++) {
      peer.userSends(1, 100);
    }
    for (int i = 0; i < 3; i++) {
      peer.userSends(2, 100);
    }

    assertThat(all(peer.poll(), DataChunk.class))
        .extracting(DataChunk::streamId)
        .containsExactly(1, 2, 1, 2, 1, 2);
  }

  @Test
  void aStreamOfHigherPriorityGetsMoreTurns() {
    peer.association.setStreamPriority(2, 1024);
    for (int i = 0; i < 10; i++) {
      peer.userSends(1, 100);
      peer.userSends(2, 100);
    }

    List<Integer> order =
        all(peer.poll(), DataChunk.class).stream().map(DataChunk::streamId).limit(10).toList();

    assertThat(order.stream().filter(id -> id == 2)).hasSizeGreaterThanOrEqualTo(7);
  }

  @Test
  void startsWithTenPacketsAndGrowsByWhatIsAcknowledged() {
    peer.userSends(0, 1_000_000);
    assertThat(peer.poll()).hasSize(10);

    // All ten in one SACK, as a coalesced read makes it: twenty may go, paced over the round trip.
    peer.nowNanos += 50 * MILLI;
    int sent = peer.send(sack(sentTsn(9), HandPeer.WINDOW)).size() + peer.pass(100 * MILLI).size();

    assertThat(sent).isEqualTo(20);
  }

  @Test
  void pacesBursts() {
    peer.userSends(0, 2_000_000);
    int sent = peer.poll().size();
    int acked = 0;
    var bursts = new ArrayList<Integer>();
    for (int round = 0; round < 4; round++) {
      peer.nowNanos += 100 * MILLI;
      acked = sent;
      int now = peer.send(sack(sentTsn(acked - 1), HandPeer.WINDOW)).size();
      bursts.add(now);
      sent += now;
      long end = peer.nowNanos + 90 * MILLI;
      while (peer.association.nextDeadlineNanos() < end) {
        now = peer.nextTimer().size();
        bursts.add(now);
        sent += now;
      }
    }

    assertThat(bursts).allSatisfy(burst -> assertThat(burst).isLessThanOrEqualTo(64 + 16));
    assertThat(bursts).anySatisfy(burst -> assertThat(burst).isGreaterThan(8));
    assertThat(bursts.size()).isGreaterThan(6);
  }

  @Test
  void retransmitsAtTheThirdMissAndOnlyOnce() {
    peer.userSends(0, 8 * MAX_PAYLOAD);
    assertThat(peer.poll()).hasSize(8);
    peer.nowNanos += 10 * MILLI;

    assertThat(all(peer.send(sack(sentTsn(-1), HandPeer.WINDOW, 2, 2)), DataChunk.class)).isEmpty();
    assertThat(all(peer.send(sack(sentTsn(-1), HandPeer.WINDOW, 2, 3)), DataChunk.class)).isEmpty();
    List<byte[]> third = peer.send(sack(sentTsn(-1), HandPeer.WINDOW, 2, 4));
    List<byte[]> fourth = peer.send(sack(sentTsn(-1), HandPeer.WINDOW, 2, 5));

    assertThat(only(third, DataChunk.class).tsn()).isEqualTo(sentTsn(0));
    assertThat(all(fourth, DataChunk.class)).isEmpty();
    assertThat(peer.association.statistics().fastRecoveries()).isEqualTo(1);
  }

  @Test
  void halvesTheWindowOncePerRecovery() {
    peer.userSends(0, 10 * MAX_PAYLOAD);
    peer.poll();
    long before = peer.association.statistics().cwndBytes();
    for (int i = 2; i <= 4; i++) {
      peer.send(sack(sentTsn(-1), HandPeer.WINDOW, 2, i));
    }
    long after = peer.association.statistics().cwndBytes();
    // Another loss in the same window.
    for (int i = 7; i <= 9; i++) {
      peer.send(sack(sentTsn(-1), HandPeer.WINDOW, 2, 4, 7, i));
    }

    assertThat(after).isEqualTo(before / 2);
    assertThat(peer.association.statistics().cwndBytes()).isEqualTo(after);
  }

  @Test
  void t3RetransmitsTheEarliestAndBacksOff() {
    peer.userSends(0, 5 * MAX_PAYLOAD);
    peer.poll();

    List<byte[]> first = peer.nextTimer();
    assertThat(peer.nowNanos).isEqualTo(500 * MILLI);
    List<byte[]> second = peer.nextTimer();

    assertThat(only(first, DataChunk.class).tsn()).isEqualTo(sentTsn(0));
    assertThat(only(second, DataChunk.class).tsn()).isEqualTo(sentTsn(0));
    assertThat(peer.nowNanos).isEqualTo(1500 * MILLI);
    assertThat(peer.association.statistics().cwndBytes()).isEqualTo(1176);
  }

  @Test
  void givesUpAfterTenRetransmissions() {
    peer.userSends(0, 10);
    peer.poll();
    int transmissions = 1;
    while (peer.association.state() == AssociationPhase.ESTABLISHED) {
      transmissions += all(peer.nextTimer(), DataChunk.class).size();
    }

    assertThat(transmissions).isEqualTo(1 + 10);
    assertThat(peer.events(Failed.class).get(0).reason())
        .isEqualTo(FailureReason.RETRANSMISSIONS_EXHAUSTED);
  }

  @Test
  void aSackStartsTheErrorCountAnew() {
    peer.userSends(0, 3 * MAX_PAYLOAD);
    peer.poll();
    for (int i = 0; i < 9; i++) {
      peer.nextTimer();
    }
    peer.send(sack(sentTsn(0), HandPeer.WINDOW));
    for (int i = 0; i < 9; i++) {
      peer.nextTimer();
    }

    assertThat(peer.association.state()).isEqualTo(AssociationPhase.ESTABLISHED);
  }

  @Test
  void underDataChannelsFailsAfterThirtySecondsWithoutAcknowledgement() {
    HandPeer channel = HandPeer.established(AssociationOptions.forDataChannels(), EXTENSIONS);
    channel.userSends(0, 10);
    channel.poll();
    long previous = 0;
    while (channel.association.state() == AssociationPhase.ESTABLISHED) {
      channel.nextTimer();
      assertThat(channel.nowNanos - previous).isLessThanOrEqualTo(3_000 * MILLI);
      previous = channel.nowNanos;
    }

    assertThat(channel.nowNanos).isEqualTo(30_000 * MILLI);
    assertThat(channel.events(Failed.class).get(0).reason())
        .isEqualTo(FailureReason.NO_ACKNOWLEDGEMENT);
  }

  @Test
  void timersStandStillWhileSuspended() {
    HandPeer channel = HandPeer.established(AssociationOptions.forDataChannels(), EXTENSIONS);
    channel.userSends(0, 10);
    channel.poll();
    channel.nowNanos = 100 * MILLI;
    channel.association.suspend(channel.nowNanos);
    assertThat(channel.association.nextDeadlineNanos()).isEqualTo(Long.MAX_VALUE);
    channel.nowNanos = 100_000 * MILLI;
    channel.association.advanceTo(channel.nowNanos);
    assertThat(channel.poll()).isEmpty();

    channel.association.resume(channel.nowNanos);

    assertThat(channel.association.nextDeadlineNanos()).isEqualTo(100_400 * MILLI);
    only(channel.nextTimer(), DataChunk.class);
    assertThat(channel.association.state()).isEqualTo(AssociationPhase.ESTABLISHED);
  }

  @Test
  void aChangedPathGetsTheEarliestDataAtOnce() {
    peer.userSends(0, 3 * MAX_PAYLOAD);
    peer.poll();
    peer.nextTimer();
    peer.nextTimer();

    peer.association.pathChanged(peer.nowNanos);

    assertThat(all(peer.poll(), DataChunk.class))
        .extracting(DataChunk::tsn)
        .containsExactly(sentTsn(0), sentTsn(1), sentTsn(2));
    assertThat(peer.association.statistics().rtoNanos()).isEqualTo(500 * MILLI);
    assertThat(peer.association.statistics().cwndBytes()).isEqualTo(11_760);
  }

  @Test
  void karnsRuleIgnoresWhatWasSentTwice() {
    peer.userSends(0, 10);
    peer.poll();
    peer.nextTimer();
    peer.nowNanos += 1 * MILLI;

    peer.send(sack(sentTsn(0), HandPeer.WINDOW));

    assertThat(peer.association.statistics().srttNanos()).isZero();
  }

  @Test
  void measuresTheRoundTrip() {
    peer.userSends(0, 10);
    peer.poll();
    peer.nowNanos += 80 * MILLI;

    peer.send(sack(sentTsn(0), HandPeer.WINDOW));

    assertThat(peer.association.statistics().srttNanos()).isEqualTo(80 * MILLI);
    assertThat(peer.association.statistics().rtoNanos()).isEqualTo(400 * MILLI);
  }

  @Test
  void dataThatThePeerTookBackIsSentAgain() {
    // Section 6.2.1 D iv: the peer reneged.
    peer.userSends(0, 3 * MAX_PAYLOAD);
    peer.poll();
    peer.send(sack(sentTsn(-1), HandPeer.WINDOW, 2, 3));
    assertThat(peer.association.statistics().flightBytes()).isEqualTo(1176);

    peer.send(sack(sentTsn(0), HandPeer.WINDOW));

    assertThat(peer.association.statistics().flightBytes()).isEqualTo(2 * 1176);
    assertThat(all(peer.pass(3_000 * MILLI), DataChunk.class))
        .extracting(DataChunk::tsn)
        .contains(sentTsn(1));
  }

  @Test
  void ignoresASackOlderThanTheLast() {
    peer.userSends(0, 3 * MAX_PAYLOAD);
    peer.poll();
    peer.send(sack(sentTsn(2), HandPeer.WINDOW));

    peer.send(sack(sentTsn(0), 0));

    assertThat(peer.drops(DropReason.OLD_SACK)).isEqualTo(1);
    assertThat(peer.association.statistics().peerWindowBytes()).isEqualTo(HandPeer.WINDOW);
  }

  // --- the peer's window ---

  @Test
  void probesAClosedWindowWithOneChunk() {
    HandPeer small = HandPeer.established(AssociationOptions.rfc(), EXTENSIONS, 3000);
    small.userSends(0, 20_000);
    assertThat(small.poll()).hasSize(2);
    int first = small.peerInitialTsn;
    small.nowNanos += 10 * MILLI;

    List<byte[]> probe = small.send(sack(first + 1, 0));

    assertThat(only(probe, DataChunk.class).tsn()).isEqualTo(first + 2);
    // The peer has no room and says so again and again: no error, no loss of capacity.
    long cwnd = small.association.statistics().cwndBytes();
    for (int i = 0; i < 30; i++) {
      assertThat(only(small.nextPackets(), DataChunk.class).tsn()).isEqualTo(first + 2);
      assertThat(all(small.send(sack(first + 1, 0)), DataChunk.class)).isEmpty();
    }
    assertThat(small.association.state()).isEqualTo(AssociationPhase.ESTABLISHED);
    assertThat(small.association.statistics().cwndBytes()).isEqualTo(cwnd);
    // It opens: the probe goes again at once, and more with it.
    List<byte[]> opened = small.send(sack(first + 1, 100_000));
    assertThat(all(opened, DataChunk.class).get(0).tsn()).isEqualTo(first + 2);
    assertThat(opened.size()).isGreaterThan(3);
  }

  @Test
  void doesNotSendMoreThanThePeersWindow() {
    HandPeer small = HandPeer.established(AssociationOptions.rfc(), EXTENSIONS, 5000);
    small.userSends(0, 20_000);

    small.poll();

    assertThat(small.association.statistics().flightBytes()).isLessThanOrEqualTo(5000);
  }

  // --- the user's buffer ---

  @Test
  void tellsTheBufferedAmount() {
    peer.userSends(4, 30_000);
    assertThat(peer.association.bufferedAmount(4)).isEqualTo(30_000);

    peer.poll();

    assertThat(peer.association.bufferedAmount(4)).isEqualTo(30_000 - 10 * MAX_PAYLOAD);
    assertThat(peer.events(BufferedAmountChanged.class))
        .containsExactly(new BufferedAmountChanged(4, 30_000 - 10 * MAX_PAYLOAD));
    assertThat(peer.association.bufferedAmount()).isEqualTo(peer.association.bufferedAmount(4));
  }

  @Test
  void refusesWhatDoesNotFitAndTellsWhenThereIsRoom() {
    AssociationOptions tight =
        AssociationOptions.rfc().toBuilder()
            .sendBufferBytes(10_000 + 2 * SendQueue.MESSAGE_OVERHEAD)
            .streamSendBufferBytes(6_000 + SendQueue.MESSAGE_OVERHEAD)
            .build();
    HandPeer full = HandPeer.established(tight, EXTENSIONS);

    assertThat(full.userSends(0, 6_001 + SendQueue.MESSAGE_OVERHEAD))
        .isEqualTo(SendResult.TOO_LARGE);
    assertThat(full.userSends(0, 0)).isEqualTo(SendResult.EMPTY);
    assertThat(full.userSends(0, 6_000)).isEqualTo(SendResult.ACCEPTED);
    assertThat(full.userSends(0, 1)).isEqualTo(SendResult.BUFFER_FULL);
    assertThat(full.userSends(1, 4_000)).isEqualTo(SendResult.ACCEPTED);
    assertThat(full.userSends(2, 1)).isEqualTo(SendResult.BUFFER_FULL);
    int chunks = all(full.poll(), DataChunk.class).size();
    assertThat(full.events(SendSpaceAvailable.class)).isEmpty();

    full.send(sack(full.peerInitialTsn + chunks - 1, HandPeer.WINDOW));

    assertThat(full.events(SendSpaceAvailable.class)).hasSize(1);
    assertThat(full.userSends(0, 5_000)).isEqualTo(SendResult.ACCEPTED);
  }

  @Test
  void smallerPacketsFromNowOnStillCarryWhatWasCutLarger() {
    peer.userSends(0, 3 * MAX_PAYLOAD);
    peer.poll();

    peer.association.setMaxPacketBytes(600);
    peer.userSends(0, 3000);

    assertThat(only(peer.nextTimer(), DataChunk.class).payload().length()).isEqualTo(MAX_PAYLOAD);
    peer.nowNanos += MILLI;
    List<byte[]> rest = peer.send(sack(sentTsn(2), HandPeer.WINDOW));
    assertThat(rest).isNotEmpty().allSatisfy(p -> assertThat(p.length).isLessThanOrEqualTo(600));
  }

  @Test
  void heartbeatsOnAnIdlePathAndCountsThoseWithoutAnswer() {
    HandPeer idle =
        HandPeer.established(
            AssociationOptions.rfc().toBuilder()
                .maxRetransmits(3)
                .heartbeatInterval(Duration.ofSeconds(30))
                .build(),
            EXTENSIONS);
    int heartbeats = 0;
    while (idle.association.state() == AssociationPhase.ESTABLISHED) {
      heartbeats += all(idle.nextTimer(), HeartbeatChunk.class).size();
    }

    assertThat(heartbeats).isEqualTo(4);
    assertThat(idle.nowNanos).isGreaterThan(120_000 * MILLI);
  }

  @Test
  void anAnsweredHeartbeatIsNoError() {
    HandPeer idle =
        HandPeer.established(
            AssociationOptions.rfc().toBuilder().maxRetransmits(2).build(), EXTENSIONS);
    for (int i = 0; i < 20; i++) {
      List<byte[]> packets = new ArrayList<>();
      while (packets.isEmpty()) {
        packets = idle.nextTimer();
      }
      var heartbeat = only(packets, HeartbeatChunk.class);
      idle.send(new HeartbeatAckChunk(heartbeat.info()));
    }

    assertThat(idle.association.state()).isEqualTo(AssociationPhase.ESTABLISHED);
  }

  @Test
  void aForgedHeartbeatAckIsDropped() {
    byte[] forged = new byte[12];
    Arrays.fill(forged, (byte) 1);
    peer.send(new HeartbeatAckChunk(Octets.copyOf(forged)));

    assertThat(peer.drops(DropReason.FORGED_HEARTBEAT_ACK)).isEqualTo(1);
  }

  @Test
  void answersAHeartbeatWithWhatItCarried() {
    var info = Octets.copyOf(new byte[] {0, 1, 0, 8, 1, 2, 3, 4});

    assertThat(only(peer.send(new HeartbeatChunk(info)), HeartbeatAckChunk.class).info())
        .isEqualTo(info);
  }
}
