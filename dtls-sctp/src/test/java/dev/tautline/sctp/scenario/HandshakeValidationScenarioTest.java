package dev.tautline.sctp.scenario;

import static dev.tautline.sctp.HandPeer.COOKIE;
import static dev.tautline.sctp.HandPeer.EXTENSIONS;
import static dev.tautline.sctp.HandPeer.INITIAL_TSN;
import static dev.tautline.sctp.HandPeer.TAG;
import static dev.tautline.sctp.HandPeer.WINDOW;
import static dev.tautline.sctp.HandPeer.all;
import static dev.tautline.sctp.HandPeer.cookieOf;
import static dev.tautline.sctp.HandPeer.initAckBody;
import static dev.tautline.sctp.HandPeer.initBody;
import static dev.tautline.sctp.HandPeer.only;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tautline.sctp.AssociationEvent.Aborted;
import dev.tautline.sctp.AssociationEvent.Established;
import dev.tautline.sctp.AssociationEvent.Origin;
import dev.tautline.sctp.AssociationEvent.StreamsResetFailed;
import dev.tautline.sctp.AssociationOptions;
import dev.tautline.sctp.AssociationPhase;
import dev.tautline.sctp.DropReason;
import dev.tautline.sctp.HandPeer;
import dev.tautline.sctp.PacketText;
import dev.tautline.sctp.SendOptions;
import dev.tautline.sctp.SendOptions.Ordering;
import dev.tautline.sctp.SendOptions.Reliability;
import dev.tautline.sctp.SendResult;
import dev.tautline.sctp.packet.AbortChunk;
import dev.tautline.sctp.packet.CookieAckChunk;
import dev.tautline.sctp.packet.CookieEchoChunk;
import dev.tautline.sctp.packet.DataChunk;
import dev.tautline.sctp.packet.ErrorCause;
import dev.tautline.sctp.packet.ErrorChunk;
import dev.tautline.sctp.packet.ForwardTsnChunk;
import dev.tautline.sctp.packet.IDataChunk;
import dev.tautline.sctp.packet.InitAckChunk;
import dev.tautline.sctp.packet.InitBody;
import dev.tautline.sctp.packet.InitChunk;
import dev.tautline.sctp.packet.Octets;
import dev.tautline.sctp.packet.PacketHeader;
import dev.tautline.sctp.packet.Parameter;
import dev.tautline.sctp.packet.ReconfigChunk;
import dev.tautline.sctp.packet.TagBit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * RFC 9260 sections 3.2.1, 3.3.2, 3.3.3, 5.1 and 5.1.1: what INIT and INIT ACK may say, and what
 * the two sides agree on.
 */
@Scenarios
class HandshakeValidationScenarioTest {
  private static final AssociationOptions RFC = AssociationOptions.rfc();

  private static Parameter unknown(int type) {
    return new Parameter(type, Octets.copyOf(new byte[] {1, 2, 3, 4}));
  }

  private static Parameter extensions(int... chunkTypes) {
    byte[] bytes = new byte[chunkTypes.length];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) chunkTypes[i];
    }
    return new Parameter(Parameter.SUPPORTED_EXTENSIONS, Octets.copyOf(bytes));
  }

  private static List<Parameter> withCookie(Parameter... others) {
    var parameters = new ArrayList<Parameter>();
    parameters.add(new Parameter(Parameter.STATE_COOKIE, COOKIE));
    parameters.addAll(Arrays.asList(others));
    return parameters;
  }

  /** What a closed association answers to an INIT with these parameters. */
  private static InitBody answerTo(HandPeer peer, Parameter... parameters) {
    return only(peer.sendInit(initBody(TAG, List.of(parameters))), InitAckChunk.class).body();
  }

  private static List<Octets> reported(InitBody initAck) {
    return initAck.parameters().stream()
        .filter(p -> p.type() == Parameter.UNRECOGNIZED_PARAMETER)
        .map(Parameter::value)
        .toList();
  }

  private static HandPeer establishedWith(Parameter... parameters) {
    return HandPeer.established(RFC, List.of(parameters));
  }

  private static List<byte[]> answerToInitAck(HandPeer peer, InitBody body) {
    return peer.send(new InitAckChunk(body));
  }

  private static void assertRefused(HandPeer peer, List<byte[]> answer, int causeCode) {
    AbortChunk abort = only(answer, AbortChunk.class);
    assertThat(abort.tagBit()).isEqualTo(TagBit.RECEIVERS_TAG);
    assertThat(abort.causes().get(0).code()).isEqualTo(causeCode);
    assertThat(PacketHeader.verificationTag(answer.get(0), 0)).isEqualTo(TAG);
    assertThat(peer.association.state()).isEqualTo(AssociationPhase.CLOSED);
  }

  // --- unknown parameters, section 3.2.1 ---

  @Test
  void anUnknownParameterOfBits00EndsTheParametersInSilence() {
    InitBody ack = answerTo(new HandPeer(RFC), unknown(0x3abc), unknown(0xfabc));

    assertThat(reported(ack)).isEmpty();
  }

  @Test
  void anUnknownParameterOfBits01EndsTheParametersAndIsReported() {
    InitBody ack = answerTo(new HandPeer(RFC), unknown(0x7abc), unknown(0xfabc));

    assertThat(reported(ack)).containsExactly(unknown(0x7abc).toOctets());
  }

  @Test
  void anUnknownParameterOfBits10IsSkippedInSilence() {
    InitBody ack = answerTo(new HandPeer(RFC), unknown(0xbabc), unknown(0xfabc));

    assertThat(reported(ack)).containsExactly(unknown(0xfabc).toOctets());
  }

  @Test
  void anUnknownParameterOfBits11IsSkippedAndReported() {
    InitBody ack = answerTo(new HandPeer(RFC), unknown(0xeabc), unknown(0xeabd));

    assertThat(reported(ack))
        .containsExactly(unknown(0xeabc).toOctets(), unknown(0xeabd).toOctets());
  }

  @Test
  void whatFollowsAParameterThatEndsTheParametersDoesNotCount() {
    // "Stop processing this parameter and do not process any further parameters within this chunk."
    HandPeer peer =
        establishedWith(
            unknown(0x3abc), new Parameter(Parameter.FORWARD_TSN_SUPPORTED, Octets.EMPTY));
    var once = new SendOptions(Ordering.ORDERED, new Reliability.MaxRetransmits(0));
    peer.userSends(0, 10, once);
    only(peer.poll(), DataChunk.class);

    // FORWARD-TSN was not agreed on: the message is repeated instead of given up.
    only(peer.nextPackets(), DataChunk.class);
  }

  @Test
  void whatPrecedesAParameterThatEndsTheParametersCounts() {
    HandPeer peer =
        establishedWith(
            new Parameter(Parameter.FORWARD_TSN_SUPPORTED, Octets.EMPTY), unknown(0x3abc));
    var once = new SendOptions(Ordering.ORDERED, new Reliability.MaxRetransmits(0));
    peer.userSends(0, 10, once);
    only(peer.poll(), DataChunk.class);

    only(peer.nextPackets(), ForwardTsnChunk.class);
  }

  @Test
  void anInitAckWhoseCookieComesAfterTheEndOfTheParametersHasNoCookie() {
    HandPeer peer = HandPeer.inCookieWait(RFC);
    var parameters = new ArrayList<>(withCookie());
    parameters.add(0, unknown(0x3abc));

    assertRefused(
        peer,
        answerToInitAck(peer, initBody(TAG, parameters)),
        ErrorCause.MISSING_MANDATORY_PARAMETER);
  }

  @Test
  void unknownParametersOfAnInitAckAreReportedByBits11AlongWithTheCookie() {
    HandPeer peer = HandPeer.inCookieWait(RFC);

    List<byte[]> answer =
        answerToInitAck(peer, initBody(TAG, withCookie(unknown(0xc777), unknown(0x8777))));

    assertThat(answer).hasSize(1);
    assertThat(PacketText.chunks(answer.get(0)).get(0)).isInstanceOf(CookieEchoChunk.class);
    ErrorCause cause = only(answer, ErrorChunk.class).causes().get(0);
    assertThat(cause.code()).isEqualTo(ErrorCause.UNRECOGNIZED_PARAMETERS);
    assertThat(cause.info()).isEqualTo(unknown(0xc777).toOctets());
  }

  @Test
  void unknownParametersOfAnInitAckAreReportedByBits01AsTheLast() {
    HandPeer peer = HandPeer.inCookieWait(RFC);

    List<byte[]> answer =
        answerToInitAck(peer, initBody(TAG, withCookie(unknown(0x4777), unknown(0xc777))));

    assertThat(only(answer, ErrorChunk.class).causes().get(0).info())
        .isEqualTo(unknown(0x4777).toOctets());
  }

  @Test
  void unknownParametersOfAnInitAckOfBits00And10AreNotReported() {
    HandPeer peer = HandPeer.inCookieWait(RFC);

    List<byte[]> answer =
        answerToInitAck(peer, initBody(TAG, withCookie(unknown(0x8777), unknown(0x0777))));

    assertThat(all(answer, ErrorChunk.class)).isEmpty();
    only(answer, CookieEchoChunk.class);
  }

  @Test
  void manyUnknownParametersAreReportedOnlyAsFarAsHalfAPacket() {
    var many = new ArrayList<Parameter>();
    for (int i = 0; i < 40; i++) {
      many.add(new Parameter(0xc100 + i, Octets.copyOf(new byte[24])));
    }
    var peer = new HandPeer(RFC);

    List<byte[]> answer = peer.sendInit(initBody(TAG, many));

    assertThat(reported(only(answer, InitAckChunk.class).body())).hasSizeBetween(10, 20);
    assertThat(answer.get(0).length).isLessThanOrEqualTo(1188);
  }

  @Test
  void addressesAndSupportedAddressTypesOfAnInitAreNeitherUsedNorReported() {
    // RFC 8261 section 6.1: the association has no addresses.
    InitBody ack =
        answerTo(
            new HandPeer(RFC),
            new Parameter(Parameter.IPV4_ADDRESS, Octets.copyOf(new byte[] {10, 0, 0, 1})),
            new Parameter(Parameter.IPV6_ADDRESS, Octets.copyOf(new byte[16])),
            new Parameter(Parameter.SUPPORTED_ADDRESS_TYPES, Octets.copyOf(new byte[] {0, 6})));

    assertThat(reported(ack)).isEmpty();
    assertThat(ack.parameter(Parameter.IPV4_ADDRESS)).isEmpty();
  }

  @Test
  void addressesInAnInitAckAreIgnored() {
    HandPeer peer = HandPeer.inCookieWait(RFC);
    var address = new Parameter(Parameter.IPV4_ADDRESS, Octets.copyOf(new byte[] {10, 0, 0, 1}));

    List<byte[]> answer = answerToInitAck(peer, initBody(TAG, withCookie(address)));

    only(answer, CookieEchoChunk.class);
    assertThat(all(answer, ErrorChunk.class)).isEmpty();
  }

  @Test
  void aCookiePreservativeIsUnderstood() {
    InitBody ack =
        answerTo(
            new HandPeer(RFC),
            new Parameter(Parameter.COOKIE_PRESERVATIVE, Octets.copyOf(new byte[] {0, 0, 39, 16})));

    assertThat(reported(ack)).isEmpty();
  }

  // --- what INIT must say, section 3.3.2 ---

  @Test
  void anInitWithoutInboundStreamsIsRefused() {
    var peer = new HandPeer(RFC);

    assertRefused(
        peer,
        peer.sendInit(new InitBody(TAG, WINDOW, 10, 0, 1, List.of())),
        ErrorCause.INVALID_MANDATORY_PARAMETER);
  }

  @Test
  void anInitWithAWindowOf1499BytesIsRefused() {
    var peer = new HandPeer(RFC);

    assertRefused(
        peer, peer.sendInit(initBody(TAG, 1499, EXTENSIONS)), ErrorCause.PROTOCOL_VIOLATION);
  }

  @Test
  void anInitWithAWindowOf1500BytesIsTakenAndTheWindowKept() {
    HandPeer peer = HandPeer.established(RFC, EXTENSIONS, 1500);
    peer.userSends(0, 5000);

    int payload =
        all(peer.poll(), DataChunk.class).stream().mapToInt(d -> d.payload().length()).sum();

    assertThat(payload).isBetween(1, 1500);
  }

  @Test
  void anInitShorterThanItsFixedPartIsDroppedInSilence() {
    var peer = new HandPeer(RFC);
    byte[] whole = peer.packet(0, new InitChunk(initBody(TAG, List.of())));
    byte[] cut = Arrays.copyOf(whole, whole.length - 4);
    cut[15] -= 4;

    assertThat(peer.sendBytes(peer.seal(cut, 0))).isEmpty();
    assertThat(peer.drops(DropReason.MALFORMED_CHUNK)).isEqualTo(1);
  }

  @Test
  void anInitThatClaimsToBeLongerThanItsPacketIsDroppedInSilence() {
    var peer = new HandPeer(RFC);
    byte[] packet = peer.packet(0, new InitChunk(initBody(TAG, List.of())));
    packet[15] += 8;

    assertThat(peer.sendBytes(peer.seal(packet, 0))).isEmpty();
    assertThat(peer.drops(DropReason.MALFORMED_CHUNK)).isEqualTo(1);
  }

  @Test
  void anInitWithAParameterShorterThanItsHeaderIsDropped() {
    var peer = new HandPeer(RFC);
    byte[] packet = peer.packet(0, new InitChunk(initBody(TAG, List.of(unknown(0xc123)))));
    packet[packet.length - 5] = 3;

    assertThat(peer.sendBytes(peer.seal(packet, 0))).isEmpty();
    assertThat(peer.drops(DropReason.MALFORMED_CHUNK)).isEqualTo(1);
  }

  @Test
  void anInitWithAParameterThatReachesPastItIsDropped() {
    var peer = new HandPeer(RFC);
    byte[] packet = peer.packet(0, new InitChunk(initBody(TAG, List.of(unknown(0xc123)))));
    packet[packet.length - 5] = 40;

    assertThat(peer.sendBytes(peer.seal(packet, 0))).isEmpty();
    assertThat(peer.drops(DropReason.MALFORMED_CHUNK)).isEqualTo(1);
  }

  @Test
  void anInitBundledWithDataIsDropped() {
    // Section 6.10: "INIT … MUST NOT be bundled".
    var peer = new HandPeer(RFC);

    assertThat(
            peer.sendWithTag(
                0, new InitChunk(initBody(TAG, EXTENSIONS)), HandPeer.data(INITIAL_TSN, 0, 0, 4)))
        .isEmpty();
    assertThat(peer.drops(DropReason.BAD_BUNDLE)).isEqualTo(1);
  }

  @Test
  void anInitBehindAnotherChunkIsDropped() {
    HandPeer peer = HandPeer.established();

    assertThat(peer.send(new CookieAckChunk(), new InitChunk(initBody(9, EXTENSIONS)))).isEmpty();
    assertThat(peer.drops(DropReason.BAD_BUNDLE)).isEqualTo(1);
  }

  @Test
  void anInitAckBundledWithDataIsDroppedAndTheHandshakeGoesOn() {
    HandPeer peer = HandPeer.inCookieWait(RFC);

    assertThat(peer.send(new InitAckChunk(initAckBody(TAG)), HandPeer.data(INITIAL_TSN, 0, 0, 4)))
        .isEmpty();

    assertThat(peer.drops(DropReason.BAD_BUNDLE)).isEqualTo(1);
    only(peer.nextTimer(), InitChunk.class);
  }

  // --- what INIT ACK must say, section 3.3.3 ---

  @Test
  void anInitAckWithoutOutboundStreamsEndsTheHandshake() {
    HandPeer peer = HandPeer.inCookieWait(RFC);

    assertRefused(
        peer,
        answerToInitAck(peer, new InitBody(TAG, WINDOW, 0, 10, 1, withCookie())),
        ErrorCause.INVALID_MANDATORY_PARAMETER);
    assertThat(peer.events(Aborted.class).get(0).origin()).isEqualTo(Origin.LOCAL);
  }

  @Test
  void anInitAckWithoutInboundStreamsEndsTheHandshake() {
    HandPeer peer = HandPeer.inCookieWait(RFC);

    assertRefused(
        peer,
        answerToInitAck(peer, new InitBody(TAG, WINDOW, 10, 0, 1, withCookie())),
        ErrorCause.INVALID_MANDATORY_PARAMETER);
  }

  @Test
  void anInitAckWithATinyWindowEndsTheHandshake() {
    HandPeer peer = HandPeer.inCookieWait(RFC);

    assertRefused(
        peer,
        answerToInitAck(peer, initBody(TAG, 1000, withCookie())),
        ErrorCause.PROTOCOL_VIOLATION);
  }

  @Test
  void anInitAckOfTagZeroEndsTheHandshakeWithoutAnAnswer() {
    // Section 3.3.3: "MUST destroy the association"; there is no tag to answer with.
    HandPeer peer = HandPeer.inCookieWait(RFC);

    assertThat(answerToInitAck(peer, initAckBody(0))).isEmpty();
    assertThat(peer.events(Aborted.class)).hasSize(1);
    assertThat(peer.association.nextDeadlineNanos()).isEqualTo(Long.MAX_VALUE);
  }

  @Test
  void anInitAckWithAHostNameEndsTheHandshake() {
    HandPeer peer = HandPeer.inCookieWait(RFC);
    var host = new Parameter(Parameter.HOST_NAME_ADDRESS, Octets.ofUtf8("example.org\0"));

    assertRefused(
        peer,
        answerToInitAck(peer, initBody(TAG, withCookie(host))),
        ErrorCause.UNRESOLVABLE_ADDRESS);
  }

  @Test
  void anInitAckShorterThanItsFixedPartIsDroppedAndTheInitRepeated() {
    HandPeer peer = HandPeer.inCookieWait(RFC);
    byte[] whole = peer.packet(peer.peerTag, new InitAckChunk(initBody(TAG, List.of())));
    byte[] cut = Arrays.copyOf(whole, whole.length - 4);
    cut[15] -= 4;

    assertThat(peer.sendBytes(peer.seal(cut, peer.peerTag))).isEmpty();

    assertThat(peer.association.state()).isEqualTo(AssociationPhase.COOKIE_WAIT);
    only(peer.nextTimer(), InitChunk.class);
  }

  @Test
  void aCookieThatFillsAPacketIsSentBackWhole() {
    HandPeer peer = HandPeer.inCookieWait(RFC);
    Octets large = Octets.copyOf(new byte[1188 - 12 - 4]);
    InitBody body = initBody(TAG, List.of(new Parameter(Parameter.STATE_COOKIE, large)));

    assertThat(only(answerToInitAck(peer, body), CookieEchoChunk.class).cookie()).isEqualTo(large);
  }

  @Test
  void aCookieLargerThanAPacketEndsTheHandshake() {
    HandPeer peer = HandPeer.inCookieWait(RFC);
    Octets large = Octets.copyOf(new byte[1188]);
    InitBody body = initBody(TAG, List.of(new Parameter(Parameter.STATE_COOKIE, large)));

    assertRefused(peer, answerToInitAck(peer, body), ErrorCause.OUT_OF_RESOURCE);
  }

  @Test
  void anEmptyCookieIsSentBackAsItIs() {
    // It means something to the peer alone.
    HandPeer peer = HandPeer.inCookieWait(RFC);
    InitBody body = initBody(TAG, List.of(new Parameter(Parameter.STATE_COOKIE, Octets.EMPTY)));

    assertThat(only(answerToInitAck(peer, body), CookieEchoChunk.class).cookie())
        .isEqualTo(Octets.EMPTY);
  }

  // --- streams, section 5.1.1 ---

  @Test
  void theOpenerSendsOnNoMoreStreamsThanThePeerTakes() {
    HandPeer peer = HandPeer.inCookieWait(RFC);
    answerToInitAck(peer, new InitBody(TAG, WINDOW, 7, 3, INITIAL_TSN, withCookie()));
    peer.send(new CookieAckChunk());

    assertThat(peer.events(Established.class)).containsExactly(new Established(3, 7));
    assertThat(peer.userSends(3, 10)).isEqualTo(SendResult.UNKNOWN_STREAM);
    assertThat(peer.userSends(2, 10)).isEqualTo(SendResult.ACCEPTED);
    assertThat(only(peer.poll(), DataChunk.class).streamId()).isEqualTo(2);
  }

  @Test
  void theAnswererSendsOnNoMoreStreamsThanThePeerTakes() {
    var peer = new HandPeer(RFC);
    InitBody ack =
        only(
                peer.sendInit(new InitBody(TAG, WINDOW, 9, 4, INITIAL_TSN, EXTENSIONS)),
                InitAckChunk.class)
            .body();
    peer.sendWithTag(ack.initiateTag(), new CookieEchoChunk(cookieOf(ack)));

    assertThat(peer.events(Established.class)).containsExactly(new Established(4, 9));
    assertThat(peer.userSends(4, 10)).isEqualTo(SendResult.UNKNOWN_STREAM);
  }

  @Test
  void twoStreamsEachWayAreEnough() {
    HandPeer peer =
        HandPeer.established(
            RFC.toBuilder().outgoingStreams(2).incomingStreams(2).build(), EXTENSIONS);
    peer.userSends(0, 10);
    peer.userSends(1, 10);

    assertThat(all(peer.poll(), DataChunk.class))
        .extracting(DataChunk::streamId)
        .containsExactly(0, 1);
    assertThat(peer.userSends(2, 10)).isEqualTo(SendResult.UNKNOWN_STREAM);
    // The peer announced 65535, and gets what fits: stream 2 does not exist.
    List<byte[]> answer = peer.send(HandPeer.data(INITIAL_TSN, 2, 0, 4));
    assertThat(only(answer, ErrorChunk.class).causes().get(0).code())
        .isEqualTo(ErrorCause.INVALID_STREAM_IDENTIFIER);
  }

  @Test
  void theInitNamesWhatTheOptionsSay() {
    var peer =
        new HandPeer(
            RFC.toBuilder()
                .outgoingStreams(12)
                .incomingStreams(34)
                .receiveWindowBytes(100_000)
                .build());
    peer.association.connect(0);

    InitBody body = only(peer.poll(), InitChunk.class).body();

    assertThat(body.outboundStreams()).isEqualTo(12);
    assertThat(body.inboundStreams()).isEqualTo(34);
    assertThat(body.aRwnd()).isEqualTo(100_000);
    assertThat(body.initiateTag()).isNotZero();
  }

  @Test
  void messagesQueuedForStreamsThatThePeerDoesNotTakeGoNowhere() {
    // Sent before the peer was known; afterwards the stream does not exist.
    var peer = new HandPeer(RFC);
    peer.association.connect(0);
    peer.userSends(500, 10);
    peer.userSends(1, 11);
    InitBody init = only(peer.poll(), InitChunk.class).body();
    peer.peerTag = init.initiateTag();
    List<byte[]> packets =
        new ArrayList<>(
            answerToInitAck(peer, new InitBody(TAG, WINDOW, 10, 10, INITIAL_TSN, withCookie())));
    packets.addAll(peer.send(new CookieAckChunk()));

    assertThat(all(packets, DataChunk.class)).extracting(DataChunk::streamId).doesNotContain(500);
  }

  // --- extensions ---

  @Test
  void withoutForwardTsnInTheInitMessagesAreReliable() {
    HandPeer peer = establishedWith(extensions(0x82));
    peer.userSends(0, 10, new SendOptions(Ordering.UNORDERED, new Reliability.MaxRetransmits(0)));
    only(peer.poll(), DataChunk.class);

    only(peer.nextPackets(), DataChunk.class);
  }

  @Test
  void forwardTsnNamedOnlyAsAChunkTypeIsEnough() {
    // Debian's pion names it in the list of extensions alone.
    HandPeer peer = establishedWith(extensions(0x82, 0xc0));
    peer.userSends(0, 10, new SendOptions(Ordering.UNORDERED, new Reliability.MaxRetransmits(0)));
    only(peer.poll(), DataChunk.class);

    only(peer.nextPackets(), ForwardTsnChunk.class);
  }

  @Test
  void aListOfExtensionsWithoutReconfigMeansThatStreamsCannotBeReset() {
    HandPeer peer = establishedWith(extensions(0xc0));
    peer.association.resetStreams(0, new int[] {1});

    assertThat(peer.poll()).isEmpty();
    assertThat(peer.events(StreamsResetFailed.class)).hasSize(1);
    // The association goes on.
    peer.userSends(1, 10);
    only(peer.poll(), DataChunk.class);
  }

  @Test
  void noListOfExtensionsAtAllLeavesResetsToBeTried() {
    HandPeer peer = establishedWith();
    peer.association.resetStreams(0, new int[] {1});

    only(peer.poll(), ReconfigChunk.class);
  }

  @Test
  void interleavingNeedsBothChunkTypes() {
    HandPeer peer =
        HandPeer.established(
            RFC.toBuilder().interleaving(true).build(), List.of(extensions(0x82, 0xc0, 0x40)));
    peer.userSends(0, 10);

    only(peer.poll(), DataChunk.class);
  }

  @Test
  void interleavingIsUsedWhenTheInitNamesBothChunkTypes() {
    HandPeer peer =
        HandPeer.established(
            RFC.toBuilder().interleaving(true).build(), List.of(extensions(0x40, 0xc2)));
    peer.userSends(0, 10);

    only(peer.poll(), IDataChunk.class);
  }

  @Test
  void interleavingThatWeDoNotWantIsNotNamedInTheInitAck() {
    InitBody ack = answerTo(new HandPeer(RFC), extensions(0x40, 0xc2, 0x82, 0xc0));

    assertThat(ack.parameter(Parameter.SUPPORTED_EXTENSIONS).orElseThrow().value().toByteArray())
        .containsExactly(0x82, 0xc0);
  }

  @Test
  void withoutPartialReliabilityTheInitNamesNoForwardTsn() {
    var peer = new HandPeer(RFC.toBuilder().partialReliability(false).build());
    peer.association.connect(0);

    InitBody body = only(peer.poll(), InitChunk.class).body();

    assertThat(body.parameter(Parameter.FORWARD_TSN_SUPPORTED)).isEmpty();
    assertThat(body.parameter(Parameter.SUPPORTED_EXTENSIONS).orElseThrow().value().toByteArray())
        .containsExactly(0x82);
  }

  @Test
  void anUnknownExtensionInTheListIsIgnored() {
    // AUTH and ASCONF, as libdatachannel lists them.
    HandPeer peer = establishedWith(extensions(0x0f, 0xc1, 0x80, 0x82, 0xc0));
    peer.association.resetStreams(0, new int[] {1});

    only(peer.poll(), ReconfigChunk.class);
  }

  // --- what a repeated INIT says ---

  @Test
  void aRepeatedInitIsTheSameAsTheFirst() {
    var peer = new HandPeer(RFC);
    peer.association.connect(0);
    InitBody first = only(peer.poll(), InitChunk.class).body();

    InitBody second = only(peer.nextTimer(), InitChunk.class).body();

    assertThat(second).isEqualTo(first);
  }

  @Test
  void aRepeatedCookieEchoIsTheSameAsTheFirst() {
    HandPeer peer = HandPeer.inCookieEchoed(RFC);

    assertThat(only(peer.nextTimer(), CookieEchoChunk.class).cookie()).isEqualTo(COOKIE);
    assertThat(only(peer.nextTimer(), CookieEchoChunk.class).cookie()).isEqualTo(COOKIE);
  }

  @Test
  void dataThatRodeWithALostCookieRidesAgain() {
    var peer = new HandPeer(RFC);
    peer.association.connect(0);
    peer.userSends(0, 30);
    peer.peerTag = only(peer.poll(), InitChunk.class).body().initiateTag();
    DataChunk first = only(answerToInitAck(peer, initAckBody(TAG)), DataChunk.class);

    List<byte[]> again = peer.nextTimer();

    only(again, CookieEchoChunk.class);
    assertThat(only(again, DataChunk.class)).isEqualTo(first);
  }
}
