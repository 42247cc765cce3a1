package dev.tautline.sctp.scenario;

import static dev.tautline.sctp.HandPeer.EXTENSIONS;
import static dev.tautline.sctp.HandPeer.INITIAL_TSN;
import static dev.tautline.sctp.HandPeer.TAG;
import static dev.tautline.sctp.HandPeer.all;
import static dev.tautline.sctp.HandPeer.cookieOf;
import static dev.tautline.sctp.HandPeer.data;
import static dev.tautline.sctp.HandPeer.in;
import static dev.tautline.sctp.HandPeer.initAckBody;
import static dev.tautline.sctp.HandPeer.initBody;
import static dev.tautline.sctp.HandPeer.only;
import static dev.tautline.sctp.HandPeer.sack;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tautline.sctp.AssociationEvent.Aborted;
import dev.tautline.sctp.AssociationEvent.MessageReceived;
import dev.tautline.sctp.AssociationOptions;
import dev.tautline.sctp.AssociationPhase;
import dev.tautline.sctp.DropReason;
import dev.tautline.sctp.HandPeer;
import dev.tautline.sctp.PacketText;
import dev.tautline.sctp.packet.AbortChunk;
import dev.tautline.sctp.packet.Chunk;
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
import dev.tautline.sctp.packet.PadChunk;
import dev.tautline.sctp.packet.Parameter;
import dev.tautline.sctp.packet.ShutdownAckChunk;
import dev.tautline.sctp.packet.ShutdownChunk;
import dev.tautline.sctp.packet.ShutdownCompleteChunk;
import dev.tautline.sctp.packet.TagBit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * RFC 9260 sections 3, 6.8, 6.10, 8.4 and 8.5, and RFC 9653: ports, checksums, verification tags
 * and their exceptions, packets out of the blue, and chunks whose lengths lie.
 */
@Scenarios
class TagsAndFormatScenarioTest {
  private static final HeartbeatChunk HEARTBEAT =
      new HeartbeatChunk(Octets.copyOf(new byte[] {0, 1, 0, 8, 1, 2, 3, 4}));
  private static final AssociationOptions ZERO = AssociationOptions.forDataChannels();
  private static final Parameter ZERO_CHECKSUM =
      new Parameter(Parameter.ZERO_CHECKSUM_ACCEPTABLE, Octets.copyOf(new byte[] {0, 0, 0, 1}));

  private static void assertWrongTag(HandPeer peer, List<byte[]> answer) {
    assertThat(answer).isEmpty();
    assertThat(peer.drops(DropReason.WRONG_TAG)).isEqualTo(1);
  }

  private static int tagOf(List<byte[]> packets) {
    return PacketHeader.verificationTag(packets.get(0), 0);
  }

  private static boolean isZero(byte[] packet) {
    return PacketHeader.hasZeroChecksum(packet, 0);
  }

  private static AbortChunk abort(TagBit tagBit) {
    return new AbortChunk(tagBit, List.of());
  }

  /** As the peer would send it without a checksum. */
  private static byte[] unsealed(HandPeer peer, byte[] packet) {
    PacketHeader.write(packet, 0, 5000, 5000, peer.peerTag);
    return packet;
  }

  // --- verification tags, section 8.5 ---

  @Test
  void dataWithTheReflectedTagIsDropped() {
    HandPeer peer = HandPeer.established();

    assertWrongTag(peer, peer.sendWithTag(TAG, data(INITIAL_TSN, 0, 0, 4)));
  }

  @Test
  void dataWithTagZeroIsDropped() {
    HandPeer peer = HandPeer.established();

    assertWrongTag(peer, peer.sendWithTag(0, data(INITIAL_TSN, 0, 0, 4)));
  }

  @Test
  void aSackWithAnotherTagAcknowledgesNothing() {
    HandPeer peer = HandPeer.established();
    peer.userSends(0, 10);
    peer.poll();

    assertWrongTag(
        peer, peer.sendWithTag(peer.peerTag + 1, sack(peer.peerInitialTsn, HandPeer.WINDOW)));
    assertThat(peer.association.statistics().heldSendBytes()).isEqualTo(10);
  }

  @Test
  void anInitAckWithAnotherTagIsDropped() {
    HandPeer peer = HandPeer.inCookieWait(AssociationOptions.rfc());

    assertWrongTag(peer, peer.sendWithTag(peer.peerTag + 1, new InitAckChunk(initAckBody(TAG))));
    assertThat(peer.association.state()).isEqualTo(AssociationPhase.COOKIE_WAIT);
  }

  @Test
  void aCookieAckWithAnotherTagIsDropped() {
    HandPeer peer = HandPeer.inCookieEchoed(AssociationOptions.rfc());

    assertWrongTag(peer, peer.sendWithTag(TAG, new CookieAckChunk()));
    only(peer.nextTimer(), CookieEchoChunk.class);
  }

  @Test
  void anInitWithATagInEstablishedIsDropped() {
    // Section 8.5.1 A: the tag of a packet with INIT is 0.
    HandPeer peer = HandPeer.established();

    assertWrongTag(peer, peer.send(new InitChunk(initBody(9, EXTENSIONS))));
  }

  @Test
  void anAbortWithoutTheTBitAndWithThePeersTagIsDropped() {
    HandPeer peer = HandPeer.established();

    assertWrongTag(peer, peer.sendWithTag(TAG, abort(TagBit.RECEIVERS_TAG)));
    assertThat(peer.association.state()).isEqualTo(AssociationPhase.ESTABLISHED);
  }

  @Test
  void anAbortWithTheTBitAndOurTagIsDropped() {
    HandPeer peer = HandPeer.established();

    assertWrongTag(peer, peer.send(abort(TagBit.REFLECTED_TAG)));
    assertThat(peer.association.state()).isEqualTo(AssociationPhase.ESTABLISHED);
  }

  @Test
  void anAbortWithTheTBitAndThePeersTagEnds() {
    HandPeer peer = HandPeer.established();

    peer.sendWithTag(TAG, abort(TagBit.REFLECTED_TAG));

    assertThat(peer.events(Aborted.class)).hasSize(1);
  }

  @Test
  void anAbortWithTheTBitInCookieWaitIsDroppedForThePeersTagIsUnknown() {
    HandPeer peer = HandPeer.inCookieWait(AssociationOptions.rfc());

    assertWrongTag(peer, peer.sendWithTag(TAG, abort(TagBit.REFLECTED_TAG)));
    only(peer.nextTimer(), InitChunk.class);
  }

  @Test
  void anAbortWithTheTBitInCookieEchoedEnds() {
    HandPeer peer = HandPeer.inCookieEchoed(AssociationOptions.rfc());

    peer.sendWithTag(TAG, abort(TagBit.REFLECTED_TAG));

    assertThat(peer.events(Aborted.class)).hasSize(1);
  }

  @Test
  void aShutdownCompleteWithTheTBitAndThePeersTagEnds() {
    // Section 8.5.1 C: the peer has forgotten the association.
    HandPeer peer = in(AssociationPhase.SHUTDOWN_ACK_SENT);

    peer.sendWithTag(TAG, new ShutdownCompleteChunk(TagBit.REFLECTED_TAG));

    assertThat(peer.association.state()).isEqualTo(AssociationPhase.CLOSED);
  }

  @Test
  void aShutdownCompleteWithTheTBitAndOurTagIsDropped() {
    HandPeer peer = in(AssociationPhase.SHUTDOWN_ACK_SENT);

    assertWrongTag(peer, peer.send(new ShutdownCompleteChunk(TagBit.REFLECTED_TAG)));
    only(peer.nextTimer(), ShutdownAckChunk.class);
  }

  @Test
  void aShutdownCompleteWithoutTheTBitAndThePeersTagIsDropped() {
    HandPeer peer = in(AssociationPhase.SHUTDOWN_ACK_SENT);

    assertWrongTag(peer, peer.sendWithTag(TAG, new ShutdownCompleteChunk(TagBit.RECEIVERS_TAG)));
    only(peer.nextTimer(), ShutdownAckChunk.class);
  }

  @Test
  void aShutdownAckWithAnotherTagInShutdownSentIsDropped() {
    HandPeer peer = in(AssociationPhase.SHUTDOWN_SENT);

    assertWrongTag(peer, peer.sendWithTag(TAG, new ShutdownAckChunk()));
    only(peer.nextTimer(), ShutdownChunk.class);
  }

  @Test
  void aShutdownWithAnotherTagIsDropped() {
    HandPeer peer = HandPeer.established();

    assertWrongTag(peer, peer.sendWithTag(TAG, new ShutdownChunk(peer.peerInitialTsn - 1)));
    assertThat(peer.association.state()).isEqualTo(AssociationPhase.ESTABLISHED);
  }

  @Test
  void aHeartbeatWithAnotherTagIsNotAnswered() {
    HandPeer peer = HandPeer.established();

    assertWrongTag(peer, peer.sendWithTag(TAG, HEARTBEAT));
  }

  // --- out of the blue, section 8.4 ---

  private static List<byte[]> outOfTheBlue(Chunk... chunks) {
    HandPeer peer = in(AssociationPhase.CLOSED);
    List<byte[]> answer = peer.sendWithTag(0x0abc, chunks);
    assertThat(peer.drops(DropReason.OUT_OF_THE_BLUE)).isEqualTo(1);
    return answer;
  }

  private static void assertAborted(List<byte[]> answer) {
    assertThat(only(answer, AbortChunk.class).tagBit()).isEqualTo(TagBit.REFLECTED_TAG);
    assertThat(tagOf(answer)).isEqualTo(0x0abc);
  }

  @Test
  void anOutOfTheBlueSackIsAborted() {
    assertAborted(outOfTheBlue(sack(5, 5000)));
  }

  @Test
  void anOutOfTheBlueHeartbeatIsAborted() {
    assertAborted(outOfTheBlue(HEARTBEAT));
  }

  @Test
  void anOutOfTheBlueInitAckIsAborted() {
    assertAborted(outOfTheBlue(new InitAckChunk(initAckBody(TAG))));
  }

  @Test
  void anOutOfTheBlueAbortGetsNoAnswer() {
    assertThat(outOfTheBlue(abort(TagBit.REFLECTED_TAG))).isEmpty();
  }

  @Test
  void outOfTheBlueDataBundledWithAnAbortGetsNoAnswer() {
    assertThat(outOfTheBlue(data(1, 0, 0, 4), abort(TagBit.RECEIVERS_TAG))).isEmpty();
  }

  @Test
  void anOutOfTheBlueCookieAckGetsNoAnswer() {
    assertThat(outOfTheBlue(new CookieAckChunk())).isEmpty();
  }

  @Test
  void anOutOfTheBlueCookieAckWithDataGetsNoAnswer() {
    assertThat(outOfTheBlue(new CookieAckChunk(), data(1, 0, 0, 4))).isEmpty();
  }

  @Test
  void anOutOfTheBlueStaleCookieErrorGetsNoAnswer() {
    var stale = new ErrorCause(ErrorCause.STALE_COOKIE, Octets.copyOf(new byte[4]));

    assertThat(outOfTheBlue(new ErrorChunk(List.of(stale)))).isEmpty();
  }

  @Test
  void anOutOfTheBlueErrorOfAnotherKindIsAborted() {
    assertAborted(outOfTheBlue(new ErrorChunk(List.of(ErrorCause.of(ErrorCause.OUT_OF_RESOURCE)))));
  }

  @Test
  void anOutOfTheBlueShutdownCompleteGetsNoAnswer() {
    assertThat(outOfTheBlue(new ShutdownCompleteChunk(TagBit.RECEIVERS_TAG))).isEmpty();
  }

  @Test
  void anOutOfTheBlueShutdownAckBehindASackGetsShutdownComplete() {
    List<byte[]> answer = outOfTheBlue(sack(5, 5000), new ShutdownAckChunk());

    assertThat(only(answer, ShutdownCompleteChunk.class).tagBit()).isEqualTo(TagBit.REFLECTED_TAG);
    assertThat(all(answer, AbortChunk.class)).isEmpty();
  }

  @Test
  void aShutdownAckRepeatedAfterTheEndGetsShutdownCompleteAgain() {
    // Our SHUTDOWN COMPLETE was lost.
    HandPeer peer = in(AssociationPhase.SHUTDOWN_SENT);
    only(peer.send(new ShutdownAckChunk()), ShutdownCompleteChunk.class);

    List<byte[]> answer = peer.send(new ShutdownAckChunk());

    assertThat(only(answer, ShutdownCompleteChunk.class).tagBit()).isEqualTo(TagBit.REFLECTED_TAG);
  }

  // --- ports and checksums, section 6.8 ---

  @Test
  void aPacketToAnotherPortIsDropped() {
    HandPeer peer = HandPeer.established();
    byte[] packet = peer.packet(peer.peerTag, HEARTBEAT);
    PacketHeader.write(packet, 0, 5000, 5002, peer.peerTag);
    new PacketHeader().seal(packet, 0, packet.length);

    assertThat(peer.sendBytes(packet)).isEmpty();
    assertThat(peer.drops(DropReason.WRONG_PORTS)).isEqualTo(1);
  }

  @Test
  void aPacketFromAnotherPortIsDropped() {
    HandPeer peer = HandPeer.established();
    byte[] packet = peer.packet(peer.peerTag, HEARTBEAT);
    PacketHeader.write(packet, 0, 5002, 5000, peer.peerTag);
    new PacketHeader().seal(packet, 0, packet.length);

    assertThat(peer.sendBytes(packet)).isEmpty();
    assertThat(peer.drops(DropReason.WRONG_PORTS)).isEqualTo(1);
  }

  @Test
  void anInitWithAWrongChecksumIsDropped() {
    HandPeer peer = in(AssociationPhase.CLOSED);
    byte[] packet = peer.packet(0, new InitChunk(initBody(TAG, EXTENSIONS)));
    packet[8] ^= 1;

    assertThat(peer.sendBytes(packet)).isEmpty();
    assertThat(peer.drops(DropReason.BAD_CHECKSUM)).isEqualTo(1);
  }

  @Test
  void aChecksumInTheByteOrderOfTheHeaderIsWrong() {
    // CRC32c is written least significant byte first.
    HandPeer peer = HandPeer.established();
    byte[] packet = peer.packet(peer.peerTag, HEARTBEAT);
    byte[] sum = Arrays.copyOfRange(packet, 8, 12);
    for (int i = 0; i < 4; i++) {
      packet[8 + i] = sum[3 - i];
    }

    assertThat(peer.sendBytes(packet)).isEmpty();
    assertThat(peer.drops(DropReason.BAD_CHECKSUM)).isEqualTo(1);
  }

  @Test
  void otherPortsThanTheDefaultAreUsedAndAsked() {
    AssociationOptions options =
        AssociationOptions.rfc().toBuilder().localPort(5001).peerPort(6001).build();
    var peer = new HandPeer(options);
    peer.association.connect(0);

    byte[] init = peer.poll().get(0);

    assertThat(PacketHeader.sourcePort(init, 0)).isEqualTo(5001);
    assertThat(PacketHeader.destinationPort(init, 0)).isEqualTo(6001);
    // HandPeer answers from 5000 to 5000.
    assertThat(peer.sendWithTag(1, new InitAckChunk(initAckBody(TAG)))).isEmpty();
    assertThat(peer.drops(DropReason.WRONG_PORTS)).isEqualTo(1);
  }

  // --- zero checksums, RFC 9653 ---

  @Test
  void aCookieEchoWithoutChecksumIsDroppedEvenIfAgreedOn() {
    var peer = new HandPeer(ZERO);
    InitBody ack =
        only(peer.sendInit(initBody(TAG, List.of(ZERO_CHECKSUM))), InitAckChunk.class).body();
    peer.peerTag = ack.initiateTag();

    assertThat(
            peer.sendBytes(
                unsealed(peer, peer.packet(peer.peerTag, new CookieEchoChunk(cookieOf(ack))))))
        .isEmpty();
    assertThat(peer.drops(DropReason.BAD_CHECKSUM)).isEqualTo(1);
  }

  @Test
  void anInitWithoutChecksumIsDropped() {
    HandPeer peer = HandPeer.established(ZERO, List.of(ZERO_CHECKSUM));
    byte[] packet = peer.packet(0, new InitChunk(initBody(9, List.of(ZERO_CHECKSUM))));
    PacketHeader.write(packet, 0, 5000, 5000, 0);

    assertThat(peer.sendBytes(packet)).isEmpty();
    assertThat(peer.drops(DropReason.BAD_CHECKSUM)).isEqualTo(1);
  }

  @Test
  void aNonZeroWrongChecksumIsDroppedEvenIfZeroWasAgreedOn() {
    HandPeer peer = HandPeer.established(ZERO, List.of(ZERO_CHECKSUM));
    byte[] packet = peer.packet(peer.peerTag, HEARTBEAT);
    packet[9] ^= 4;

    assertThat(peer.sendBytes(packet)).isEmpty();
    assertThat(peer.drops(DropReason.BAD_CHECKSUM)).isEqualTo(1);
  }

  @Test
  void aRightChecksumIsTakenEvenIfZeroWasAgreedOn() {
    HandPeer peer = HandPeer.established(ZERO, List.of(ZERO_CHECKSUM));

    List<byte[]> answer = peer.send(HEARTBEAT);

    only(answer, HeartbeatAckChunk.class);
    assertThat(isZero(answer.get(0))).isTrue();
  }

  @Test
  void aZeroChecksumIsTakenOnceAgreedOn() {
    HandPeer peer = HandPeer.established(ZERO, List.of(ZERO_CHECKSUM));

    only(
        peer.sendBytes(unsealed(peer, peer.packet(peer.peerTag, HEARTBEAT))),
        HeartbeatAckChunk.class);
  }

  @Test
  void anotherErrorDetectionMethodIsNoAgreement() {
    // Only method 1, DTLS, is known.
    var other =
        new Parameter(Parameter.ZERO_CHECKSUM_ACCEPTABLE, Octets.copyOf(new byte[] {0, 0, 0, 2}));
    HandPeer peer = HandPeer.established(ZERO, List.of(other));

    List<byte[]> answer = peer.send(HEARTBEAT);

    assertThat(isZero(answer.get(0))).isFalse();
  }

  @Test
  void aPeerThatDoesNotNameItGetsChecksums() {
    HandPeer peer = HandPeer.established(ZERO, EXTENSIONS);
    peer.userSends(0, 100);

    assertThat(peer.poll()).isNotEmpty().noneMatch(TagsAndFormatScenarioTest::isZero);
  }

  @Test
  void withoutTheOptionTheInitAckDoesNotNameItAndPacketsHaveChecksums() {
    HandPeer peer = HandPeer.established(AssociationOptions.rfc(), List.of(ZERO_CHECKSUM));
    peer.userSends(0, 100);

    assertThat(peer.poll()).isNotEmpty().noneMatch(TagsAndFormatScenarioTest::isZero);
  }

  @Test
  void theOpenersCookieEchoHasAChecksumAndItsDataNone() {
    HandPeer peer = HandPeer.inCookieWait(ZERO);
    var parameters = new ArrayList<>(initAckBody(TAG).parameters());
    parameters.add(ZERO_CHECKSUM);

    List<byte[]> echo = peer.send(new InitAckChunk(initBody(TAG, parameters)));
    peer.send(new CookieAckChunk());
    peer.userSends(0, 10);

    assertThat(echo).hasSize(1).noneMatch(TagsAndFormatScenarioTest::isZero);
    assertThat(peer.poll()).hasSize(1).allMatch(TagsAndFormatScenarioTest::isZero);
  }

  @Test
  void anAbortToAPacketOutOfTheBlueHasAChecksum() {
    // RFC 9653 section 5.2: the peer may know nothing of what was agreed on.
    HandPeer peer = HandPeer.established(ZERO, List.of(ZERO_CHECKSUM));
    peer.association.abort(0, "");
    List<byte[]> abort = peer.poll();

    List<byte[]> second = peer.send(HEARTBEAT);

    assertThat(abort).hasSize(1).allMatch(TagsAndFormatScenarioTest::isZero);
    only(second, AbortChunk.class);
    assertThat(second).noneMatch(TagsAndFormatScenarioTest::isZero);
  }

  // --- lengths, section 3.2 ---

  @Test
  void aPacketOfAHeaderAloneIsTooShort() {
    HandPeer peer = HandPeer.established();

    assertThat(peer.sendBytes(peer.seal(new byte[12], peer.peerTag))).isEmpty();
    assertThat(peer.drops(DropReason.TOO_SHORT)).isEqualTo(1);
  }

  @Test
  void aPacketOfElevenBytesIsTooShort() {
    HandPeer peer = HandPeer.established();

    assertThat(peer.sendBytes(new byte[11])).isEmpty();
    assertThat(peer.drops(DropReason.TOO_SHORT)).isEqualTo(1);
  }

  @Test
  void aChunkOfLengthThreeIsAViolation() {
    HandPeer peer = HandPeer.established();
    byte[] packet = peer.packet(peer.peerTag, new CookieAckChunk());
    packet[15] = 3;

    List<byte[]> answer = peer.sendBytes(peer.seal(packet, peer.peerTag));

    assertThat(only(answer, AbortChunk.class).causes().get(0).code())
        .isEqualTo(ErrorCause.PROTOCOL_VIOLATION);
  }

  @Test
  void aChunkThatReachesPastThePacketIsAViolation() {
    HandPeer peer = HandPeer.established();
    byte[] packet = peer.packet(peer.peerTag, HEARTBEAT);
    packet[15] += 1;

    only(peer.sendBytes(peer.seal(packet, peer.peerTag)), AbortChunk.class);
  }

  @Test
  void whatPrecedesAChunkThatReachesPastThePacketCounts() {
    HandPeer peer = HandPeer.established();
    byte[] packet = peer.packet(peer.peerTag, data(INITIAL_TSN, 0, 0, 4), HEARTBEAT);
    packet[packet.length - HEARTBEAT.paddedLength() + 3] += 4;

    peer.sendBytes(peer.seal(packet, peer.peerTag));

    assertThat(peer.events(MessageReceived.class)).hasSize(1);
    assertThat(peer.events(Aborted.class)).hasSize(1);
  }

  @Test
  void aMalformedChunkInCookieEchoedIsDroppedAndTheHandshakeGoesOn() {
    HandPeer peer = HandPeer.inCookieEchoed(AssociationOptions.rfc());
    byte[] packet = peer.packet(peer.peerTag, new CookieAckChunk());
    packet[15] = 0;

    assertThat(peer.sendBytes(peer.seal(packet, peer.peerTag))).isEmpty();
    only(peer.nextTimer(), CookieEchoChunk.class);
  }

  @Test
  void aMalformedInitLeavesAnEstablishedAssociationAlone() {
    // It carries tag 0: anybody could have sent it.
    HandPeer peer = HandPeer.established();
    byte[] packet = peer.packet(0, new InitChunk(initBody(TAG, EXTENSIONS)));
    packet[15] += 8;

    assertThat(peer.sendBytes(peer.seal(packet, 0))).isEmpty();
    assertThat(peer.association.state()).isEqualTo(AssociationPhase.ESTABLISHED);
  }

  @Test
  void aMalformedCookieEchoLeavesAnEstablishedAssociationAlone() {
    // Its tag is held against the cookie only once that is read.
    HandPeer peer = HandPeer.established();
    byte[] packet = peer.packet(0x0bad, new CookieEchoChunk(Octets.copyOf(new byte[8])));
    packet[15] = 2;

    assertThat(peer.sendBytes(peer.seal(packet, 0x0bad))).isEmpty();
    assertThat(peer.association.state()).isEqualTo(AssociationPhase.ESTABLISHED);
  }

  @Test
  void aMalformedAbortIsDroppedAndNeverAnsweredByAnAbort() {
    // Section 3.3.7: "an endpoint … MUST NOT respond to that ABORT by sending an ABORT of its own".
    HandPeer peer = HandPeer.established();
    byte[] packet =
        peer.packet(
            peer.peerTag,
            new AbortChunk(TagBit.RECEIVERS_TAG, List.of(ErrorCause.of(ErrorCause.STALE_COOKIE))));
    packet[packet.length - 1] = 3;

    assertThat(all(peer.sendBytes(peer.seal(packet, peer.peerTag)), AbortChunk.class)).isEmpty();
    assertThat(peer.drops(DropReason.MALFORMED_CHUNK)).isEqualTo(1);
  }

  @Test
  void theLastChunkMayComeWithoutItsPadding() {
    HandPeer peer = HandPeer.established();
    byte[] whole = peer.packet(peer.peerTag, data(INITIAL_TSN, 0, 0, 5));

    peer.sendBytes(peer.seal(Arrays.copyOf(whole, whole.length - 3), peer.peerTag));

    assertThat(peer.events(MessageReceived.class).get(0).payload()).hasSize(5);
  }

  @Test
  void paddingThatIsNotZeroIsIgnored() {
    // "The receiver MUST ignore the padding bytes."
    HandPeer peer = HandPeer.established();
    byte[] packet = peer.packet(peer.peerTag, data(INITIAL_TSN, 0, 0, 5), HEARTBEAT);
    int padding = packet.length - HEARTBEAT.paddedLength() - 3;
    Arrays.fill(packet, padding, padding + 3, (byte) 0xff);

    only(peer.sendBytes(peer.seal(packet, peer.peerTag)), HeartbeatAckChunk.class);
    assertThat(peer.events(MessageReceived.class).get(0).payload()).hasSize(5);
  }

  @Test
  void bytesBehindTheLastChunkThatAreNoChunkAreIgnored() {
    HandPeer peer = HandPeer.established();
    byte[] whole = peer.packet(peer.peerTag, HEARTBEAT);

    only(
        peer.sendBytes(peer.seal(Arrays.copyOf(whole, whole.length + 2), peer.peerTag)),
        HeartbeatAckChunk.class);
  }

  @Test
  void paddingChunksAreIgnored() {
    // RFC 4820.
    HandPeer peer = HandPeer.established();

    only(peer.send(new PadChunk(Octets.copyOf(new byte[400])), HEARTBEAT), HeartbeatAckChunk.class);
  }

  @Test
  void aShutdownCompleteBundledWithDataIsDropped() {
    // Section 6.10.
    HandPeer peer = in(AssociationPhase.SHUTDOWN_ACK_SENT);

    assertThat(
            peer.send(new ShutdownCompleteChunk(TagBit.RECEIVERS_TAG), data(INITIAL_TSN, 0, 0, 4)))
        .isEmpty();
    assertThat(peer.drops(DropReason.BAD_BUNDLE)).isEqualTo(1);
    only(peer.nextTimer(), ShutdownAckChunk.class);
  }

  @Test
  void controlChunksGoBeforeDataInOnePacket() {
    HandPeer peer = HandPeer.established();
    peer.userSends(0, 20);

    List<byte[]> answer = peer.send(HEARTBEAT);

    assertThat(answer).hasSize(1);
    assertThat(PacketText.chunks(answer.get(0)))
        .hasExactlyElementsOfTypes(HeartbeatAckChunk.class, DataChunk.class);
  }

  @Test
  void anErrorChunkIsTakenInSilence() {
    HandPeer peer = HandPeer.established();

    assertThat(
            peer.send(
                new ErrorChunk(
                    List.of(
                        ErrorCause.of(ErrorCause.UNRECOGNIZED_PARAMETERS, "abcd"),
                        ErrorCause.of(ErrorCause.INVALID_STREAM_IDENTIFIER)))))
        .isEmpty();
    assertThat(peer.association.state()).isEqualTo(AssociationPhase.ESTABLISHED);
  }

  @Test
  void aCookieEchoBundledWithAnErrorOpensAllTheSame() {
    var peer = new HandPeer(AssociationOptions.rfc());
    InitBody ack = only(peer.sendInit(initBody(TAG, EXTENSIONS)), InitAckChunk.class).body();

    List<byte[]> answer =
        peer.sendWithTag(
            ack.initiateTag(),
            new CookieEchoChunk(cookieOf(ack)),
            new ErrorChunk(List.of(ErrorCause.of(ErrorCause.UNRECOGNIZED_PARAMETERS, "abcd"))));

    only(answer, CookieAckChunk.class);
    assertThat(peer.association.state()).isEqualTo(AssociationPhase.ESTABLISHED);
  }
}
