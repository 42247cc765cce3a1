package dev.tautline.sctp;

import static dev.tautline.sctp.HandPeer.EXTENSIONS;
import static dev.tautline.sctp.HandPeer.TAG;
import static dev.tautline.sctp.HandPeer.all;
import static dev.tautline.sctp.HandPeer.cookieOf;
import static dev.tautline.sctp.HandPeer.initBody;
import static dev.tautline.sctp.HandPeer.only;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tautline.sctp.AssociationEvent.Aborted;
import dev.tautline.sctp.AssociationEvent.Established;
import dev.tautline.sctp.AssociationEvent.Failed;
import dev.tautline.sctp.AssociationEvent.FailureReason;
import dev.tautline.sctp.AssociationEvent.MessageReceived;
import dev.tautline.sctp.AssociationEvent.Restarted;
import dev.tautline.sctp.packet.AbortChunk;
import dev.tautline.sctp.packet.CookieAckChunk;
import dev.tautline.sctp.packet.CookieEchoChunk;
import dev.tautline.sctp.packet.DataChunk;
import dev.tautline.sctp.packet.ErrorCause;
import dev.tautline.sctp.packet.ErrorChunk;
import dev.tautline.sctp.packet.ForwardTsnChunk;
import dev.tautline.sctp.packet.InitAckChunk;
import dev.tautline.sctp.packet.InitBody;
import dev.tautline.sctp.packet.InitChunk;
import dev.tautline.sctp.packet.Octets;
import dev.tautline.sctp.packet.PacketHeader;
import dev.tautline.sctp.packet.Parameter;
import dev.tautline.sctp.packet.ShutdownAckChunk;
import dev.tautline.sctp.packet.ShutdownChunk;
import dev.tautline.sctp.packet.ShutdownCompleteChunk;
import dev.tautline.sctp.scenario.Scenarios;
import dev.tautline.sctp.scenario.Seeds;
import dev.tautline.testkit.Direction;
import dev.tautline.testkit.SimulatedNetwork;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** RFC 9260 section 5: establishment and its collisions. */
@Scenarios
class HandshakeTest {
  private static final AssociationOptions RFC = AssociationOptions.rfc();
  private static final long SECOND = 1_000_000_000L;

  private static Octets forge(Octets cookie, int at) {
    byte[] bytes = cookie.toByteArray();
    bytes[at] ^= 1;
    return Octets.copyOf(bytes);
  }

  @Test
  void opensFromOneSide() {
    var sim = SctpSim.on(SimulatedNetwork.seeded(Seeds.of(1)), RFC).connected();

    assertThat(sim.a.events()).containsExactly(new Established(65_535, 65_535));
    assertThat(sim.z.events()).containsExactly(new Established(65_535, 65_535));
  }

  @Test
  void opensFromBothSidesAtOnce() {
    var net = SimulatedNetwork.seeded(Seeds.of(1)).oneWayDelay(Duration.ofMillis(30));
    var sim = SctpSim.on(net, RFC);
    sim.z.core().connect(0);

    sim.connected();

    assertThat(sim.a.events()).containsExactly(new Established(65_535, 65_535));
    assertThat(sim.z.events()).containsExactly(new Established(65_535, 65_535));
  }

  @Test
  void opensFromBothSidesWhileAnyOnePacketIsLost() {
    for (int lost = 1; lost <= 8; lost++) {
      int number = lost;
      var net = SimulatedNetwork.seeded(Seeds.of(lost)).oneWayDelay(Duration.ofMillis(30));
      var sim = SctpSim.on(net, RFC);
      net.dropAll(Direction.FORWARD, packet -> packet.number() == number);
      net.dropAll(Direction.BACKWARD, packet -> packet.number() == number);
      sim.z.core().connect(0);

      sim.connected();

      SctpSim.send(sim.a, 1, "from A");
      SctpSim.send(sim.z, 1, "from Z");
      net.runFor(Duration.ofSeconds(5));
      assertThat(SctpSim.texts(sim.z)).as(net::trace).containsExactly("from A");
      assertThat(SctpSim.texts(sim.a)).as(net::trace).containsExactly("from Z");
    }
  }

  @Test
  void sendsWhatWaitsTogetherWithTheCookie() {
    var peer = new HandPeer(RFC);
    peer.association.connect(0);
    peer.userSends(3, 100);
    InitBody init = only(peer.poll(), InitChunk.class).body();
    peer.peerTag = init.initiateTag();

    // A <- INIT ACK <- peer
    List<byte[]> answer = peer.send(new InitAckChunk(ackBody(new byte[20])));

    // A -> COOKIE ECHO + DATA -> peer
    assertThat(answer).hasSize(1);
    assertThat(PacketText.chunks(answer.get(0)).get(0)).isInstanceOf(CookieEchoChunk.class);
    assertThat(only(answer, DataChunk.class).tsn()).isEqualTo(init.initialTsn());
  }

  private static InitBody ackBody(byte[] cookie) {
    var parameters = new java.util.ArrayList<>(EXTENSIONS);
    parameters.add(new Parameter(Parameter.STATE_COOKIE, Octets.copyOf(cookie)));
    return initBody(TAG, parameters);
  }

  @Test
  void takesDataThatComesWithTheCookie() {
    var peer = new HandPeer(RFC);
    InitBody ack = only(peer.sendInit(initBody(TAG, EXTENSIONS)), InitAckChunk.class).body();

    List<byte[]> answer =
        peer.sendWithTag(
            ack.initiateTag(),
            new CookieEchoChunk(cookieOf(ack)),
            HandPeer.data(HandPeer.INITIAL_TSN, 0, 0, 5));

    only(answer, CookieAckChunk.class);
    assertThat(peer.events(MessageReceived.class)).hasSize(1);
  }

  @Test
  void keepsNoStateForAnInit() {
    var peer = new HandPeer(RFC);

    for (int i = 1; i <= 100; i++) {
      only(peer.sendInit(initBody(i, EXTENSIONS)), InitAckChunk.class);
    }

    assertThat(peer.association.state()).isEqualTo(AssociationPhase.CLOSED);
  }

  @Test
  void doublesTheTimeBetweenInits() {
    var peer = new HandPeer(RFC);
    peer.association.connect(0);
    only(peer.poll(), InitChunk.class);

    long previous = 0;
    long interval = 500_000_000;
    for (int i = 0; i < 5; i++) {
      only(peer.nextTimer(), InitChunk.class);
      assertThat(peer.nowNanos - previous).isEqualTo(interval);
      previous = peer.nowNanos;
      interval *= 2;
    }
  }

  @Test
  void givesUpAfterEightRetransmissionsOfInit() {
    var peer = new HandPeer(RFC);
    peer.association.connect(0);
    int inits = all(peer.poll(), InitChunk.class).size();
    while (peer.association.state() == AssociationPhase.COOKIE_WAIT) {
      inits += all(peer.nextTimer(), InitChunk.class).size();
    }

    assertThat(inits).isEqualTo(1 + 8);
    assertThat(peer.events(Failed.class).get(0).reason())
        .isEqualTo(FailureReason.HANDSHAKE_UNANSWERED);
    assertThat(peer.association.nextDeadlineNanos()).isEqualTo(Long.MAX_VALUE);
  }

  @Test
  void givesUpAfterEightRetransmissionsOfCookieEcho() {
    var peer = new HandPeer(RFC);
    peer.association.connect(0);
    peer.peerTag = only(peer.poll(), InitChunk.class).body().initiateTag();
    int echoes =
        all(peer.send(new InitAckChunk(ackBody(new byte[20]))), CookieEchoChunk.class).size();
    while (peer.association.state() == AssociationPhase.COOKIE_ECHOED) {
      echoes += all(peer.nextTimer(), CookieEchoChunk.class).size();
    }

    assertThat(echoes).isEqualTo(1 + 8);
    assertThat(peer.events(Failed.class)).hasSize(1);
  }

  @Test
  void underDataChannelsGivesUpAfterThirtySeconds() {
    var peer = new HandPeer(AssociationOptions.forDataChannels());
    peer.association.connect(0);
    peer.poll();
    while (peer.association.state() == AssociationPhase.COOKIE_WAIT) {
      peer.nextTimer();
    }

    assertThat(peer.nowNanos).isBetween(30 * SECOND, 33 * SECOND);
  }

  @Test
  void theThirdInitHasNoOptionalParametersAndLaterOnesNoZeroChecksum() {
    // Debian's pion drops an INIT with parameter 0x8001 whole.
    var peer =
        new HandPeer(AssociationOptions.forDataChannels().toBuilder().interleaving(false).build());
    peer.association.connect(0);

    InitBody first = only(peer.poll(), InitChunk.class).body();
    InitBody second = only(peer.nextTimer(), InitChunk.class).body();
    InitBody third = only(peer.nextTimer(), InitChunk.class).body();
    InitBody fourth = only(peer.nextTimer(), InitChunk.class).body();

    assertThat(first.parameter(Parameter.ZERO_CHECKSUM_ACCEPTABLE)).isPresent();
    assertThat(second).isEqualTo(first);
    assertThat(third.parameters()).isEmpty();
    assertThat(third.initiateTag()).isEqualTo(first.initiateTag());
    assertThat(third.initialTsn()).isEqualTo(first.initialTsn());
    assertThat(fourth.parameter(Parameter.ZERO_CHECKSUM_ACCEPTABLE)).isEmpty();
    assertThat(fourth.parameter(Parameter.SUPPORTED_EXTENSIONS)).isPresent();
  }

  @Test
  void withInterleavingTheThirdInitLeavesOutZeroChecksumAlone() {
    // Whichever of the INITs is answered: both sides must agree on I-DATA.
    var peer = new HandPeer(AssociationOptions.forDataChannels());
    peer.association.connect(0);

    InitBody first = only(peer.poll(), InitChunk.class).body();
    only(peer.nextTimer(), InitChunk.class);
    InitBody third = only(peer.nextTimer(), InitChunk.class).body();

    assertThat(first.parameter(Parameter.ZERO_CHECKSUM_ACCEPTABLE)).isPresent();
    assertThat(third.parameter(Parameter.ZERO_CHECKSUM_ACCEPTABLE)).isEmpty();
    assertThat(third.parameter(Parameter.SUPPORTED_EXTENSIONS))
        .isEqualTo(first.parameter(Parameter.SUPPORTED_EXTENSIONS));
  }

  @Test
  void initAckNamesZeroChecksumOnlyWhenTheInitDid() {
    var zero =
        new Parameter(Parameter.ZERO_CHECKSUM_ACCEPTABLE, Octets.copyOf(new byte[] {0, 0, 0, 1}));
    var peer = new HandPeer(AssociationOptions.forDataChannels());

    InitBody without = only(peer.sendInit(initBody(TAG, EXTENSIONS)), InitAckChunk.class).body();
    InitBody with = only(peer.sendInit(initBody(TAG, List.of(zero))), InitAckChunk.class).body();

    assertThat(without.parameter(Parameter.ZERO_CHECKSUM_ACCEPTABLE)).isEmpty();
    assertThat(with.parameter(Parameter.ZERO_CHECKSUM_ACCEPTABLE)).contains(zero);
  }

  @Test
  void checksumsAreZeroOnceBothAgreed() {
    var net = SimulatedNetwork.seeded(Seeds.of(1));
    var sim = SctpSim.on(net, AssociationOptions.forDataChannels());
    var zeros = new java.util.ArrayList<Boolean>();
    net.watch(packet -> zeros.add(PacketHeader.hasZeroChecksum(packet.bytes(), 0)));
    sim.connected();
    SctpSim.send(sim.a, 0, "hello");
    net.runFor(Duration.ofSeconds(1));

    // INIT, INIT ACK and COOKIE ECHO have a real one, COOKIE ACK, DATA and SACK need none.
    assertThat(zeros).containsExactly(false, false, false, true, true, true);
    assertThat(SctpSim.texts(sim.z)).containsExactly("hello");
  }

  @Test
  void zeroChecksumsAreTakenWhicheverOfTheCrossingInitsAgreedOnThem() {
    // The peer answers our first INIT with zero checksum, we answer its plain third one without: it
    // leaves checksums out and we put them in.
    var zero =
        new Parameter(Parameter.ZERO_CHECKSUM_ACCEPTABLE, Octets.copyOf(new byte[] {0, 0, 0, 1}));
    var peer = new HandPeer(AssociationOptions.forDataChannels());
    peer.association.connect(0);
    peer.poll();
    InitBody ack = only(peer.sendInit(initBody(TAG, List.of(zero))), InitAckChunk.class).body();
    InitBody plain = only(peer.sendInit(initBody(TAG, List.of())), InitAckChunk.class).body();
    assertThat(plain.initiateTag()).isEqualTo(ack.initiateTag());
    peer.sendWithTag(plain.initiateTag(), new CookieEchoChunk(cookieOf(plain)));

    byte[] packet = peer.packet(plain.initiateTag(), HandPeer.data(HandPeer.INITIAL_TSN, 0, 0, 5));
    PacketHeader.write(packet, 0, 5000, 5000, plain.initiateTag());
    peer.sendBytes(packet);

    assertThat(peer.events(MessageReceived.class)).hasSize(1);
    peer.userSends(0, 10);
    assertThat(PacketHeader.hasZeroChecksum(peer.poll().get(0), 0)).isFalse();
  }

  @Test
  void aPlainInitAfterAFullOneKeepsItsExtensions() {
    var peer = new HandPeer(AssociationOptions.rfc());
    only(peer.sendInit(initBody(TAG, EXTENSIONS)), InitAckChunk.class);
    InitBody plain = only(peer.sendInit(initBody(TAG, List.of())), InitAckChunk.class).body();
    peer.peerTag = plain.initiateTag();
    peer.send(new CookieEchoChunk(cookieOf(plain)));
    peer.userSends(
        0,
        10,
        new SendOptions(
            SendOptions.Ordering.ORDERED, new SendOptions.Reliability.MaxRetransmits(0)));
    peer.poll();

    only(peer.nextPackets(), ForwardTsnChunk.class);
  }

  @Test
  void aZeroChecksumThatWasNotAgreedOnIsDropped() {
    HandPeer peer = HandPeer.established();
    byte[] packet = peer.packet(peer.peerTag, HandPeer.data(HandPeer.INITIAL_TSN, 0, 0, 5));
    PacketHeader.write(packet, 0, 5000, 5000, peer.peerTag);

    assertThat(peer.sendBytes(packet)).isEmpty();
    assertThat(peer.drops(DropReason.BAD_CHECKSUM)).isEqualTo(1);
  }

  @Test
  void dropsForgedCookies() {
    var peer = new HandPeer(RFC);
    InitBody ack = only(peer.sendInit(initBody(TAG, EXTENSIONS)), InitAckChunk.class).body();
    Octets cookie = cookieOf(ack);

    for (int i = 0; i < cookie.length(); i++) {
      assertThat(peer.sendWithTag(ack.initiateTag(), new CookieEchoChunk(forge(cookie, i))))
          .isEmpty();
    }
    peer.sendWithTag(ack.initiateTag(), new CookieEchoChunk(cookie.truncatedTo(40)));
    peer.sendWithTag(ack.initiateTag(), new CookieEchoChunk(Octets.EMPTY));

    assertThat(peer.association.state()).isEqualTo(AssociationPhase.CLOSED);
    assertThat(peer.drops(DropReason.FORGED_COOKIE)).isEqualTo(cookie.length() + 2L);
  }

  @Test
  void aCookieOfAnotherAssociationIsForged() {
    var one = new HandPeer(RFC, 1);
    var other = new HandPeer(RFC, 2);
    InitBody ack = only(one.sendInit(initBody(TAG, EXTENSIONS)), InitAckChunk.class).body();

    other.sendWithTag(ack.initiateTag(), new CookieEchoChunk(cookieOf(ack)));

    assertThat(other.drops(DropReason.FORGED_COOKIE)).isEqualTo(1);
  }

  @Test
  void aCookieWithAnotherTagInThePacketIsDropped() {
    var peer = new HandPeer(RFC);
    InitBody ack = only(peer.sendInit(initBody(TAG, EXTENSIONS)), InitAckChunk.class).body();

    assertThat(peer.sendWithTag(ack.initiateTag() + 1, new CookieEchoChunk(cookieOf(ack))))
        .isEmpty();
    assertThat(peer.association.state()).isEqualTo(AssociationPhase.CLOSED);
  }

  @Test
  void aStaleCookieIsAnsweredWithItsStaleness() {
    var peer = new HandPeer(RFC);
    InitBody ack = only(peer.sendInit(initBody(TAG, EXTENSIONS)), InitAckChunk.class).body();
    peer.nowNanos = 62 * SECOND;

    List<byte[]> answer = peer.sendWithTag(ack.initiateTag(), new CookieEchoChunk(cookieOf(ack)));

    ErrorCause cause = only(answer, ErrorChunk.class).causes().get(0);
    assertThat(cause.code()).isEqualTo(ErrorCause.STALE_COOKIE);
    assertThat(cause.info())
        .isEqualTo(Octets.copyOf(new byte[] {0, 0x1e, (byte) 0x84, (byte) 0x80}));
    assertThat(peer.association.state()).isEqualTo(AssociationPhase.CLOSED);
  }

  @Test
  void aStaleCookieThatFitsTheAssociationIsAcknowledged() {
    // The COOKIE ACK was lost for a minute: the tags match, so staleness does not matter.
    var peer = new HandPeer(RFC);
    InitBody ack = only(peer.sendInit(initBody(TAG, EXTENSIONS)), InitAckChunk.class).body();
    var echo = new CookieEchoChunk(cookieOf(ack));
    only(peer.sendWithTag(ack.initiateTag(), echo), CookieAckChunk.class);
    peer.nowNanos = 100 * SECOND;

    only(peer.sendWithTag(ack.initiateTag(), echo), CookieAckChunk.class);
  }

  @Test
  void beginsAgainWhenItsCookieWasStale() {
    var peer = new HandPeer(RFC);
    peer.association.connect(0);
    peer.peerTag = only(peer.poll(), InitChunk.class).body().initiateTag();
    peer.send(new InitAckChunk(ackBody(new byte[20])));

    List<byte[]> answer =
        peer.send(
            new ErrorChunk(
                List.of(
                    new ErrorCause(
                        ErrorCause.STALE_COOKIE,
                        Octets.copyOf(new byte[] {0, 0, 7, (byte) 208})))));

    InitBody again = only(answer, InitChunk.class).body();
    assertThat(again.parameter(Parameter.COOKIE_PRESERVATIVE)).isPresent();
    assertThat(peer.association.state()).isEqualTo(AssociationPhase.COOKIE_WAIT);
  }

  @Test
  void answersAnInitInCookieWaitWithItsOwnTag() {
    // Section 5.2.1.
    var peer = new HandPeer(RFC);
    peer.association.connect(0);
    InitBody own = only(peer.poll(), InitChunk.class).body();

    InitBody ack = only(peer.sendInit(initBody(TAG, EXTENSIONS)), InitAckChunk.class).body();

    assertThat(ack.initiateTag()).isEqualTo(own.initiateTag());
    assertThat(ack.initialTsn()).isEqualTo(own.initialTsn());
    assertThat(peer.association.state()).isEqualTo(AssociationPhase.COOKIE_WAIT);
  }

  @Test
  void answersAnInitInCookieEchoedWithItsOwnTag() {
    var peer = new HandPeer(RFC);
    peer.association.connect(0);
    InitBody own = only(peer.poll(), InitChunk.class).body();
    peer.peerTag = own.initiateTag();
    peer.send(new InitAckChunk(ackBody(new byte[20])));

    InitBody ack = only(peer.sendInit(initBody(TAG, EXTENSIONS)), InitAckChunk.class).body();

    assertThat(ack.initiateTag()).isEqualTo(own.initiateTag());
    assertThat(ack.initialTsn()).isEqualTo(own.initialTsn());
    assertThat(peer.association.state()).isEqualTo(AssociationPhase.COOKIE_ECHOED);
  }

  @Test
  void aCookieInCookieWaitEstablishes() {
    // Case B with the peer's tag unknown: our INIT, or its INIT ACK, was lost.
    var peer = new HandPeer(RFC);
    peer.association.connect(0);
    peer.poll();
    InitBody ack = only(peer.sendInit(initBody(TAG, EXTENSIONS)), InitAckChunk.class).body();

    only(
        peer.sendWithTag(ack.initiateTag(), new CookieEchoChunk(cookieOf(ack))),
        CookieAckChunk.class);

    assertThat(peer.association.state()).isEqualTo(AssociationPhase.ESTABLISHED);
  }

  @Test
  void aCookieInCookieEchoedWithAnotherTagOfThePeerTakesThatTag() {
    // Case B: the peer's INIT ACK and its INIT had different tags.
    var peer = new HandPeer(RFC);
    peer.association.connect(0);
    peer.peerTag = only(peer.poll(), InitChunk.class).body().initiateTag();
    peer.send(new InitAckChunk(ackBody(new byte[20])));
    InitBody ack = only(peer.sendInit(initBody(0x7777, EXTENSIONS)), InitAckChunk.class).body();

    List<byte[]> answer = peer.sendWithTag(ack.initiateTag(), new CookieEchoChunk(cookieOf(ack)));

    only(answer, CookieAckChunk.class);
    assertThat(PacketHeader.verificationTag(answer.get(answer.size() - 1), 0)).isEqualTo(0x7777);
    assertThat(peer.association.state()).isEqualTo(AssociationPhase.ESTABLISHED);
  }

  @Test
  void repeatsCookieAckForARepeatedCookie() {
    // Case D.
    var peer = new HandPeer(RFC);
    InitBody ack = only(peer.sendInit(initBody(TAG, EXTENSIONS)), InitAckChunk.class).body();
    var echo = new CookieEchoChunk(cookieOf(ack));
    only(peer.sendWithTag(ack.initiateTag(), echo), CookieAckChunk.class);

    only(peer.sendWithTag(ack.initiateTag(), echo), CookieAckChunk.class);

    assertThat(peer.events(Established.class)).hasSize(1);
  }

  @Test
  void aRestartedPeerIsTakenAndReported() {
    // Case A.
    HandPeer peer = HandPeer.established();
    peer.userSends(1, 3000);
    peer.poll();
    InitBody ack = only(peer.sendInit(initBody(0x4444, EXTENSIONS)), InitAckChunk.class).body();
    assertThat(ack.initiateTag()).isNotEqualTo(peer.peerTag);

    List<byte[]> answer = peer.sendWithTag(ack.initiateTag(), new CookieEchoChunk(cookieOf(ack)));

    only(answer, CookieAckChunk.class);
    assertThat(peer.events(Restarted.class)).hasSize(1);
    assertThat(peer.association.state()).isEqualTo(AssociationPhase.ESTABLISHED);
    assertThat(peer.association.statistics().heldSendBytes()).isZero();
    // Both directions start anew.
    peer.peerTag = ack.initiateTag();
    peer.send(HandPeer.data(HandPeer.INITIAL_TSN, 0, 0, 7));
    assertThat(peer.events(MessageReceived.class)).hasSize(1);
    peer.userSends(1, 10);
    assertThat(only(peer.poll(), DataChunk.class).tsn()).isEqualTo(ack.initialTsn());
  }

  @Test
  void anInitAloneDoesNotDisturbAnEstablishedAssociation() {
    HandPeer peer = HandPeer.established();

    only(peer.sendInit(initBody(0x4444, EXTENSIONS)), InitAckChunk.class);

    peer.send(HandPeer.data(HandPeer.INITIAL_TSN, 0, 0, 7));
    assertThat(peer.events(MessageReceived.class)).hasSize(1);
  }

  @Test
  void aCookieWhoseTieTagsDoNotMatchIsDropped() {
    // Case C and what the table does not name: a cookie made before the association existed, with
    // another tag of ours. It takes two INITs at two times to make one.
    HandPeer peer = HandPeer.established();
    InitBody first = only(peer.sendInit(initBody(0x4444, EXTENSIONS)), InitAckChunk.class).body();
    InitBody second = only(peer.sendInit(initBody(0x5555, EXTENSIONS)), InitAckChunk.class).body();
    only(
        peer.sendWithTag(second.initiateTag(), new CookieEchoChunk(cookieOf(second))),
        CookieAckChunk.class);

    // The first cookie's tie-tags are those of the association before the restart.
    assertThat(peer.sendWithTag(first.initiateTag(), new CookieEchoChunk(cookieOf(first))))
        .isEmpty();
    assertThat(peer.drops(DropReason.MISMATCHED_COOKIE)).isEqualTo(1);
    assertThat(peer.events(Restarted.class)).hasSize(1);
  }

  @Test
  void aRestartWhileShuttingDownIsRefused() {
    HandPeer peer = HandPeer.established();
    InitBody ack = only(peer.sendInit(initBody(0x4444, EXTENSIONS)), InitAckChunk.class).body();
    only(peer.send(new ShutdownChunk(peer.peerInitialTsn - 1)), ShutdownAckChunk.class);

    List<byte[]> answer = peer.sendWithTag(ack.initiateTag(), new CookieEchoChunk(cookieOf(ack)));

    only(answer, ShutdownAckChunk.class);
    assertThat(only(answer, ErrorChunk.class).causes().get(0).code())
        .isEqualTo(ErrorCause.COOKIE_RECEIVED_WHILE_SHUTTING_DOWN);
    assertThat(peer.association.state()).isEqualTo(AssociationPhase.SHUTDOWN_ACK_SENT);
  }

  @Test
  void anInitWithTagZeroIsDroppedInSilence() {
    var peer = new HandPeer(RFC);

    assertThat(peer.sendInit(initBody(0, EXTENSIONS))).isEmpty();
  }

  @Test
  void anInitInAPacketWithATagIsDropped() {
    var peer = new HandPeer(RFC);

    assertThat(peer.sendWithTag(1, new InitChunk(initBody(TAG, EXTENSIONS)))).isEmpty();
    assertThat(peer.drops(DropReason.WRONG_TAG)).isEqualTo(1);
  }

  @Test
  void anInitWithoutStreamsIsAborted() {
    var peer = new HandPeer(RFC);
    var body = new InitBody(TAG, HandPeer.WINDOW, 0, 10, 1, List.of());

    List<byte[]> answer = peer.sendInit(body);

    assertThat(only(answer, AbortChunk.class).causes().get(0).code())
        .isEqualTo(ErrorCause.INVALID_MANDATORY_PARAMETER);
    assertThat(PacketHeader.verificationTag(answer.get(0), 0)).isEqualTo(TAG);
  }

  @Test
  void anInitWithATinyWindowIsAborted() {
    var peer = new HandPeer(RFC);

    only(peer.sendInit(initBody(TAG, 1499, List.of())), AbortChunk.class);
    only(peer.sendInit(initBody(TAG, 1500, List.of())), InitAckChunk.class);
  }

  @Test
  void aBadInitLeavesAnEstablishedAssociationAlone() {
    HandPeer peer = HandPeer.established();

    only(peer.sendInit(initBody(TAG, 100, List.of())), AbortChunk.class);

    assertThat(peer.association.state()).isEqualTo(AssociationPhase.ESTABLISHED);
  }

  @Test
  void anInitWithAHostNameIsAborted() {
    var peer = new HandPeer(RFC);
    var host = new Parameter(Parameter.HOST_NAME_ADDRESS, Octets.ofUtf8("example.org\0"));

    assertThat(
            only(peer.sendInit(initBody(TAG, List.of(host))), AbortChunk.class)
                .causes()
                .get(0)
                .code())
        .isEqualTo(ErrorCause.UNRESOLVABLE_ADDRESS);
  }

  @Test
  void addressesInAnInitAreIgnored() {
    var peer = new HandPeer(RFC);
    var address = new Parameter(Parameter.IPV4_ADDRESS, Octets.copyOf(new byte[] {10, 0, 0, 1}));

    InitBody ack = only(peer.sendInit(initBody(TAG, List.of(address))), InitAckChunk.class).body();

    assertThat(ack.parameter(Parameter.UNRECOGNIZED_PARAMETER)).isEmpty();
  }

  @Test
  void unknownParametersAreReportedOrSkippedByTheirHighBits() {
    var skip = new Parameter(0x8123, Octets.copyOf(new byte[] {1}));
    var skipAndReport = new Parameter(0xc123, Octets.copyOf(new byte[] {2, 3}));
    var stopAndReport = new Parameter(0x4123, Octets.EMPTY);
    var neverReached = new Parameter(0xc124, Octets.EMPTY);
    var peer = new HandPeer(RFC);

    InitBody ack =
        only(
                peer.sendInit(
                    initBody(TAG, List.of(skip, skipAndReport, stopAndReport, neverReached))),
                InitAckChunk.class)
            .body();

    assertThat(
            ack.parameters().stream()
                .filter(p -> p.type() == Parameter.UNRECOGNIZED_PARAMETER)
                .map(Parameter::value))
        .containsExactly(skipAndReport.toOctets(), stopAndReport.toOctets());
  }

  @Test
  void unknownParametersOfAnInitAckAreReportedWithTheCookie() {
    var peer = new HandPeer(RFC);
    peer.association.connect(0);
    peer.peerTag = only(peer.poll(), InitChunk.class).body().initiateTag();
    var unknown = new Parameter(0xc123, Octets.copyOf(new byte[] {2, 3}));
    var cookie = new Parameter(Parameter.STATE_COOKIE, Octets.copyOf(new byte[8]));

    List<byte[]> answer = peer.send(new InitAckChunk(initBody(TAG, List.of(cookie, unknown))));

    assertThat(PacketText.chunks(answer.get(0)).get(0)).isInstanceOf(CookieEchoChunk.class);
    ErrorCause cause = only(answer, ErrorChunk.class).causes().get(0);
    assertThat(cause.code()).isEqualTo(ErrorCause.UNRECOGNIZED_PARAMETERS);
    assertThat(cause.info()).isEqualTo(unknown.toOctets());
  }

  @Test
  void anInitAckWithoutCookieEndsTheHandshake() {
    var peer = new HandPeer(RFC);
    peer.association.connect(0);
    peer.peerTag = only(peer.poll(), InitChunk.class).body().initiateTag();

    List<byte[]> answer = peer.send(new InitAckChunk(initBody(TAG, EXTENSIONS)));

    ErrorCause cause = only(answer, AbortChunk.class).causes().get(0);
    assertThat(cause.code()).isEqualTo(ErrorCause.MISSING_MANDATORY_PARAMETER);
    // Section 3.3.10.2: the number of missing parameters, then their types.
    assertThat(cause.info()).isEqualTo(Octets.copyOf(new byte[] {0, 0, 0, 1, 0, 7}));
    assertThat(peer.events(Aborted.class)).hasSize(1);
  }

  @Test
  void anUnexpectedInitAckIsDropped() {
    HandPeer peer = HandPeer.established();

    assertThat(peer.send(new InitAckChunk(ackBody(new byte[20])))).isEmpty();
    assertThat(peer.drops(DropReason.UNEXPECTED_CHUNK)).isEqualTo(1);
  }

  @Test
  void dataProvesThatThePeerTookTheCookie() {
    // The COOKIE ACK is late or lost.
    var peer = new HandPeer(RFC);
    peer.association.connect(0);
    peer.peerTag = only(peer.poll(), InitChunk.class).body().initiateTag();
    peer.send(new InitAckChunk(ackBody(new byte[20])));

    peer.send(HandPeer.data(HandPeer.INITIAL_TSN, 0, 0, 7));

    assertThat(peer.events.get(0)).isInstanceOf(Established.class);
    assertThat(peer.events.get(1)).isInstanceOf(MessageReceived.class);
  }

  @Test
  void fewerStreamsWinInBothDirections() {
    AssociationOptions few = RFC.toBuilder().outgoingStreams(10).incomingStreams(20).build();
    var sim = SctpSim.on(SimulatedNetwork.seeded(Seeds.of(1)), RFC, few).connected();

    assertThat(sim.a.events()).containsExactly(new Established(20, 10));
    assertThat(sim.z.events()).containsExactly(new Established(10, 20));
    assertThat(SctpSim.send(sim.a, 19, "x")).isEqualTo(SendResult.ACCEPTED);
    assertThat(SctpSim.send(sim.a, 20, "x")).isEqualTo(SendResult.UNKNOWN_STREAM);
  }

  @Test
  void shutdownAckInCookieWaitIsAnsweredForTheOldAssociation() {
    // Section 8.5.1 E.
    var peer = new HandPeer(RFC);
    peer.association.connect(0);
    peer.poll();

    List<byte[]> answer = peer.sendWithTag(0x9999, new ShutdownAckChunk());

    only(answer, ShutdownCompleteChunk.class);
    assertThat(PacketHeader.verificationTag(answer.get(0), 0)).isEqualTo(0x9999);
    assertThat(peer.association.state()).isEqualTo(AssociationPhase.COOKIE_WAIT);
  }

  @Test
  void connectTwiceSendsOneInit() {
    var peer =
        new HandPeer(
            RFC.toBuilder().noAcknowledgementLimit(Optional.of(Duration.ofSeconds(5))).build());
    peer.association.connect(0);
    peer.association.connect(0);

    assertThat(peer.poll()).hasSize(1);
  }
}
