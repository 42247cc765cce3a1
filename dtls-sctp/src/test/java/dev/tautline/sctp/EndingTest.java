package dev.tautline.sctp;

import static dev.tautline.sctp.HandPeer.INITIAL_TSN;
import static dev.tautline.sctp.HandPeer.all;
import static dev.tautline.sctp.HandPeer.data;
import static dev.tautline.sctp.HandPeer.only;
import static dev.tautline.sctp.HandPeer.sack;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tautline.sctp.AssociationEvent.Aborted;
import dev.tautline.sctp.AssociationEvent.Failed;
import dev.tautline.sctp.AssociationEvent.FailureReason;
import dev.tautline.sctp.AssociationEvent.MessageReceived;
import dev.tautline.sctp.AssociationEvent.Origin;
import dev.tautline.sctp.AssociationEvent.ShutdownComplete;
import dev.tautline.sctp.packet.AbortChunk;
import dev.tautline.sctp.packet.CookieAckChunk;
import dev.tautline.sctp.packet.DataChunk;
import dev.tautline.sctp.packet.ErrorCause;
import dev.tautline.sctp.packet.ErrorChunk;
import dev.tautline.sctp.packet.HeartbeatAckChunk;
import dev.tautline.sctp.packet.HeartbeatChunk;
import dev.tautline.sctp.packet.Octets;
import dev.tautline.sctp.packet.PacketHeader;
import dev.tautline.sctp.packet.SackChunk;
import dev.tautline.sctp.packet.ShutdownAckChunk;
import dev.tautline.sctp.packet.ShutdownChunk;
import dev.tautline.sctp.packet.ShutdownCompleteChunk;
import dev.tautline.sctp.packet.TagBit;
import dev.tautline.sctp.packet.UnknownChunk;
import dev.tautline.sctp.scenario.Scenarios;
import dev.tautline.sctp.scenario.Seeds;
import dev.tautline.testkit.Direction;
import dev.tautline.testkit.SimulatedNetwork;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** RFC 9260 sections 8.4, 8.5 and 9: tags, packets out of the blue, shutdown, abort. */
@Scenarios
class EndingTest {
  private static final ShutdownCompleteChunk COMPLETE =
      new ShutdownCompleteChunk(TagBit.RECEIVERS_TAG);

  private final HandPeer peer = HandPeer.established();

  @Test
  void shutsDownAtOnceWhenNothingIsOutstanding() {
    peer.association.shutdown(0);

    // Z -> SHUTDOWN -> peer, peer -> SHUTDOWN ACK -> Z, Z -> SHUTDOWN COMPLETE -> peer
    assertThat(only(peer.poll(), ShutdownChunk.class).cumulativeTsnAck())
        .isEqualTo(INITIAL_TSN - 1);
    assertThat(peer.association.state()).isEqualTo(AssociationPhase.SHUTDOWN_SENT);
    only(peer.send(new ShutdownAckChunk()), ShutdownCompleteChunk.class);
    assertThat(peer.events).containsExactly(new ShutdownComplete());
    assertThat(peer.association.nextDeadlineNanos()).isEqualTo(Long.MAX_VALUE);
  }

  @Test
  void waitsForItsDataToBeAcknowledgedBeforeShutdown() {
    peer.userSends(0, 100);
    peer.association.shutdown(0);

    List<byte[]> packets = peer.poll();
    assertThat(all(packets, ShutdownChunk.class)).isEmpty();
    assertThat(peer.association.state()).isEqualTo(AssociationPhase.SHUTDOWN_PENDING);

    only(peer.send(sack(peer.peerInitialTsn, HandPeer.WINDOW)), ShutdownChunk.class);
  }

  @Test
  void takesNoMoreMessagesOnceItShutsDown() {
    peer.association.shutdown(0);

    assertThat(peer.userSends(0, 1)).isEqualTo(SendResult.CLOSED);
  }

  @Test
  void answersShutdownOnceItsDataIsAcknowledged() {
    peer.userSends(0, 100);
    peer.poll();

    assertThat(all(peer.send(new ShutdownChunk(peer.peerInitialTsn - 1)), ShutdownAckChunk.class))
        .isEmpty();
    assertThat(peer.association.state()).isEqualTo(AssociationPhase.SHUTDOWN_RECEIVED);
    only(peer.send(new ShutdownChunk(peer.peerInitialTsn)), ShutdownAckChunk.class);
    peer.send(COMPLETE);

    assertThat(peer.events).contains(new ShutdownComplete());
    assertThat(peer.association.state()).isEqualTo(AssociationPhase.CLOSED);
  }

  @Test
  void retransmitsDataWhileShutdownIsReceived() {
    peer.userSends(0, 100);
    peer.poll();
    peer.send(new ShutdownChunk(peer.peerInitialTsn - 1));

    only(peer.nextPackets(), DataChunk.class);
  }

  @Test
  void crossingShutdownsBothEnd() {
    peer.association.shutdown(0);
    peer.poll();

    only(peer.send(new ShutdownChunk(peer.peerInitialTsn - 1)), ShutdownAckChunk.class);
    assertThat(peer.association.state()).isEqualTo(AssociationPhase.SHUTDOWN_ACK_SENT);
    // The peer's SHUTDOWN ACK crosses ours.
    only(peer.send(new ShutdownAckChunk()), ShutdownCompleteChunk.class);

    assertThat(peer.events).containsExactly(new ShutdownComplete());
  }

  @Test
  void shutdownWhilePendingBecomesShutdownReceived() {
    peer.userSends(0, 100);
    peer.association.shutdown(0);
    peer.poll();

    peer.send(new ShutdownChunk(peer.peerInitialTsn - 1));

    assertThat(peer.association.state()).isEqualTo(AssociationPhase.SHUTDOWN_RECEIVED);
  }

  @Test
  void repeatsShutdownByTimer() {
    peer.association.shutdown(0);
    peer.poll();

    only(peer.nextPackets(), ShutdownChunk.class);
    only(peer.nextPackets(), ShutdownChunk.class);
  }

  @Test
  void repeatsShutdownAckForARepeatedShutdown() {
    only(peer.send(new ShutdownChunk(peer.peerInitialTsn - 1)), ShutdownAckChunk.class);

    only(peer.send(new ShutdownChunk(peer.peerInitialTsn - 1)), ShutdownAckChunk.class);
  }

  @Test
  void givesUpShuttingDownInTheEnd() {
    peer.association.shutdown(0);
    int shutdowns = all(peer.poll(), ShutdownChunk.class).size();
    while (peer.association.state() != AssociationPhase.CLOSED) {
      shutdowns += all(peer.nextTimer(), ShutdownChunk.class).size();
    }

    // T5-shutdown-guard (five times RTO.Max) strikes before the tenth retransmission.
    assertThat(shutdowns).isBetween(9, 11);
    assertThat(peer.events(Failed.class).get(0).reason())
        .isEqualTo(FailureReason.SHUTDOWN_UNANSWERED);
  }

  @Test
  void takesDataAfterItsShutdownAndRepeatsTheShutdownWithASack() {
    peer.association.shutdown(0);
    peer.poll();

    List<byte[]> answer = peer.send(data(INITIAL_TSN, 0, 0, 5));

    assertThat(only(answer, ShutdownChunk.class).cumulativeTsnAck()).isEqualTo(INITIAL_TSN);
    only(answer, SackChunk.class);
    assertThat(peer.events(MessageReceived.class)).hasSize(1);
  }

  @Test
  void aShutdownThatAcknowledgesTheFutureIsAViolation() {
    only(peer.send(new ShutdownChunk(peer.peerInitialTsn + 5)), AbortChunk.class);
  }

  @Test
  void shutdownCompleteIsIgnoredBeforeShutdownAck() {
    peer.send(COMPLETE);

    assertThat(peer.association.state()).isEqualTo(AssociationPhase.ESTABLISHED);
  }

  @Test
  void shutdownOfBothSidesAtOnceOverALossyPath() {
    for (long seed = 1; seed <= 20; seed++) {
      var net =
          SimulatedNetwork.seeded(Seeds.of(seed)).oneWayDelay(Duration.ofMillis(20)).loss(0.2);
      var sim = SctpSim.on(net, SctpSim.patient()).connected();
      SctpSim.send(sim.a, 0, "last words of A");
      SctpSim.send(sim.z, 0, "last words of Z");
      sim.a.core().shutdown(sim.a.nowNanos());
      sim.z.core().shutdown(sim.z.nowNanos());

      boolean ended =
          net.runUntil(
              () ->
                  sim.a.core().state() == AssociationPhase.CLOSED
                      && sim.z.core().state() == AssociationPhase.CLOSED,
              Duration.ofMinutes(5));

      assertThat(ended).as(net::trace).isTrue();
      assertThat(SctpSim.texts(sim.a)).as(net::trace).containsExactly("last words of Z");
      assertThat(SctpSim.texts(sim.z)).as(net::trace).containsExactly("last words of A");
    }
  }

  @Test
  void closingBeforeTheHandshakeEndsInSilence() {
    var fresh = new HandPeer(AssociationOptions.rfc());
    fresh.association.connect(0);
    fresh.association.shutdown(0);

    assertThat(fresh.poll()).isEmpty();
    assertThat(fresh.events).containsExactly(new ShutdownComplete());
  }

  // --- abort ---

  @Test
  void abortSendsOnePacketAndEnds() {
    peer.userSends(0, 5000);
    peer.association.abort(0, "enough");

    List<byte[]> packets = peer.poll();

    assertThat(packets).hasSize(1);
    ErrorCause cause = only(packets, AbortChunk.class).causes().get(0);
    assertThat(cause.code()).isEqualTo(ErrorCause.USER_INITIATED_ABORT);
    assertThat(cause.info()).isEqualTo(Octets.ofUtf8("enough"));
    assertThat(peer.events).contains(new Aborted(12, "enough", Origin.LOCAL));
    assertThat(peer.association.nextDeadlineNanos()).isEqualTo(Long.MAX_VALUE);
  }

  @Test
  void abortOfThePeerEndsAtOnceWithItsCause() {
    var cause = ErrorCause.of(ErrorCause.USER_INITIATED_ABORT, "bye");

    assertThat(peer.send(new AbortChunk(TagBit.RECEIVERS_TAG, List.of(cause)))).isEmpty();

    assertThat(peer.events).containsExactly(new Aborted(12, "bye", Origin.PEER));
  }

  @Test
  void anAbortWithTheReflectedTagNeedsTheTBit() {
    peer.sendWithTag(HandPeer.TAG, new AbortChunk(TagBit.RECEIVERS_TAG, List.of()));
    assertThat(peer.association.state()).isEqualTo(AssociationPhase.ESTABLISHED);
    peer.sendWithTag(peer.peerTag, new AbortChunk(TagBit.REFLECTED_TAG, List.of()));
    assertThat(peer.association.state()).isEqualTo(AssociationPhase.ESTABLISHED);
    assertThat(peer.drops(DropReason.WRONG_TAG)).isEqualTo(2);

    peer.sendWithTag(HandPeer.TAG, new AbortChunk(TagBit.REFLECTED_TAG, List.of()));
    assertThat(peer.association.state()).isEqualTo(AssociationPhase.CLOSED);
  }

  @Test
  void whatComesAfterTheEndIsAnsweredWithAnAbort() {
    peer.association.abort(0, "");
    peer.poll();

    List<byte[]> answer = peer.send(data(INITIAL_TSN, 0, 0, 5));

    AbortChunk abort = only(answer, AbortChunk.class);
    assertThat(abort.tagBit()).isEqualTo(TagBit.REFLECTED_TAG);
    assertThat(PacketHeader.verificationTag(answer.get(0), 0)).isEqualTo(peer.peerTag);
    assertThat(peer.events(MessageReceived.class)).isEmpty();
  }

  // --- packets out of the blue ---

  @Test
  void outOfTheBlueDataIsAborted() {
    var closed = new HandPeer(AssociationOptions.rfc());

    AbortChunk abort = only(closed.sendWithTag(77, data(1, 0, 0, 5)), AbortChunk.class);

    assertThat(abort.tagBit()).isEqualTo(TagBit.REFLECTED_TAG);
  }

  @Test
  void outOfTheBlueAbortsCookieAcksAndErrorsGetNoAnswer() {
    var closed = new HandPeer(AssociationOptions.rfc());

    assertThat(closed.sendWithTag(77, new AbortChunk(TagBit.RECEIVERS_TAG, List.of()))).isEmpty();
    assertThat(
            closed.sendWithTag(
                77, data(1, 0, 0, 5), new AbortChunk(TagBit.RECEIVERS_TAG, List.of())))
        .isEmpty();
    assertThat(closed.sendWithTag(77, new CookieAckChunk())).isEmpty();
    assertThat(
            closed.sendWithTag(77, new ErrorChunk(List.of(ErrorCause.of(ErrorCause.STALE_COOKIE)))))
        .isEmpty();
    assertThat(closed.sendWithTag(77, COMPLETE)).isEmpty();
  }

  @Test
  void outOfTheBlueShutdownAckGetsShutdownComplete() {
    var closed = new HandPeer(AssociationOptions.rfc());

    List<byte[]> answer = closed.sendWithTag(77, new ShutdownAckChunk());

    assertThat(only(answer, ShutdownCompleteChunk.class).tagBit()).isEqualTo(TagBit.REFLECTED_TAG);
    assertThat(PacketHeader.verificationTag(answer.get(0), 0)).isEqualTo(77);
  }

  @Test
  void packetsWithAnotherTagAreDroppedInSilence() {
    assertThat(peer.sendWithTag(peer.peerTag + 1, data(INITIAL_TSN, 0, 0, 5))).isEmpty();
    assertThat(peer.sendWithTag(0, new HeartbeatChunk(Octets.EMPTY))).isEmpty();

    assertThat(peer.drops(DropReason.WRONG_TAG)).isEqualTo(2);
    assertThat(peer.association.state()).isEqualTo(AssociationPhase.ESTABLISHED);
  }

  @Test
  void packetsWithOtherPortsOrBadChecksumsAreDropped() {
    byte[] ports = peer.packet(peer.peerTag, data(INITIAL_TSN, 0, 0, 5));
    PacketHeader.write(ports, 0, 5000, 5001, peer.peerTag);
    byte[] sum = peer.packet(peer.peerTag, data(INITIAL_TSN, 0, 0, 5));
    sum[sum.length - 1] ^= 1;

    assertThat(peer.sendBytes(ports)).isEmpty();
    assertThat(peer.sendBytes(sum)).isEmpty();

    assertThat(peer.drops(DropReason.WRONG_PORTS)).isEqualTo(1);
    assertThat(peer.drops(DropReason.BAD_CHECKSUM)).isEqualTo(1);
  }

  // --- unknown chunks ---

  @Test
  void unknownChunksAreSkippedReportedOrStopThePacketByTheirHighBits() {
    var info = new HeartbeatChunk(Octets.copyOf(new byte[] {0, 1, 0, 4}));

    List<byte[]> stop = peer.send(new UnknownChunk(0x3f, 0, Octets.EMPTY), info);
    List<byte[]> stopAndReport = peer.send(new UnknownChunk(0x7f, 0, Octets.EMPTY), info);
    List<byte[]> skip = peer.send(new UnknownChunk(0xbf, 0, Octets.EMPTY), info);
    List<byte[]> skipAndReport = peer.send(new UnknownChunk(0xff, 3, Octets.EMPTY), info);

    assertThat(stop).isEmpty();
    assertThat(all(stopAndReport, HeartbeatAckChunk.class)).isEmpty();
    only(stopAndReport, ErrorChunk.class);
    assertThat(all(skip, ErrorChunk.class)).isEmpty();
    only(skip, HeartbeatAckChunk.class);
    ErrorCause cause = only(skipAndReport, ErrorChunk.class).causes().get(0);
    assertThat(cause.code()).isEqualTo(ErrorCause.UNRECOGNIZED_CHUNK_TYPE);
    assertThat(cause.info()).isEqualTo(Octets.copyOf(new byte[] {(byte) 0xff, 3, 0, 4}));
    only(skipAndReport, HeartbeatAckChunk.class);
  }

  @Test
  void anUnknownChunkIsEchoedOnlyInPart() {
    var large = new UnknownChunk(0xff, 0, Octets.copyOf(new byte[5000]));

    ErrorCause cause = only(peer.send(large), ErrorChunk.class).causes().get(0);

    assertThat(cause.info().length()).isLessThan(1188);
  }

  @Test
  void aDeadPeerIsNoticedByAnsweringAbort() {
    // Z's process died and came back: what A sends is out of the blue there.
    var sim =
        SctpSim.on(SimulatedNetwork.seeded(Seeds.of(3)), AssociationOptions.rfc()).connected();
    sim.z.restart(random -> Association.create(AssociationOptions.rfc(), random));
    SctpSim.send(sim.a, 0, "anybody there?");
    sim.net.dropAll(Direction.BACKWARD, packet -> packet.length() > 1000);

    sim.net.runFor(Duration.ofSeconds(1));

    assertThat(sim.a.events(Aborted.class)).hasSize(1);
    assertThat(sim.a.events(Aborted.class).get(0).origin()).isEqualTo(Origin.PEER);
  }
}
