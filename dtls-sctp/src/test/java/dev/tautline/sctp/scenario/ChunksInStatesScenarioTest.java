package dev.tautline.sctp.scenario;

import static dev.tautline.sctp.HandPeer.EXTENSIONS;
import static dev.tautline.sctp.HandPeer.INITIAL_TSN;
import static dev.tautline.sctp.HandPeer.TAG;
import static dev.tautline.sctp.HandPeer.WINDOW;
import static dev.tautline.sctp.HandPeer.all;
import static dev.tautline.sctp.HandPeer.data;
import static dev.tautline.sctp.HandPeer.in;
import static dev.tautline.sctp.HandPeer.initAckBody;
import static dev.tautline.sctp.HandPeer.initBody;
import static dev.tautline.sctp.HandPeer.only;
import static dev.tautline.sctp.HandPeer.sack;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tautline.sctp.AssociationEvent.Aborted;
import dev.tautline.sctp.AssociationEvent.Established;
import dev.tautline.sctp.AssociationEvent.MessageReceived;
import dev.tautline.sctp.AssociationEvent.Origin;
import dev.tautline.sctp.AssociationEvent.ShutdownComplete;
import dev.tautline.sctp.AssociationPhase;
import dev.tautline.sctp.DropReason;
import dev.tautline.sctp.HandPeer;
import dev.tautline.sctp.PacketText;
import dev.tautline.sctp.packet.AbortChunk;
import dev.tautline.sctp.packet.CookieAckChunk;
import dev.tautline.sctp.packet.CookieEchoChunk;
import dev.tautline.sctp.packet.DataChunk;
import dev.tautline.sctp.packet.ErrorCause;
import dev.tautline.sctp.packet.ErrorChunk;
import dev.tautline.sctp.packet.HeartbeatAckChunk;
import dev.tautline.sctp.packet.HeartbeatChunk;
import dev.tautline.sctp.packet.InitAckChunk;
import dev.tautline.sctp.packet.InitBody;
import dev.tautline.sctp.packet.InitChunk;
import dev.tautline.sctp.packet.Octets;
import dev.tautline.sctp.packet.PacketHeader;
import dev.tautline.sctp.packet.SackChunk;
import dev.tautline.sctp.packet.ShutdownAckChunk;
import dev.tautline.sctp.packet.ShutdownChunk;
import dev.tautline.sctp.packet.ShutdownCompleteChunk;
import dev.tautline.sctp.packet.TagBit;
import dev.tautline.sctp.packet.UnknownChunk;
import java.util.List;
import org.junit.jupiter.api.Test;

/** RFC 9260 section 4: what each chunk means in each state, where it was not expected above all. */
@Scenarios
class ChunksInStatesScenarioTest {
  private static final HeartbeatChunk HEARTBEAT =
      new HeartbeatChunk(Octets.copyOf(new byte[] {0, 1, 0, 8, 1, 2, 3, 4}));
  private static final UnknownChunk STOP = new UnknownChunk(0x30, 0, Octets.EMPTY);
  private static final UnknownChunk STOP_AND_REPORT = new UnknownChunk(0x70, 0, Octets.EMPTY);
  private static final UnknownChunk SKIP = new UnknownChunk(0xb0, 0, Octets.EMPTY);
  private static final UnknownChunk SKIP_AND_REPORT = new UnknownChunk(0xf0, 0, Octets.EMPTY);
  private static final ShutdownCompleteChunk COMPLETE =
      new ShutdownCompleteChunk(TagBit.RECEIVERS_TAG);
  private static final AbortChunk ABORT =
      new AbortChunk(
          TagBit.RECEIVERS_TAG, List.of(ErrorCause.of(ErrorCause.USER_INITIATED_ABORT, "x")));

  private static void assertDropped(HandPeer peer, List<byte[]> answer, DropReason reason) {
    assertThat(answer).isEmpty();
    assertThat(peer.drops(reason)).isEqualTo(1);
  }

  private static void assertState(HandPeer peer, AssociationPhase phase) {
    assertThat(peer.association.state()).isEqualTo(phase);
  }

  private static int tagOf(List<byte[]> packets) {
    return PacketHeader.verificationTag(packets.get(0), 0);
  }

  private static ShutdownChunk shutdownOfPeer(HandPeer peer) {
    return new ShutdownChunk(peer.peerInitialTsn - 1);
  }

  // --- INIT, sections 5.1 B, 5.2.1, 5.2.2, 9.2 ---

  private static InitBody initAckIn(HandPeer peer, int newTag) {
    List<byte[]> answer = peer.sendInit(initBody(newTag, EXTENSIONS));
    InitBody ack = only(answer, InitAckChunk.class).body();
    // "The outbound packet containing the INIT ACK chunk MUST carry a Verification Tag value equal
    // to the Initiate Tag found in the unexpected INIT".
    assertThat(tagOf(answer)).isEqualTo(newTag);
    return ack;
  }

  @Test
  void anInitInClosedIsAnsweredAndLeavesNoState() {
    HandPeer peer = in(AssociationPhase.CLOSED);

    InitBody ack = initAckIn(peer, 0x1111);

    assertThat(ack.initiateTag()).isNotZero();
    assertState(peer, AssociationPhase.CLOSED);
    assertThat(peer.association.nextDeadlineNanos()).isEqualTo(Long.MAX_VALUE);
  }

  @Test
  void anInitInCookieWaitIsAnsweredWithTheTagAndTsnOfOurInit() {
    HandPeer peer = in(AssociationPhase.COOKIE_WAIT);

    InitBody ack = initAckIn(peer, 0x1111);

    assertThat(ack.initiateTag()).isEqualTo(peer.peerTag);
    assertThat(ack.initialTsn()).isEqualTo(peer.peerInitialTsn);
    // T1-init runs on.
    only(peer.nextTimer(), InitChunk.class);
  }

  @Test
  void anInitInCookieEchoedIsAnsweredWithTheTagOfOurInitAndTheCookieIsRepeated() {
    HandPeer peer = in(AssociationPhase.COOKIE_ECHOED);

    assertThat(initAckIn(peer, 0x1111).initiateTag()).isEqualTo(peer.peerTag);

    only(peer.nextTimer(), CookieEchoChunk.class);
  }

  @Test
  void anInitInEstablishedIsAnsweredWithAnotherTagAndAnotherTsn() {
    HandPeer peer = in(AssociationPhase.ESTABLISHED);

    InitBody ack = initAckIn(peer, 0x1111);

    assertThat(ack.initiateTag()).isNotEqualTo(peer.peerTag);
    assertThat(ack.initialTsn()).isNotEqualTo(peer.peerInitialTsn);
    only(peer.send(HEARTBEAT), HeartbeatAckChunk.class);
  }

  @Test
  void anInitInShutdownPendingIsAnsweredAndTheShutdownGoesOn() {
    HandPeer peer = in(AssociationPhase.SHUTDOWN_PENDING);

    assertThat(initAckIn(peer, 0x1111).initiateTag()).isNotEqualTo(peer.peerTag);

    only(peer.send(sack(peer.peerInitialTsn, WINDOW)), ShutdownChunk.class);
  }

  @Test
  void anInitInShutdownSentIsAnsweredAndTheShutdownGoesOn() {
    HandPeer peer = in(AssociationPhase.SHUTDOWN_SENT);

    assertThat(initAckIn(peer, 0x1111).initiateTag()).isNotEqualTo(peer.peerTag);

    only(peer.send(new ShutdownAckChunk()), ShutdownCompleteChunk.class);
  }

  @Test
  void anInitInShutdownReceivedIsAnsweredAndTheShutdownGoesOn() {
    HandPeer peer = in(AssociationPhase.SHUTDOWN_RECEIVED);

    assertThat(initAckIn(peer, 0x1111).initiateTag()).isNotEqualTo(peer.peerTag);

    only(peer.send(sack(peer.peerInitialTsn, WINDOW)), ShutdownAckChunk.class);
  }

  @Test
  void anInitInShutdownAckSentIsDiscardedAndShutdownAckRepeated() {
    HandPeer peer = in(AssociationPhase.SHUTDOWN_ACK_SENT);

    List<byte[]> answer = peer.sendInit(initBody(0x1111, EXTENSIONS));

    only(answer, ShutdownAckChunk.class);
    assertThat(all(answer, InitAckChunk.class)).isEmpty();
    assertThat(tagOf(answer)).isEqualTo(TAG);
  }

  @Test
  void anInitAfterTheEndIsRefusedWithItsOwnTag() {
    HandPeer peer = in(AssociationPhase.ESTABLISHED);
    peer.association.abort(0, "");
    peer.poll();

    List<byte[]> answer = peer.sendInit(initBody(0x1111, EXTENSIONS));

    assertThat(only(answer, AbortChunk.class).tagBit()).isEqualTo(TagBit.RECEIVERS_TAG);
    assertThat(tagOf(answer)).isEqualTo(0x1111);
  }

  // --- INIT ACK, section 5.2.3: "If … in any state other than COOKIE-WAIT … discard" ---

  @Test
  void anInitAckInCookieEchoedIsDroppedAndTheFirstCookieStays() {
    HandPeer peer = in(AssociationPhase.COOKIE_ECHOED);

    assertDropped(
        peer, peer.send(new InitAckChunk(initAckBody(0x2222))), DropReason.UNEXPECTED_CHUNK);

    List<byte[]> again = peer.nextTimer();
    assertThat(tagOf(again)).isEqualTo(TAG);
    only(again, CookieEchoChunk.class);
  }

  @Test
  void anInitAckInEstablishedIsDroppedAndTheTagStays() {
    HandPeer peer = in(AssociationPhase.ESTABLISHED);

    assertDropped(
        peer, peer.send(new InitAckChunk(initAckBody(0x2222))), DropReason.UNEXPECTED_CHUNK);

    assertThat(tagOf(peer.send(HEARTBEAT))).isEqualTo(TAG);
  }

  @Test
  void anInitAckInShutdownPendingIsDropped() {
    HandPeer peer = in(AssociationPhase.SHUTDOWN_PENDING);

    assertDropped(
        peer, peer.send(new InitAckChunk(initAckBody(0x2222))), DropReason.UNEXPECTED_CHUNK);
    assertState(peer, AssociationPhase.SHUTDOWN_PENDING);
  }

  @Test
  void anInitAckInShutdownSentIsDropped() {
    HandPeer peer = in(AssociationPhase.SHUTDOWN_SENT);

    assertDropped(
        peer, peer.send(new InitAckChunk(initAckBody(0x2222))), DropReason.UNEXPECTED_CHUNK);
    assertState(peer, AssociationPhase.SHUTDOWN_SENT);
  }

  @Test
  void anInitAckInShutdownReceivedIsDropped() {
    HandPeer peer = in(AssociationPhase.SHUTDOWN_RECEIVED);

    assertDropped(
        peer, peer.send(new InitAckChunk(initAckBody(0x2222))), DropReason.UNEXPECTED_CHUNK);
    assertState(peer, AssociationPhase.SHUTDOWN_RECEIVED);
  }

  @Test
  void anInitAckInShutdownAckSentIsDropped() {
    HandPeer peer = in(AssociationPhase.SHUTDOWN_ACK_SENT);

    assertDropped(
        peer, peer.send(new InitAckChunk(initAckBody(0x2222))), DropReason.UNEXPECTED_CHUNK);
    assertState(peer, AssociationPhase.SHUTDOWN_ACK_SENT);
  }

  // --- COOKIE ACK, section 5.2.5: "in any state other than COOKIE-ECHOED … discard" ---

  @Test
  void aCookieAckInCookieEchoedEndsT1CookieAndOpens() {
    HandPeer peer = in(AssociationPhase.COOKIE_ECHOED);

    assertThat(peer.send(new CookieAckChunk())).isEmpty();

    assertThat(peer.events).containsExactly(new Established(65_535, 65_535));
    // Only the heartbeat of 30 s is left to wait for.
    assertThat(peer.association.nextDeadlineNanos()).isGreaterThan(29_000_000_000L);
  }

  @Test
  void aCookieAckInCookieWaitIsIgnored() {
    HandPeer peer = in(AssociationPhase.COOKIE_WAIT);

    assertThat(peer.send(new CookieAckChunk())).isEmpty();

    assertState(peer, AssociationPhase.COOKIE_WAIT);
    only(peer.nextTimer(), InitChunk.class);
  }

  @Test
  void aSecondCookieAckInEstablishedIsIgnored() {
    HandPeer peer = in(AssociationPhase.COOKIE_ECHOED);
    peer.send(new CookieAckChunk());

    assertThat(peer.send(new CookieAckChunk())).isEmpty();

    assertThat(peer.events(Established.class)).hasSize(1);
  }

  @Test
  void aCookieAckInShutdownSentIsIgnored() {
    HandPeer peer = in(AssociationPhase.SHUTDOWN_SENT);

    assertThat(peer.send(new CookieAckChunk())).isEmpty();

    assertState(peer, AssociationPhase.SHUTDOWN_SENT);
  }

  // --- SHUTDOWN, section 9.2 ---

  @Test
  void aShutdownInClosedIsOutOfTheBlue() {
    HandPeer peer = in(AssociationPhase.CLOSED);

    AbortChunk abort = only(peer.sendWithTag(77, new ShutdownChunk(1)), AbortChunk.class);

    assertThat(abort.tagBit()).isEqualTo(TagBit.REFLECTED_TAG);
  }

  @Test
  void aShutdownInCookieWaitIsDiscarded() {
    HandPeer peer = in(AssociationPhase.COOKIE_WAIT);

    assertDropped(peer, peer.send(shutdownOfPeer(peer)), DropReason.UNEXPECTED_CHUNK);
    assertState(peer, AssociationPhase.COOKIE_WAIT);
  }

  @Test
  void aShutdownInCookieEchoedIsDiscarded() {
    HandPeer peer = in(AssociationPhase.COOKIE_ECHOED);

    assertDropped(peer, peer.send(shutdownOfPeer(peer)), DropReason.UNEXPECTED_CHUNK);
    assertState(peer, AssociationPhase.COOKIE_ECHOED);
  }

  @Test
  void aRepeatedShutdownInShutdownReceivedChangesNothing() {
    HandPeer peer = in(AssociationPhase.SHUTDOWN_RECEIVED);

    assertThat(peer.send(shutdownOfPeer(peer))).isEmpty();

    assertState(peer, AssociationPhase.SHUTDOWN_RECEIVED);
  }

  // --- SHUTDOWN ACK, sections 8.5.1 E and 9.2 ---

  @Test
  void aShutdownAckInCookieEchoedIsAnsweredForAnOldAssociation() {
    HandPeer peer = in(AssociationPhase.COOKIE_ECHOED);

    List<byte[]> answer = peer.sendWithTag(0x7777, new ShutdownAckChunk());

    assertThat(only(answer, ShutdownCompleteChunk.class).tagBit()).isEqualTo(TagBit.REFLECTED_TAG);
    assertThat(tagOf(answer)).isEqualTo(0x7777);
    assertState(peer, AssociationPhase.COOKIE_ECHOED);
  }

  @Test
  void aShutdownAckInEstablishedIsDropped() {
    HandPeer peer = in(AssociationPhase.ESTABLISHED);

    assertDropped(peer, peer.send(new ShutdownAckChunk()), DropReason.UNEXPECTED_CHUNK);
    assertState(peer, AssociationPhase.ESTABLISHED);
  }

  @Test
  void aShutdownAckInShutdownPendingIsDroppedAndTheDataStillSent() {
    HandPeer peer = in(AssociationPhase.SHUTDOWN_PENDING);

    assertDropped(peer, peer.send(new ShutdownAckChunk()), DropReason.UNEXPECTED_CHUNK);
    only(peer.nextPackets(), DataChunk.class);
  }

  @Test
  void aShutdownAckInShutdownReceivedIsDroppedAndTheDataStillSent() {
    HandPeer peer = in(AssociationPhase.SHUTDOWN_RECEIVED);

    assertDropped(peer, peer.send(new ShutdownAckChunk()), DropReason.UNEXPECTED_CHUNK);
    only(peer.nextPackets(), DataChunk.class);
  }

  @Test
  void aShutdownAckInShutdownAckSentEnds() {
    // Section 9.2: both sent SHUTDOWN.
    HandPeer peer = in(AssociationPhase.SHUTDOWN_ACK_SENT);

    List<byte[]> answer = peer.send(new ShutdownAckChunk());

    assertThat(only(answer, ShutdownCompleteChunk.class).tagBit()).isEqualTo(TagBit.RECEIVERS_TAG);
    assertThat(peer.events(ShutdownComplete.class)).hasSize(1);
  }

  // --- SHUTDOWN COMPLETE, section 9.2: only SHUTDOWN-ACK-SENT takes it ---

  @Test
  void aShutdownCompleteInCookieWaitIsDropped() {
    HandPeer peer = in(AssociationPhase.COOKIE_WAIT);

    assertDropped(peer, peer.send(COMPLETE), DropReason.UNEXPECTED_CHUNK);
    assertState(peer, AssociationPhase.COOKIE_WAIT);
  }

  @Test
  void aShutdownCompleteInCookieEchoedIsDropped() {
    HandPeer peer = in(AssociationPhase.COOKIE_ECHOED);

    assertDropped(peer, peer.send(COMPLETE), DropReason.UNEXPECTED_CHUNK);
    assertState(peer, AssociationPhase.COOKIE_ECHOED);
  }

  @Test
  void aShutdownCompleteInShutdownPendingIsDropped() {
    HandPeer peer = in(AssociationPhase.SHUTDOWN_PENDING);

    assertDropped(peer, peer.send(COMPLETE), DropReason.UNEXPECTED_CHUNK);
    assertState(peer, AssociationPhase.SHUTDOWN_PENDING);
  }

  @Test
  void aShutdownCompleteInShutdownSentIsDroppedAndTheShutdownRepeated() {
    HandPeer peer = in(AssociationPhase.SHUTDOWN_SENT);

    assertDropped(peer, peer.send(COMPLETE), DropReason.UNEXPECTED_CHUNK);
    only(peer.nextTimer(), ShutdownChunk.class);
  }

  @Test
  void aShutdownCompleteInShutdownReceivedIsDropped() {
    HandPeer peer = in(AssociationPhase.SHUTDOWN_RECEIVED);

    assertDropped(peer, peer.send(COMPLETE), DropReason.UNEXPECTED_CHUNK);
    assertState(peer, AssociationPhase.SHUTDOWN_RECEIVED);
  }

  @Test
  void aShutdownCompleteInShutdownAckSentEnds() {
    HandPeer peer = in(AssociationPhase.SHUTDOWN_ACK_SENT);

    assertThat(peer.send(COMPLETE)).isEmpty();

    assertThat(peer.events).containsExactly(new ShutdownComplete());
    assertThat(peer.association.nextDeadlineNanos()).isEqualTo(Long.MAX_VALUE);
  }

  // --- ABORT, section 9.1: ends every state ---

  private static void assertAborts(AssociationPhase phase) {
    HandPeer peer = in(phase);

    assertThat(peer.send(ABORT)).isEmpty();

    assertThat(peer.events(Aborted.class)).containsExactly(new Aborted(12, "x", Origin.PEER));
    assertState(peer, AssociationPhase.CLOSED);
    assertThat(peer.association.nextDeadlineNanos()).isEqualTo(Long.MAX_VALUE);
  }

  @Test
  void anAbortInCookieWaitEndsTheHandshake() {
    assertAborts(AssociationPhase.COOKIE_WAIT);
  }

  @Test
  void anAbortInCookieEchoedEndsTheHandshake() {
    assertAborts(AssociationPhase.COOKIE_ECHOED);
  }

  @Test
  void anAbortInShutdownPendingEnds() {
    assertAborts(AssociationPhase.SHUTDOWN_PENDING);
  }

  @Test
  void anAbortInShutdownSentEnds() {
    assertAborts(AssociationPhase.SHUTDOWN_SENT);
  }

  @Test
  void anAbortInShutdownReceivedEnds() {
    assertAborts(AssociationPhase.SHUTDOWN_RECEIVED);
  }

  @Test
  void anAbortInShutdownAckSentEnds() {
    assertAborts(AssociationPhase.SHUTDOWN_ACK_SENT);
  }

  // --- DATA, sections 6 and 9.2 ---

  @Test
  void dataInCookieWaitIsDropped() {
    HandPeer peer = in(AssociationPhase.COOKIE_WAIT);

    assertDropped(peer, peer.send(data(INITIAL_TSN, 0, 0, 5)), DropReason.UNEXPECTED_CHUNK);
  }

  @Test
  void dataInCookieEchoedOpensAndIsDelivered() {
    HandPeer peer = in(AssociationPhase.COOKIE_ECHOED);

    peer.send(data(INITIAL_TSN, 0, 0, 5));

    assertThat(peer.events.get(0)).isInstanceOf(Established.class);
    assertThat(peer.events.get(1)).isInstanceOf(MessageReceived.class);
  }

  @Test
  void dataInShutdownPendingIsDeliveredAndSacked() {
    HandPeer peer = in(AssociationPhase.SHUTDOWN_PENDING);

    peer.send(data(INITIAL_TSN, 0, 0, 5));
    List<byte[]> answer = peer.send(data(INITIAL_TSN + 1, 0, 1, 5));

    assertThat(only(answer, SackChunk.class).cumulativeTsnAck()).isEqualTo(INITIAL_TSN + 1);
    assertThat(peer.events(MessageReceived.class)).hasSize(2);
  }

  @Test
  void dataInShutdownReceivedIsDiscarded() {
    // The peer promised not to send any more.
    HandPeer peer = in(AssociationPhase.SHUTDOWN_RECEIVED);

    assertDropped(peer, peer.send(data(INITIAL_TSN, 0, 0, 5)), DropReason.UNEXPECTED_CHUNK);
    assertThat(peer.events(MessageReceived.class)).isEmpty();
  }

  @Test
  void dataInShutdownAckSentIsDiscarded() {
    HandPeer peer = in(AssociationPhase.SHUTDOWN_ACK_SENT);

    assertDropped(peer, peer.send(data(INITIAL_TSN, 0, 0, 5)), DropReason.UNEXPECTED_CHUNK);
    assertThat(peer.events(MessageReceived.class)).isEmpty();
  }

  // --- SACK ---

  @Test
  void aSackInCookieWaitIsDropped() {
    HandPeer peer = in(AssociationPhase.COOKIE_WAIT);

    assertDropped(peer, peer.send(sack(1, WINDOW)), DropReason.UNEXPECTED_CHUNK);
  }

  @Test
  void aSackInCookieEchoedProvesNothing() {
    HandPeer peer = in(AssociationPhase.COOKIE_ECHOED);

    assertDropped(
        peer, peer.send(sack(peer.peerInitialTsn - 1, WINDOW)), DropReason.UNEXPECTED_CHUNK);
    only(peer.nextTimer(), CookieEchoChunk.class);
  }

  @Test
  void aSackInShutdownSentIsTakenInSilence() {
    HandPeer peer = in(AssociationPhase.SHUTDOWN_SENT);

    assertThat(peer.send(sack(peer.peerInitialTsn - 1, WINDOW))).isEmpty();

    assertState(peer, AssociationPhase.SHUTDOWN_SENT);
  }

  // --- HEARTBEAT, section 8.3: answered from COOKIE-ECHOED on ---

  @Test
  void aHeartbeatInCookieWaitIsNotAnswered() {
    HandPeer peer = in(AssociationPhase.COOKIE_WAIT);

    assertThat(peer.send(HEARTBEAT)).isEmpty();
  }

  @Test
  void aHeartbeatInCookieEchoedIsAnsweredWithItsInfo() {
    HandPeer peer = in(AssociationPhase.COOKIE_ECHOED);

    assertThat(only(peer.send(HEARTBEAT), HeartbeatAckChunk.class).info())
        .isEqualTo(HEARTBEAT.info());
    assertState(peer, AssociationPhase.COOKIE_ECHOED);
  }

  @Test
  void aHeartbeatInShutdownPendingIsAnswered() {
    only(in(AssociationPhase.SHUTDOWN_PENDING).send(HEARTBEAT), HeartbeatAckChunk.class);
  }

  @Test
  void aHeartbeatInShutdownReceivedIsAnswered() {
    only(in(AssociationPhase.SHUTDOWN_RECEIVED).send(HEARTBEAT), HeartbeatAckChunk.class);
  }

  @Test
  void aHeartbeatAckNobodyAskedForIsDropped() {
    HandPeer peer = in(AssociationPhase.ESTABLISHED);

    assertDropped(
        peer, peer.send(new HeartbeatAckChunk(HEARTBEAT.info())), DropReason.FORGED_HEARTBEAT_ACK);
  }

  // --- unknown chunks, section 3.2: the two high bits of the type decide ---

  private static void assertReported(List<byte[]> answer, UnknownChunk chunk) {
    ErrorCause cause = only(answer, ErrorChunk.class).causes().get(0);
    assertThat(cause.code()).isEqualTo(ErrorCause.UNRECOGNIZED_CHUNK_TYPE);
    assertThat(cause.info().toByteArray()[0]).isEqualTo((byte) chunk.type());
  }

  @Test
  void anUnknownChunkOfBits00HidesTheDataBehindIt() {
    HandPeer peer = in(AssociationPhase.ESTABLISHED);

    assertDropped(peer, peer.send(STOP, data(INITIAL_TSN, 0, 0, 5)), DropReason.UNKNOWN_CHUNK);
    assertThat(peer.events(MessageReceived.class)).isEmpty();
  }

  @Test
  void anUnknownChunkOfBits01HidesTheDataBehindItAndIsReported() {
    HandPeer peer = in(AssociationPhase.ESTABLISHED);

    assertReported(peer.send(STOP_AND_REPORT, data(INITIAL_TSN, 0, 0, 5)), STOP_AND_REPORT);
    assertThat(peer.events(MessageReceived.class)).isEmpty();
  }

  @Test
  void anUnknownChunkOfBits10IsSkippedAndTheDataBehindItTaken() {
    HandPeer peer = in(AssociationPhase.ESTABLISHED);

    assertThat(all(peer.send(SKIP, data(INITIAL_TSN, 0, 0, 5)), ErrorChunk.class)).isEmpty();
    assertThat(peer.events(MessageReceived.class)).hasSize(1);
  }

  @Test
  void anUnknownChunkOfBits11IsReportedAndTheDataBehindItTaken() {
    HandPeer peer = in(AssociationPhase.ESTABLISHED);

    assertReported(peer.send(SKIP_AND_REPORT, data(INITIAL_TSN, 0, 0, 5)), SKIP_AND_REPORT);
    assertThat(peer.events(MessageReceived.class)).hasSize(1);
  }

  @Test
  void dataInFrontOfAnUnknownChunkIsTakenWhateverItsBits() {
    HandPeer peer = in(AssociationPhase.ESTABLISHED);

    peer.send(data(INITIAL_TSN, 0, 0, 5), STOP, data(INITIAL_TSN + 1, 0, 1, 5));

    assertThat(peer.events(MessageReceived.class)).hasSize(1);
  }

  @Test
  void anUnknownChunkInCookieWaitIsNotReportedForThePeerHasNoTagYet() {
    HandPeer peer = in(AssociationPhase.COOKIE_WAIT);

    assertDropped(peer, peer.send(SKIP_AND_REPORT), DropReason.UNKNOWN_CHUNK);
  }

  @Test
  void anUnknownChunkInCookieEchoedIsReported() {
    HandPeer peer = in(AssociationPhase.COOKIE_ECHOED);

    assertReported(peer.send(STOP_AND_REPORT), STOP_AND_REPORT);
    assertState(peer, AssociationPhase.COOKIE_ECHOED);
  }

  @Test
  void anUnknownChunkInShutdownSentIsReported() {
    HandPeer peer = in(AssociationPhase.SHUTDOWN_SENT);

    assertReported(peer.send(SKIP_AND_REPORT), SKIP_AND_REPORT);
  }

  @Test
  void anUnknownChunkInShutdownAckSentOfBits10DoesNotHideTheShutdownAckBehindIt() {
    HandPeer peer = in(AssociationPhase.SHUTDOWN_ACK_SENT);

    only(peer.send(SKIP, new ShutdownAckChunk()), ShutdownCompleteChunk.class);
    assertState(peer, AssociationPhase.CLOSED);
  }

  @Test
  void severalUnknownChunksOfOnePacketAreReportedTogether() {
    HandPeer peer = in(AssociationPhase.ESTABLISHED);

    List<byte[]> answer =
        peer.send(
            SKIP_AND_REPORT, new UnknownChunk(0xf1, 0, Octets.copyOf(new byte[9])), HEARTBEAT);

    assertThat(answer).hasSize(1);
    assertThat(PacketText.chunks(answer.get(0), ErrorChunk.class)).hasSize(2);
    only(answer, HeartbeatAckChunk.class);
  }
}
