package dev.tautline.sctp;

import static dev.tautline.sctp.HandPeer.EXTENSIONS;
import static dev.tautline.sctp.HandPeer.INITIAL_TSN;
import static dev.tautline.sctp.HandPeer.all;
import static dev.tautline.sctp.HandPeer.data;
import static dev.tautline.sctp.HandPeer.fragment;
import static dev.tautline.sctp.HandPeer.only;
import static dev.tautline.sctp.HandPeer.sack;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tautline.base.WireWriter;
import dev.tautline.sctp.AssociationEvent.Aborted;
import dev.tautline.sctp.AssociationEvent.MessageReceived;
import dev.tautline.sctp.packet.AbortChunk;
import dev.tautline.sctp.packet.DataChunk;
import dev.tautline.sctp.packet.DataFormat;
import dev.tautline.sctp.packet.ForwardTsnChunk;
import dev.tautline.sctp.packet.ForwardTsnChunk.SkippedStream;
import dev.tautline.sctp.packet.HeartbeatChunk;
import dev.tautline.sctp.packet.InitChunk;
import dev.tautline.sctp.packet.Octets;
import dev.tautline.sctp.packet.ReconfigChunk;
import dev.tautline.sctp.packet.ReconfigParameter.OutgoingReset;
import dev.tautline.sctp.packet.SackChunk;
import dev.tautline.sctp.packet.SackChunk.GapAckBlock;
import dev.tautline.sctp.scenario.Scenarios;
import dev.tautline.sctp.tx.SendQueue;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A peer that means harm: nothing throws, nothing grows beyond its limit. */
@Scenarios
class HostilePeerTest {
  private static final int B = DataFormat.B_BIT;
  private static final long WINDOW = AssociationOptions.rfc().receiveWindowBytes();

  private final HandPeer peer = HandPeer.established();

  private long held() {
    return peer.association.statistics().heldReceiveBytes();
  }

  @Test
  void aSackForDataNeverSentIsDroppedWhole() {
    peer.userSends(0, 3000);
    peer.poll();
    long cwnd = peer.association.statistics().cwndBytes();

    peer.send(sack(peer.peerInitialTsn + 3, HandPeer.WINDOW));
    peer.send(sack(peer.peerInitialTsn - 1, HandPeer.WINDOW, 2, 4));
    peer.send(sack(peer.peerInitialTsn, HandPeer.WINDOW, 2, 65_535));

    assertThat(peer.drops(DropReason.IMPOSSIBLE_SACK)).isEqualTo(3);
    assertThat(peer.association.statistics().cwndBytes()).isEqualTo(cwnd);
    assertThat(peer.association.statistics().heldSendBytes()).isEqualTo(3000);
  }

  @Test
  void optimisticSacksDoNotSpeedUpTheSender() {
    peer.userSends(0, 500_000);
    int sent = peer.poll().size();
    for (int i = 0; i < 1000; i++) {
      sent += peer.send(sack(peer.peerInitialTsn + sent + i, HandPeer.WINDOW)).size();
    }

    assertThat(sent).isEqualTo(10);
  }

  @Test
  void aSackWhoseGapAckBlocksDecreaseOrOverlapIsDroppedWhole() {
    for (List<GapAckBlock> blocks :
        List.of(
            List.of(new GapAckBlock(3, 2)),
            List.of(new GapAckBlock(0, 1)),
            List.of(new GapAckBlock(4, 5), new GapAckBlock(2, 2)),
            List.of(new GapAckBlock(2, 4), new GapAckBlock(4, 5)))) {
      HandPeer fresh = HandPeer.established();
      fresh.userSends(0, 10_000);
      fresh.poll();

      List<byte[]> answer =
          fresh.send(new SackChunk(fresh.peerInitialTsn - 1, HandPeer.WINDOW, blocks, List.of()));

      assertThat(fresh.drops(DropReason.IMPOSSIBLE_SACK)).as(blocks::toString).isEqualTo(1);
      assertThat(answer).isEmpty();
      assertThat(fresh.association.state()).isEqualTo(AssociationPhase.ESTABLISHED);
      assertThat(fresh.association.statistics().heldSendBytes()).isEqualTo(10_000);
    }
  }

  @Test
  void oneByteOnEveryOtherTsnStaysWithinTheWindow() {
    int tsn = INITIAL_TSN + 1;
    for (int i = 0; i < 32_000; i++) {
      peer.deliver(peer.packet(peer.peerTag, data(tsn, i % 100, 1, 1)));
      if (i % 100 == 0) {
        peer.poll();
      }
      tsn += 2;
    }

    assertThat(held()).isLessThanOrEqualTo(WINDOW);
    // It is not in a bad way: what is missing comes, and all is well.
    assertThat(only(peer.send(data(INITIAL_TSN, 200, 0, 1)), SackChunk.class).cumulativeTsnAck())
        .isEqualTo(INITIAL_TSN + 1);
  }

  @Test
  void beginningsOfMessagesOnAllStreamsStayWithinTheWindow() {
    int tsn = INITIAL_TSN;
    for (int stream = 0; stream < 65_535; stream++) {
      peer.deliver(peer.packet(peer.peerTag, fragment(tsn, stream, 0, B, 100)));
      tsn += 2;
      if (stream % 100 == 0) {
        peer.poll();
      }
    }

    assertThat(held()).isLessThanOrEqualTo(WINDOW);
    assertThat(peer.association.state())
        .isIn(AssociationPhase.ESTABLISHED, AssociationPhase.CLOSED);
  }

  @Test
  void aMessageWithoutEndIsAbortedWhenItFillsTheWindow() {
    AssociationOptions small =
        AssociationOptions.rfc().toBuilder().receiveWindowBytes(100_000).build();
    HandPeer endless = HandPeer.established(small, EXTENSIONS);
    int fragments = 0;
    while (endless.association.state() == AssociationPhase.ESTABLISHED && fragments < 1000) {
      endless.send(fragment(INITIAL_TSN + fragments, 0, 0, fragments == 0 ? B : 0, 1000));
      fragments++;
      assertThat(endless.association.statistics().heldReceiveBytes()).isLessThanOrEqualTo(100_000);
    }

    assertThat(fragments).isBetween(90, 100);
    assertThat(endless.events(Aborted.class)).hasSize(1);
  }

  @Test
  void aPeerThatIgnoresTheWindowIsAborted() {
    AssociationOptions small =
        AssociationOptions.rfc().toBuilder().receiveWindowBytes(50_000).manualWindow().build();
    HandPeer rude = HandPeer.established(small, EXTENSIONS);
    int packets = 0;
    while (rude.association.state() == AssociationPhase.ESTABLISHED && packets < 1000) {
      rude.send(data(INITIAL_TSN + packets, 0, packets, 1000));
      packets++;
      assertThat(rude.association.statistics().heldReceiveBytes()).isLessThanOrEqualTo(50_000);
    }

    assertThat(packets).isBetween(90, 110);
    assertThat(rude.events(MessageReceived.class)).hasSize(47);
  }

  @Test
  void chunksOfLengthZeroEndThePacket() {
    var closed = new HandPeer(AssociationOptions.rfc());
    byte[] packet = closed.seal(new byte[16], 77);
    assertThat(closed.sendBytes(packet)).isEmpty();

    byte[] zero = peer.seal(new byte[1000], peer.peerTag);
    List<byte[]> answer = peer.sendBytes(zero);

    assertThat(peer.drops(DropReason.MALFORMED_CHUNK)).isEqualTo(1);
    only(answer, AbortChunk.class);
  }

  @Test
  void aParameterOfLengthZeroIsMalformed() {
    var closed = new HandPeer(AssociationOptions.rfc());
    byte[] init = closed.packet(0, new InitChunk(HandPeer.initBody(1, EXTENSIONS)));
    // The first parameter's length.
    WireWriter.putU16(init, 12 + 4 + 16 + 2, 0);
    closed.seal(init, 0);

    assertThat(closed.sendBytes(init)).isEmpty();
    assertThat(closed.drops(DropReason.MALFORMED_CHUNK)).isEqualTo(1);
  }

  @Test
  void aForwardTsnFarAheadIsNotObeyed() {
    peer.send(data(INITIAL_TSN + 3, 0, 1, 5));

    for (int jump : new int[] {Integer.MAX_VALUE, Integer.MIN_VALUE, 100_000, -5}) {
      SackChunk sack =
          only(
              peer.send(new ForwardTsnChunk(INITIAL_TSN + jump, List.of(new SkippedStream(0, 9)))),
              SackChunk.class);
      assertThat(sack.cumulativeTsnAck()).isEqualTo(INITIAL_TSN - 1);
    }
    assertThat(peer.events).isEmpty();
  }

  @Test
  void aMillionDuplicateSacksChangeNothing() {
    peer.userSends(0, 20_000);
    peer.poll();
    byte[] sack = peer.packet(peer.peerTag, sack(peer.peerInitialTsn - 1, HandPeer.WINDOW, 3, 4));
    peer.sendBytes(sack);
    long sent = peer.association.statistics().packetsSent();

    for (int i = 0; i < 1_000_000; i++) {
      peer.association.receive(peer.nowNanos, sack, 0, sack.length);
    }

    assertThat(peer.poll()).isEmpty();
    assertThat(peer.association.statistics().packetsSent()).isEqualTo(sent);
  }

  @Test
  void requestsWithoutEndGetBoundedAnswers() {
    for (int i = 0; i < 100_000; i++) {
      peer.deliver(
          peer.packet(
              peer.peerTag,
              new ReconfigChunk(
                  List.of(
                      new OutgoingReset(INITIAL_TSN + i, 0, INITIAL_TSN - 1, List.of(i % 65_535)))),
              new HeartbeatChunk(Octets.copyOf(new byte[40]))));
      peer.association.pollEvent();
    }

    int bytes = peer.poll().stream().mapToInt(packet -> packet.length).sum();
    assertThat(bytes).isLessThan(10_000);
  }

  @Test
  void initsWithoutEndGetBoundedAnswers() {
    var closed = new HandPeer(AssociationOptions.rfc());
    for (int i = 1; i <= 10_000; i++) {
      closed.deliver(closed.packet(0, new InitChunk(HandPeer.initBody(i, EXTENSIONS))));
    }

    assertThat(closed.poll()).hasSizeLessThanOrEqualTo(64);
  }

  @Test
  void duplicatesWithoutEndAreListedOnlyInPart() {
    peer.send(data(INITIAL_TSN, 0, 0, 5));
    for (int i = 0; i < 10_000; i++) {
      peer.deliver(peer.packet(peer.peerTag, data(INITIAL_TSN, 0, 0, 5)));
    }

    List<byte[]> answer = peer.poll();

    assertThat(answer).hasSize(1);
    assertThat(answer.get(0).length).isLessThanOrEqualTo(1188);
    assertThat(only(answer, SackChunk.class).duplicateTsns()).hasSize(64);
  }

  @Test
  void aTsnOutsideTheWindowIsDropped() {
    assertThat(peer.send(data(INITIAL_TSN + 70_000, 0, 0, 5))).isEmpty();

    assertThat(peer.drops(DropReason.TSN_OUTSIDE_WINDOW)).isEqualTo(1);
    assertThat(held()).isZero();
  }

  @Test
  void orderedMessagesThatNeverGetTheirTurnStayWithinTheWindow() {
    for (int i = 0; i < 60_000; i++) {
      peer.deliver(peer.packet(peer.peerTag, data(INITIAL_TSN + i, 0, (i % 30_000) + 1, 50)));
      if (i % 100 == 0) {
        peer.poll();
      }
    }

    assertThat(held()).isLessThanOrEqualTo(WINDOW);
    assertThat(peer.events(MessageReceived.class)).isEmpty();
  }

  @Test
  void aPeerThatNeverAcknowledgesHoldsNoMoreThanTheSendBuffer() {
    AssociationOptions tight =
        AssociationOptions.forDataChannels().toBuilder()
            .sendBufferBytes(200_000)
            .streamSendBufferBytes(200_000)
            .build();
    HandPeer silent = HandPeer.established(tight, EXTENSIONS);
    var results = new ArrayList<SendResult>();
    for (int i = 0; i < 1000; i++) {
      results.add(silent.userSends(0, 1000));
    }

    silent.poll();
    int fit = 200_000 / (1000 + SendQueue.MESSAGE_OVERHEAD);
    assertThat(results).filteredOn(r -> r == SendResult.ACCEPTED).hasSize(fit);
    while (silent.association.state() == AssociationPhase.ESTABLISHED) {
      assertThat(all(silent.nextTimer(), DataChunk.class)).hasSizeLessThanOrEqualTo(2);
    }
    assertThat(silent.nowNanos).isEqualTo(30_000_000_000L);
  }

  @Test
  void anAcknowledgementOfOneByteAtATimeDoesNotOpenTheWindowFaster() {
    // Ack splitting: the window grows by bytes, not by SACKs.
    peer.userSends(0, 12_000);
    peer.poll();
    long before = peer.association.statistics().cwndBytes();
    for (int i = 0; i < 100; i++) {
      peer.send(sack(peer.peerInitialTsn, HandPeer.WINDOW - i));
    }

    assertThat(peer.association.statistics().cwndBytes()).isLessThanOrEqualTo(before + 1176);
  }
}
