package dev.tautline.sctp.hostile;

import static dev.tautline.sctp.hostile.HostilePeer.B;
import static dev.tautline.sctp.hostile.HostilePeer.E;
import static dev.tautline.sctp.hostile.HostilePeer.EXTENSIONS;
import static dev.tautline.sctp.hostile.HostilePeer.TSN;
import static dev.tautline.sctp.hostile.HostilePeer.WITH_I_DATA;
import static dev.tautline.sctp.hostile.HostilePeer.data;
import static dev.tautline.sctp.hostile.HostilePeer.iData;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tautline.sctp.AssociationEvent;
import dev.tautline.sctp.AssociationOptions;
import dev.tautline.sctp.AssociationPhase;
import dev.tautline.sctp.CongestionAlgorithm;
import dev.tautline.sctp.DropReason;
import dev.tautline.sctp.SendResult;
import dev.tautline.sctp.packet.ForwardTsnChunk;
import dev.tautline.sctp.packet.ForwardTsnChunk.SkippedStream;
import dev.tautline.sctp.packet.IForwardTsnChunk;
import dev.tautline.sctp.packet.Order;
import dev.tautline.sctp.packet.ReconfigChunk;
import dev.tautline.sctp.packet.ReconfigParameter.OutgoingReset;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a peer's packet makes an association do is bounded by what it says and what is held. */
class WorkBoundsTest {
  private static final AssociationOptions OPTIONS =
      AssociationOptions.forDataChannels().toBuilder().interleaving(true).manualWindow().build();

  private static long drops(HostilePeer peer, DropReason reason) {
    return peer.association.statistics().drops().getOrDefault(reason, 0L);
  }

  @ParameterizedTest
  @ValueSource(ints = {Integer.MIN_VALUE, Integer.MAX_VALUE, 1 << 30, 65_535, 60_000})
  void aForwardTsnCostsWhatItListsAndNotItsDistance(int distance) {
    HostilePeer peer = HostilePeer.established(OPTIONS, EXTENSIONS);
    List<SkippedStream> listed =
        IntStream.range(0, 100).mapToObj(id -> new SkippedStream(id, 30_000)).toList();

    peer.send(new ForwardTsnChunk(TSN - 1 + distance, listed));

    assertThat(peer.association.steps()).isLessThanOrEqualTo(100);
    assertThat(peer.isEstablished()).isTrue();
  }

  @ParameterizedTest
  @ValueSource(ints = {Integer.MIN_VALUE, Integer.MAX_VALUE, 65_535})
  void anIForwardTsnCostsWhatItListsAndNotItsDistance(int distance) {
    HostilePeer peer = HostilePeer.established(OPTIONS, WITH_I_DATA);
    List<IForwardTsnChunk.SkippedStream> listed =
        IntStream.range(0, 100)
            .mapToObj(id -> new IForwardTsnChunk.SkippedStream(id, Order.ORDERED, distance))
            .toList();

    peer.send(new IForwardTsnChunk(TSN - 1 + distance, listed));

    // Each is looked for among messages in the making and among those that wait for their turn.
    assertThat(peer.association.steps()).isLessThanOrEqualTo(2 * 100);
  }

  @Test
  void aForwardTsnOverHeldDataCostsWhatIsHeld() {
    HostilePeer peer = HostilePeer.established(OPTIONS, EXTENSIONS);
    for (int i = 0; i < 1000; i++) {
      peer.send(data(TSN + 1 + 2 * i, i, 5, B | E, 1), data(TSN + 30_001 + 2 * i, i, 6, B, 1));
    }
    long before = peer.association.steps();

    peer.send(
        new ForwardTsnChunk(
            TSN + 40_000,
            IntStream.range(0, 250).mapToObj(id -> new SkippedStream(id, 7)).toList()));

    // 2000 ranges and 1000 runs that end, 250 streams, and 250 messages that are delivered.
    assertThat(peer.association.steps() - before).isBetween(3500L, 3600L);
  }

  @Test
  void aForwardTsnOverHeldIDataCostsWhatIsHeld() {
    HostilePeer peer = HostilePeer.established(OPTIONS, WITH_I_DATA);
    for (int i = 0; i < 2000; i++) {
      peer.send(iData(TSN + 1 + 2 * i, 3, 5 + i, 0, B, 1));
    }
    long before = peer.association.steps();

    peer.send(
        new IForwardTsnChunk(
            TSN + 40_000,
            List.of(new IForwardTsnChunk.SkippedStream(3, Order.ORDERED, 1_000_000_000))));

    assertThat(peer.association.steps() - before).isBetween(4000L, 4010L);
    assertThat(peer.association.statistics().heldReceiveBytes()).isZero();
  }

  @Test
  void aMillionDuplicateSacksCostTheSameEach() {
    HostilePeer peer = HostilePeer.established(OPTIONS, EXTENSIONS);
    peer.userSends(0, 20_000);
    peer.drain();
    byte[] sack = peer.packet(peer.tag, peer.sack(0, 3, 4, 6, 7));
    LiveHeap.times(10_000, i -> peer.deliver(sack));
    long before = peer.association.steps();

    long allocated = LiveHeap.allocatedBy(() -> LiveHeap.times(1_000_000, i -> peer.deliver(sack)));

    // Its two blocks are read, and that is all.
    assertThat(peer.association.steps() - before).isEqualTo(2_000_000);
    assertThat(allocated).as("bytes allocated by a million SACKs").isLessThan(100_000);
  }

  @Test
  void duplicateSacksOverALongFlightDoNotLookAtEachHole() {
    AssociationOptions large =
        OPTIONS.toBuilder()
            .sendBufferBytes(8 << 20)
            .streamSendBufferBytes(8 << 20)
            .congestionAlgorithm(CongestionAlgorithm.RFC_9260)
            .build();
    HostilePeer peer = HostilePeer.established(large, EXTENSIONS);
    int acknowledged = 0;
    int sent = 0;
    for (int round = 0; round < 40; round++) {
      while (peer.userSends(0, 16) == SendResult.ACCEPTED) {
        // As much as the buffer takes.
      }
      peer.nowNanos += 1_000_000;
      peer.drain();
      acknowledged = sent;
      sent = (int) peer.association.statistics().dataChunksSent();
      if (round < 39) {
        peer.send(peer.sack(sent));
      }
    }
    int outstanding = sent - acknowledged;
    byte[] sack = peer.packet(peer.tag, peer.sack(acknowledged, outstanding, outstanding));
    LiveHeap.times(10, i -> peer.deliver(sack));
    long before = peer.association.steps();

    LiveHeap.times(1000, i -> peer.deliver(sack));

    assertThat(outstanding).isGreaterThan(5_000);
    assertThat(peer.association.steps() - before).isEqualTo(1000);
  }

  @Test
  void aMessageOnEachStreamDoesNotMakeRequestsDear() {
    // Fragments that can never be whole, below the cumulative TSN: none of them may stay, or each
    // request would come by all of them.
    HostilePeer peer = HostilePeer.established(OPTIONS, EXTENSIONS);
    for (int i = 0; i < 5000; i++) {
      peer.send(data(TSN + 2 * i, i, 0, B, 1), data(TSN + 2 * i + 1, 65_535, 0, E, 1));
    }
    peer.drain();
    assertThat(peer.association.statistics().heldReceiveBytes()).isZero();
    long before = peer.association.steps();

    for (int i = 0; i < 1000; i++) {
      peer.send(new ReconfigChunk(List.of(new OutgoingReset(TSN + i, 0, TSN + 9_999, List.of(i)))));
      peer.drain();
    }

    assertThat(peer.association.steps() - before).isLessThan(1000);
  }

  @Test
  void aPeerThatProbesAClosedWindowForHoursIsNoOffender() {
    AssociationOptions small = OPTIONS.toBuilder().receiveWindowBytes(64 << 10).build();
    HostilePeer peer = HostilePeer.established(small, EXTENSIONS);
    int read = 0;
    while (drops(peer, DropReason.RECEIVE_BUFFER_FULL) == 0) {
      peer.send(data(TSN + read, 0, read, B | E, 1000));
      peer.drain();
      read++;
    }
    int next = read - 1;

    for (int i = 0; i < 5000; i++) {
      // RFC 9260 section 6.1 A, and with it what else was under way when the window closed.
      peer.send(
          data(TSN + next, 0, next, B | E, 1000), data(TSN + next + 1, 0, next + 1, B | E, 9));
      peer.drain();
    }

    assertThat(peer.isEstablished()).isTrue();
    peer.association.consumed(0, next, 1000L * next);
    peer.send(data(TSN + next, 0, next, B | E, 1000));
    AssociationEvent event = peer.drainEvents();
    assertThat(event).isInstanceOf(AssociationEvent.MessageReceived.class);
  }

  @Test
  void aPeerThatGoesOnWithNewDataIntoAClosedWindowIsOne() {
    AssociationOptions small = OPTIONS.toBuilder().receiveWindowBytes(64 << 10).build();
    HostilePeer peer = HostilePeer.established(small, EXTENSIONS);
    int sent = 0;
    while (peer.isEstablished() && sent < 1000) {
      peer.send(data(TSN + sent, 0, sent, B | E, 1000));
      peer.drain();
      sent++;
    }

    assertThat(peer.association.phase()).isEqualTo(AssociationPhase.CLOSED);
    assertThat(sent).isBetween(120, 135);
  }

  @Test
  void oneFullMessageAlwaysFitsAnEmptyWindow() {
    // The smallest window there is, and a packet's worth.
    AssociationOptions smallest = OPTIONS.toBuilder().receiveWindowBytes(1500).build();
    HostilePeer peer = HostilePeer.established(smallest, EXTENSIONS);
    for (int i = 0; i < 10; i++) {
      peer.send(data(TSN + i, 0, i, B | E, 1172));
      assertThat(peer.drainEvents()).isInstanceOf(AssociationEvent.MessageReceived.class);
      peer.association.consumed(0, 1, 1172);
    }
    assertThat(peer.isEstablished()).isTrue();
  }

  @Test
  void aWindowOfItsSizeTakesAMessageInFragments() {
    // 256 KiB in packets of 1172 bytes of payload, in a window with a twentieth above it.
    AssociationOptions tight = OPTIONS.toBuilder().receiveWindowBytes(275_000).build();
    HostilePeer peer = HostilePeer.established(tight, EXTENSIONS);
    int fragments = 224;
    for (int i = 0; i < fragments; i++) {
      int flags = (i == 0 ? B : 0) | (i == fragments - 1 ? E : 0);
      peer.send(data(TSN + i, 0, 0, flags, 1172));
    }
    assertThat(peer.drainEvents())
        .isInstanceOfSatisfying(
            AssociationEvent.MessageReceived.class,
            message -> assertThat(message.payload()).hasSize(224 * 1172));
  }
}
