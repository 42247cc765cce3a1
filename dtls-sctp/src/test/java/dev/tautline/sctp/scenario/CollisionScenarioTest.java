package dev.tautline.sctp.scenario;

import static dev.tautline.sctp.HandPeer.EXTENSIONS;
import static dev.tautline.sctp.HandPeer.INITIAL_TSN;
import static dev.tautline.sctp.HandPeer.TAG;
import static dev.tautline.sctp.HandPeer.WINDOW;
import static dev.tautline.sctp.HandPeer.all;
import static dev.tautline.sctp.HandPeer.cookieOf;
import static dev.tautline.sctp.HandPeer.data;
import static dev.tautline.sctp.HandPeer.initAckBody;
import static dev.tautline.sctp.HandPeer.initBody;
import static dev.tautline.sctp.HandPeer.only;
import static dev.tautline.sctp.HandPeer.sack;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tautline.sctp.AssociationEvent.Established;
import dev.tautline.sctp.AssociationEvent.Failed;
import dev.tautline.sctp.AssociationEvent.FailureReason;
import dev.tautline.sctp.AssociationEvent.MessageReceived;
import dev.tautline.sctp.AssociationEvent.Restarted;
import dev.tautline.sctp.AssociationOptions;
import dev.tautline.sctp.AssociationPhase;
import dev.tautline.sctp.DropReason;
import dev.tautline.sctp.HandPeer;
import dev.tautline.sctp.packet.CookieAckChunk;
import dev.tautline.sctp.packet.CookieEchoChunk;
import dev.tautline.sctp.packet.DataChunk;
import dev.tautline.sctp.packet.ErrorCause;
import dev.tautline.sctp.packet.ErrorChunk;
import dev.tautline.sctp.packet.InitAckChunk;
import dev.tautline.sctp.packet.InitBody;
import dev.tautline.sctp.packet.InitChunk;
import dev.tautline.sctp.packet.Octets;
import dev.tautline.sctp.packet.PacketHeader;
import dev.tautline.sctp.packet.Parameter;
import dev.tautline.sctp.packet.ReconfigChunk;
import dev.tautline.sctp.packet.SackChunk;
import dev.tautline.sctp.packet.ShutdownChunk;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * RFC 9260 sections 5.1.3 to 5.1.5 and 5.2.4 to 5.2.6: the cookie, fresh, stale, forged, and each
 * way in which it can meet an association that already exists.
 */
@Scenarios
class CollisionScenarioTest {
  private static final AssociationOptions RFC = AssociationOptions.rfc();
  private static final long SECOND = 1_000_000_000L;

  /** The INIT ACK to an INIT of this tag. */
  private static InitBody initAck(HandPeer peer, int tag) {
    return only(peer.sendInit(initBody(tag, EXTENSIONS)), InitAckChunk.class).body();
  }

  private static List<byte[]> echo(HandPeer peer, InitBody initAck) {
    return peer.sendWithTag(initAck.initiateTag(), new CookieEchoChunk(cookieOf(initAck)));
  }

  private static int tagOf(List<byte[]> packets) {
    return PacketHeader.verificationTag(packets.get(0), 0);
  }

  private static ErrorChunk stale(int micros) {
    byte[] bytes = {
      (byte) (micros >>> 24), (byte) (micros >>> 16), (byte) (micros >>> 8), (byte) micros
    };
    return new ErrorChunk(List.of(new ErrorCause(ErrorCause.STALE_COOKIE, Octets.copyOf(bytes))));
  }

  // --- the cookie, sections 5.1.3 to 5.1.5 ---

  @Test
  void theCookieHoldsAllStateSoThatAnyOfManyInitsCanBeGoneOnWith() {
    var peer = new HandPeer(RFC);
    InitBody first = initAck(peer, 0x0101);
    initAck(peer, 0x0202);
    initAck(peer, 0x0303);

    List<byte[]> answer = echo(peer, first);

    only(answer, CookieAckChunk.class);
    assertThat(tagOf(answer)).isEqualTo(0x0101);
  }

  @Test
  void theCookieIsNotTheSameForTwoInits() {
    var peer = new HandPeer(RFC);

    assertThat(cookieOf(initAck(peer, 0x0101))).isNotEqualTo(cookieOf(initAck(peer, 0x0202)));
  }

  @Test
  void aCookieWithOneBitFlippedIsDroppedInSilence() {
    var peer = new HandPeer(RFC);
    InitBody ack = initAck(peer, TAG);
    byte[] cookie = cookieOf(ack).toByteArray();
    cookie[20] ^= 0x10;

    assertThat(peer.sendWithTag(ack.initiateTag(), new CookieEchoChunk(Octets.copyOf(cookie))))
        .isEmpty();

    assertThat(peer.drops(DropReason.FORGED_COOKIE)).isEqualTo(1);
    // The genuine one is still good.
    only(echo(peer, ack), CookieAckChunk.class);
  }

  @Test
  void aCookieWithAByteMoreIsForged() {
    var peer = new HandPeer(RFC);
    InitBody ack = initAck(peer, TAG);
    byte[] longer = Arrays.copyOf(cookieOf(ack).toByteArray(), cookieOf(ack).length() + 1);

    assertThat(peer.sendWithTag(ack.initiateTag(), new CookieEchoChunk(Octets.copyOf(longer))))
        .isEmpty();
    assertThat(peer.drops(DropReason.FORGED_COOKIE)).isEqualTo(1);
  }

  @Test
  void anEmptyCookieIsForged() {
    var peer = new HandPeer(RFC);

    assertThat(
            peer.sendWithTag(initAck(peer, TAG).initiateTag(), new CookieEchoChunk(Octets.EMPTY)))
        .isEmpty();
    assertThat(peer.drops(DropReason.FORGED_COOKIE)).isEqualTo(1);
  }

  @Test
  void aForgedCookieDoesNotDisturbAnEstablishedAssociation() {
    HandPeer peer = HandPeer.established();

    assertThat(peer.send(new CookieEchoChunk(Octets.copyOf(new byte[76])))).isEmpty();

    peer.send(data(INITIAL_TSN, 0, 0, 3));
    assertThat(peer.events(MessageReceived.class)).hasSize(1);
  }

  @Test
  void whatIsBundledWithAForgedCookieIsDroppedWithIt() {
    var peer = new HandPeer(RFC);
    int tag = initAck(peer, TAG).initiateTag();

    assertThat(
            peer.sendWithTag(
                tag, new CookieEchoChunk(Octets.copyOf(new byte[76])), data(INITIAL_TSN, 0, 0, 3)))
        .isEmpty();
    assertThat(peer.events).isEmpty();
  }

  @Test
  void aCookieOfExactlySixtySecondsIsStillFresh() {
    var peer = new HandPeer(RFC);
    InitBody ack = initAck(peer, TAG);
    peer.nowNanos = 60 * SECOND;

    only(echo(peer, ack), CookieAckChunk.class);
  }

  @Test
  void aFreshCookieAfterAStaleOneOpens() {
    var peer = new HandPeer(RFC);
    InitBody old = initAck(peer, TAG);
    peer.nowNanos = 70 * SECOND;
    only(echo(peer, old), ErrorChunk.class);

    only(echo(peer, initAck(peer, TAG)), CookieAckChunk.class);
  }

  @Test
  void aStaleCookieOfARestartLeavesTheAssociationAlone() {
    // Section 5.2.4 step 3: stale, and the tags do not match.
    HandPeer peer = HandPeer.established();
    InitBody ack = initAck(peer, 0x4444);
    peer.nowNanos = 61 * SECOND;

    only(echo(peer, ack), ErrorChunk.class);

    assertThat(peer.events(Restarted.class)).isEmpty();
    peer.send(data(INITIAL_TSN, 0, 0, 3));
    assertThat(peer.events(MessageReceived.class)).hasSize(1);
  }

  // --- our cookie is stale, section 5.2.6 ---

  @Test
  void aStaleCookieErrorBeginsTheHandshakeAgainAndAsksForTwiceTheTime() {
    HandPeer peer = HandPeer.inCookieEchoed(RFC);

    InitBody again = only(peer.send(stale(2_000_000)), InitChunk.class).body();

    // 4 s and the millisecond of rounding up.
    assertThat(again.parameter(Parameter.COOKIE_PRESERVATIVE).orElseThrow().value())
        .isEqualTo(Octets.copyOf(new byte[] {0, 0, 0x0f, (byte) 0xa1}));
    assertThat(again.initiateTag()).isEqualTo(peer.peerTag);
    assertThat(again.initialTsn()).isEqualTo(peer.peerInitialTsn);
  }

  @Test
  void theHandshakeSucceedsAfterAStaleCookie() {
    HandPeer peer = HandPeer.inCookieEchoed(RFC);
    peer.send(stale(1000));

    only(peer.send(new InitAckChunk(initAckBody(TAG))), CookieEchoChunk.class);
    peer.send(new CookieAckChunk());

    assertThat(peer.events(Established.class)).hasSize(1);
  }

  @Test
  void theFourthStaleCookieEndsTheHandshake() {
    HandPeer peer = HandPeer.inCookieEchoed(RFC);
    for (int i = 0; i < 3; i++) {
      only(peer.send(stale(1000)), InitChunk.class);
      only(peer.send(new InitAckChunk(initAckBody(TAG))), CookieEchoChunk.class);
    }

    peer.send(stale(1000));

    assertThat(peer.events(Failed.class).get(0).reason())
        .isEqualTo(FailureReason.HANDSHAKE_UNANSWERED);
  }

  @Test
  void aStaleCookieErrorInEstablishedIsIgnored() {
    // "in any state other than COOKIE-ECHOED, the endpoint … discard".
    HandPeer peer = HandPeer.established();

    assertThat(peer.send(stale(1000))).isEmpty();

    assertThat(peer.association.state()).isEqualTo(AssociationPhase.ESTABLISHED);
  }

  @Test
  void aStaleCookieErrorInCookieWaitIsIgnored() {
    HandPeer peer = HandPeer.inCookieWait(RFC);

    assertThat(peer.send(stale(1000))).isEmpty();

    assertThat(only(peer.nextTimer(), InitChunk.class).body().parameters())
        .extracting(Parameter::type)
        .doesNotContain(Parameter.COOKIE_PRESERVATIVE);
  }

  @Test
  void dataThatRodeWithAStaleCookieIsDeliveredByTheNextOne() {
    var peer = new HandPeer(RFC);
    peer.association.connect(0);
    peer.userSends(0, 30);
    peer.peerTag = only(peer.poll(), InitChunk.class).body().initiateTag();
    DataChunk first = only(peer.send(new InitAckChunk(initAckBody(TAG))), DataChunk.class);
    peer.send(stale(1000));

    List<byte[]> second = peer.send(new InitAckChunk(initAckBody(TAG)));

    only(second, CookieEchoChunk.class);
    assertThat(only(second, DataChunk.class).tsn()).isEqualTo(first.tsn());
  }

  // --- case A: the peer began anew ---

  @Test
  void aRestartGivesBothDirectionsNewNumbersAndTheOldTagNoMeaning() {
    HandPeer peer = HandPeer.established();
    peer.send(data(INITIAL_TSN, 3, 0, 5));
    InitBody ack = initAck(peer, 0x4444);

    only(echo(peer, ack), CookieAckChunk.class);

    assertThat(peer.send(data(INITIAL_TSN + 1, 3, 1, 5))).isEmpty();
    assertThat(peer.drops(DropReason.WRONG_TAG)).isEqualTo(1);
    peer.peerTag = ack.initiateTag();
    peer.send(data(INITIAL_TSN, 3, 0, 6));
    assertThat(peer.events(MessageReceived.class))
        .extracting(m -> m.payload().length)
        .containsExactly(5, 6);
  }

  @Test
  void aRestartLosesWhatWasUnderWayAndOpensTheWindowsAnew() {
    HandPeer peer = HandPeer.established();
    long fresh = peer.association.statistics().cwndBytes();
    peer.userSends(1, 100_000);
    peer.poll();
    peer.nextPackets();
    assertThat(peer.association.statistics().cwndBytes()).isLessThan(fresh);
    InitBody ack = initAck(peer, 0x4444);

    List<byte[]> answer = echo(peer, ack);

    assertThat(all(answer, DataChunk.class)).isEmpty();
    assertThat(peer.association.statistics().heldSendBytes()).isZero();
    assertThat(peer.association.statistics().flightBytes()).isZero();
    assertThat(peer.association.statistics().cwndBytes()).isEqualTo(fresh);
  }

  @Test
  void aRestartOfThePeerDropsItsHalfReceivedMessages() {
    HandPeer peer = HandPeer.established();
    peer.send(HandPeer.fragment(INITIAL_TSN, 0, 0, 2, 500));
    assertThat(peer.association.statistics().heldReceiveBytes()).isPositive();

    echo(peer, initAck(peer, 0x4444));

    assertThat(peer.association.statistics().heldReceiveBytes()).isZero();
  }

  @Test
  void aRestartKeepsThePacketSizeThatThePathWasFoundToTake() {
    HandPeer peer = HandPeer.established();
    peer.association.setMaxPacketBytes(600);
    echo(peer, initAck(peer, 0x4444));

    peer.userSends(0, 5000);

    assertThat(peer.poll())
        .isNotEmpty()
        .allSatisfy(p -> assertThat(p.length).isLessThanOrEqualTo(600));
  }

  @Test
  void aRestartInShutdownPendingOpensAnew() {
    HandPeer peer = HandPeer.in(AssociationPhase.SHUTDOWN_PENDING);

    only(echo(peer, initAck(peer, 0x4444)), CookieAckChunk.class);

    assertThat(peer.events(Restarted.class)).hasSize(1);
    assertThat(peer.association.state()).isEqualTo(AssociationPhase.ESTABLISHED);
  }

  @Test
  void aRestartInShutdownSentOpensAnew() {
    HandPeer peer = HandPeer.in(AssociationPhase.SHUTDOWN_SENT);

    only(echo(peer, initAck(peer, 0x4444)), CookieAckChunk.class);

    assertThat(peer.association.state()).isEqualTo(AssociationPhase.ESTABLISHED);
    assertThat(peer.pass(20 * SECOND)).isEmpty();
  }

  @Test
  void aRestartInShutdownReceivedOpensAnew() {
    HandPeer peer = HandPeer.in(AssociationPhase.SHUTDOWN_RECEIVED);

    only(echo(peer, initAck(peer, 0x4444)), CookieAckChunk.class);

    assertThat(peer.association.state()).isEqualTo(AssociationPhase.ESTABLISHED);
  }

  @Test
  void aPeerMayRestartAgainAndAgain() {
    HandPeer peer = HandPeer.established();

    for (int tag = 0x4441; tag <= 0x4443; tag++) {
      only(echo(peer, initAck(peer, tag)), CookieAckChunk.class);
    }

    assertThat(peer.events(Restarted.class)).hasSize(3);
  }

  @Test
  void aRestartCookieWithDataDeliversTheData() {
    HandPeer peer = HandPeer.established();
    InitBody ack = initAck(peer, 0x4444);

    peer.sendWithTag(
        ack.initiateTag(), new CookieEchoChunk(cookieOf(ack)), data(INITIAL_TSN, 0, 0, 8));

    assertThat(peer.events(MessageReceived.class)).hasSize(1);
  }

  @Test
  void aRestartForgetsAStreamResetThatWasUnderWay() {
    HandPeer peer = HandPeer.established();
    peer.association.resetStreams(0, new int[] {1});
    only(peer.poll(), ReconfigChunk.class);

    echo(peer, initAck(peer, 0x4444));

    assertThat(all(peer.pass(20 * SECOND), ReconfigChunk.class)).isEmpty();
  }

  // --- case B: both opened, and the peer's two tags differ ---

  @Test
  void inCookieEchoedACookieOfAnotherTagReplacesTheTagOfTheInitAck() {
    HandPeer peer = HandPeer.inCookieEchoed(RFC);

    List<byte[]> answer = echo(peer, initAck(peer, 0x5555));

    only(answer, CookieAckChunk.class);
    assertThat(tagOf(answer)).isEqualTo(0x5555);
    peer.userSends(0, 5);
    assertThat(tagOf(peer.poll())).isEqualTo(0x5555);
  }

  @Test
  void inEstablishedACookieOfCaseBUpdatesThePeersTag() {
    // Our COOKIE ECHO was acknowledged first, then the peer's own cookie comes, made before.
    HandPeer peer = HandPeer.inCookieEchoed(RFC);
    InitBody ack = initAck(peer, 0x5555);
    peer.send(new CookieAckChunk());

    List<byte[]> answer = echo(peer, ack);

    only(answer, CookieAckChunk.class);
    assertThat(tagOf(answer)).isEqualTo(0x5555);
    assertThat(peer.events(Established.class)).hasSize(1);
    assertThat(peer.events(Restarted.class)).isEmpty();
  }

  @Test
  void inCookieEchoedDataThatRodeWithOurCookieIsSentAgainAfterTheirs() {
    var peer = new HandPeer(RFC);
    peer.association.connect(0);
    peer.userSends(0, 30);
    peer.peerTag = only(peer.poll(), InitChunk.class).body().initiateTag();
    DataChunk first = only(peer.send(new InitAckChunk(initAckBody(TAG))), DataChunk.class);
    echo(peer, initAck(peer, 0x5555));

    DataChunk second = only(peer.nextPackets(), DataChunk.class);

    assertThat(second.tsn()).isEqualTo(first.tsn());
    assertThat(peer.send(sack(first.tsn(), WINDOW))).isEmpty();
    assertThat(peer.association.statistics().heldSendBytes()).isZero();
  }

  // --- case C: a cookie that came too late ---

  @Test
  void theCookieOfTheFirstHandshakeIsDroppedAfterARestart() {
    var peer = new HandPeer(RFC);
    InitBody first = initAck(peer, TAG);
    echo(peer, first);
    InitBody second = initAck(peer, 0x4444);
    echo(peer, second);

    assertThat(echo(peer, first)).isEmpty();
    assertThat(peer.drops(DropReason.MISMATCHED_COOKIE)).isEqualTo(1);
  }

  @Test
  void aCookieAfterTheEndIsDropped() {
    var peer = new HandPeer(RFC);
    InitBody ack = initAck(peer, TAG);
    echo(peer, ack);
    peer.peerTag = ack.initiateTag();
    peer.association.abort(0, "");
    peer.poll();

    assertThat(echo(peer, ack)).isEmpty();
    assertThat(peer.association.state()).isEqualTo(AssociationPhase.CLOSED);
    assertThat(peer.drops(DropReason.MISMATCHED_COOKIE)).isEqualTo(1);
  }

  // --- case D: the same cookie again ---

  @Test
  void aRepeatedCookieWithItsDataIsAcknowledgedAndTheDataListedAsDuplicate() {
    var peer = new HandPeer(RFC);
    InitBody ack = initAck(peer, TAG);
    var cookie = new CookieEchoChunk(cookieOf(ack));
    peer.sendWithTag(ack.initiateTag(), cookie, data(INITIAL_TSN, 0, 0, 4));

    List<byte[]> answer = peer.sendWithTag(ack.initiateTag(), cookie, data(INITIAL_TSN, 0, 0, 4));

    only(answer, CookieAckChunk.class);
    assertThat(only(answer, SackChunk.class).duplicateTsns()).containsExactly(INITIAL_TSN);
    assertThat(peer.events(MessageReceived.class)).hasSize(1);
  }

  @Test
  void inCookieEchoedACookieOfBothTagsOpens() {
    // Both opened; the peer uses one tag for its INIT and its INIT ACK, as it should.
    HandPeer peer = HandPeer.inCookieEchoed(RFC);

    only(echo(peer, initAck(peer, TAG)), CookieAckChunk.class);

    assertThat(peer.events(Established.class)).hasSize(1);
  }

  @Test
  void aRepeatedCookieInShutdownSentIsAcknowledgedAndTheShutdownGoesOn() {
    var peer = new HandPeer(RFC);
    InitBody ack = initAck(peer, TAG);
    echo(peer, ack);
    peer.peerTag = ack.initiateTag();
    peer.association.shutdown(0);
    only(peer.poll(), ShutdownChunk.class);

    only(echo(peer, ack), CookieAckChunk.class);

    assertThat(peer.association.state()).isEqualTo(AssociationPhase.SHUTDOWN_SENT);
  }
}
