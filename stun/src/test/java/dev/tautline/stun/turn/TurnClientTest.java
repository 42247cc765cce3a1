package dev.tautline.stun.turn;

import static dev.tautline.stun.turn.ScriptedTurnServer.ADDRESS;
import static dev.tautline.stun.turn.ScriptedTurnServer.MAPPED;
import static dev.tautline.stun.turn.ScriptedTurnServer.PASSWORD;
import static dev.tautline.stun.turn.ScriptedTurnServer.RELAYED;
import static dev.tautline.stun.turn.ScriptedTurnServer.USER;
import static dev.tautline.stun.turn.ScriptedTurnServer.dataIndication;
import static dev.tautline.stun.turn.ScriptedTurnServer.unsigned;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tautline.base.Timer;
import dev.tautline.stun.StunClass;
import dev.tautline.stun.StunMethod;
import dev.tautline.stun.attribute.AdditionalAddressFamily;
import dev.tautline.stun.attribute.AlternateServer;
import dev.tautline.stun.attribute.Data;
import dev.tautline.stun.attribute.ErrorCode;
import dev.tautline.stun.attribute.Lifetime;
import dev.tautline.stun.attribute.Octets;
import dev.tautline.stun.attribute.RequestedAddressFamily;
import dev.tautline.stun.attribute.Username;
import dev.tautline.stun.attribute.XorPeerAddress;
import dev.tautline.stun.attribute.XorRelayedAddress;
import dev.tautline.stun.turn.ScriptedTurnServer.Algorithm;
import dev.tautline.stun.turn.TurnOptions.Families;
import dev.tautline.stun.turn.TurnOptions.Loopback;
import dev.tautline.stun.turn.TurnOptions.Transport;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The client and a server that can be bent, in virtual time. */
class TurnClientTest {
  private static final long SECOND = 1_000_000_000;
  private static final InetSocketAddress PEER = new InetSocketAddress("198.51.100.20", 4000);
  private static final InetSocketAddress OTHER = new InetSocketAddress("198.51.100.21", 4001);

  private final ScriptedTurnServer server = new ScriptedTurnServer();
  private final List<TurnEvent> events = new ArrayList<>();
  private TurnClient client = client(Families.IPV4, Transport.DATAGRAMS, PASSWORD);
  private long now;

  private static TurnClient client(Families families, Transport transport, String password) {
    return new TurnClient(
        new TurnOptions(
            Optional.of(new TurnCredentials(USER, password)),
            transport,
            families,
            Loopback.REFUSE,
            5 * SECOND),
        ADDRESS,
        new Random(42));
  }

  /** Lets both talk and time pass until then. */
  private void run(double seconds) {
    long until = now + (long) (seconds * SECOND);
    while (true) {
      exchange();
      long next = client.nextDeadlineNanos();
      if (next > until) {
        break;
      }
      assertThat(next).as("a deadline that does not move on").isGreaterThanOrEqualTo(now);
      now = next;
      client.advanceTo(now);
    }
    now = until;
  }

  private void exchange() {
    boolean more = true;
    while (more) {
      more = false;
      for (byte[] bytes = client.pollTransmit(); bytes != null; bytes = client.pollTransmit()) {
        server.receive(now, bytes);
        more = true;
      }
      for (byte[] bytes = server.out.poll(); bytes != null; bytes = server.out.poll()) {
        client.receive(now, bytes, 0, bytes.length);
        more = true;
      }
      for (TurnEvent event = client.pollEvent(); event != null; event = client.pollEvent()) {
        events.add(event);
      }
    }
  }

  private TurnClient allocated() {
    client.allocate(now);
    run(1);
    assertThat(events)
        .containsExactly(new TurnEvent.Allocated(List.of(RELAYED), Optional.of(MAPPED)));
    return client;
  }

  private TurnEvent.Failed failed() {
    assertThat(events).singleElement().isInstanceOf(TurnEvent.Failed.class);
    assertThat(client.nextDeadlineNanos()).isEqualTo(Timer.NOT_RUNNING);
    return (TurnEvent.Failed) events.get(0);
  }

  // ---- Credentials -----------------------------------------------------------------------------

  @ParameterizedTest
  @EnumSource(Algorithm.class)
  void allocatesWithTheAlgorithmThatTheServerWants(Algorithm algorithm) {
    server.algorithm = algorithm;
    // RFC 8489 section 9.2.1: bits 0 and 1 of 24 after the cookie.
    server.nonce =
        switch (algorithm) {
          case MD5 -> "nonce-1";
          case SHA_256 -> "obMatJos2gAAAx";
          case SHA_256_ANONYMOUS -> "obMatJos2wAAAx";
        };
    allocated();

    assertThat(server.count(StunMethod.ALLOCATE)).isEqualTo(2);
    assertThat(server.got.get(1).message().has(Username.class))
        .isEqualTo(algorithm != Algorithm.SHA_256_ANONYMOUS);
  }

  @Test
  void aNonceThatAnnouncesAlgorithmsWhichAreMissingIsABidDown() {
    server.nonce = "obMatJos2gAAAx";
    client.allocate(now);
    run(10);

    // The challenge does not count, so nothing but the bare request was sent, and it times out.
    assertThat(server.got).allMatch(request -> !request.received().hasIntegrity());
    assertThat(client.drops().of(TurnDrop.BID_DOWN)).isEqualTo(5);
    assertThat(failed().code()).isEqualTo(TurnEvent.NO_ANSWER);
  }

  @Test
  void aWrongPasswordIsTriedOnce() {
    client = client(Families.IPV4, Transport.DATAGRAMS, "wrong");
    client.allocate(now);
    run(60);

    assertThat(failed().code()).isEqualTo(401);
    assertThat(failed().reason()).isEqualTo("refused the password (401)");
    assertThat(server.got).hasSize(2);
  }

  @Test
  void aServerThatCallsEveryNonceStaleIsAskedOnceMore() {
    server.bend =
        request -> {
          server.nonce += "x";
          return request.received().hasIntegrity() ? server.challenge(request, 438) : null;
        };
    client.allocate(now);
    run(60);

    assertThat(failed().code()).isEqualTo(438);
    assertThat(server.got).hasSize(3);
  }

  @Test
  void aNonceThatGrewStaleIsReplacedForEachRequest() {
    allocated();
    server.nonce = "nonce-2";
    client.permit(now, PEER);
    client.permit(now, OTHER);
    run(1);

    assertThat(server.permitted).containsExactlyInAnyOrder(PEER.getAddress(), OTHER.getAddress());
  }

  @Test
  void withoutCredentialsAChallengeEndsIt() {
    client =
        new TurnClient(
            new TurnOptions(
                Optional.empty(), Transport.DATAGRAMS, Families.IPV4, Loopback.REFUSE, SECOND),
            ADDRESS,
            new Random(1));
    client.allocate(now);
    run(10);

    assertThat(failed().reason()).contains("none are configured");
  }

  @Test
  void aServerThatAsksForNothingIsTakenAsItIs() {
    server.bend =
        request ->
            unsigned(request, StunClass.SUCCESS, new XorRelayedAddress(RELAYED), new Lifetime(600));
    client.allocate(now);
    run(1);

    assertThat(events).containsExactly(new TurnEvent.Allocated(List.of(RELAYED), Optional.empty()));
  }

  // ---- Hostile answers -------------------------------------------------------------------------

  @Test
  void aSuccessWithoutIntegrityIsForged() {
    server.bend =
        request ->
            request.received().hasIntegrity()
                ? unsigned(
                    request, StunClass.SUCCESS, new XorRelayedAddress(OTHER), new Lifetime(600))
                : null;
    client.allocate(now);
    run(10);

    assertThat(failed().code()).isEqualTo(TurnEvent.NO_ANSWER);
    assertThat(client.drops().of(TurnDrop.UNAUTHENTICATED)).isEqualTo(5);
  }

  @Test
  void anUnsignedErrorEndsNothingWhereASignedAnswerFollows() {
    server.bend =
        request -> {
          if (request.received().hasIntegrity() && server.count(StunMethod.ALLOCATE) == 2) {
            server.out.add(unsigned(request, StunClass.ERROR, ErrorCode.of(486)));
          }
          return null;
        };
    allocated();
  }

  @Test
  void anUnsignedErrorExplainsTheSilenceAfterIt() {
    server.bend =
        request ->
            request.received().hasIntegrity()
                ? unsigned(request, StunClass.ERROR, new ErrorCode(486, "Quota \u001b[2J reached"))
                : null;
    client.allocate(now);
    run(1.1);

    assertThat(failed().code()).isEqualTo(486);
    assertThat(failed().reason())
        .isEqualTo("gives this user no more allocations (486): \"Quota ?[2J reached\"");
  }

  @Test
  void anAnswerToAnotherTransactionHasNoEffect() {
    allocated();
    server.silent = true;
    client.permit(now, PEER);
    var before = server.got.size();
    byte[] forged = server.success(server.got.get(before - 1));
    client.receive(now, forged, 0, forged.length);

    assertThat(client.drops().of(TurnDrop.UNKNOWN_TRANSACTION)).isEqualTo(1);
    client.send(now, PEER, new byte[5]);
    run(0.1);
    assertThat(server.count(StunMethod.SEND)).isZero();
  }

  @Test
  void anotherServerIsNamedAndNothingMoreIsSent() {
    var alternate = new InetSocketAddress("192.0.2.2", 3479);
    server.bend =
        request ->
            unsigned(request, StunClass.ERROR, ErrorCode.of(300), new AlternateServer(alternate));
    client.allocate(now);
    run(60);

    assertThat(events).containsExactly(new TurnEvent.Redirected(alternate, Optional.empty()));
    assertThat(server.got).hasSize(1);
    assertThat(client.state()).isEqualTo(TurnClient.State.ENDED);
  }

  @Test
  void anAllocationOfAnEarlierLifeWantsAnotherPort() {
    server.bend = request -> request.received().hasIntegrity() ? server.error(request, 437) : null;
    client.allocate(now);
    run(60);

    assertThat(events).containsExactly(new TurnEvent.PortTaken());
  }

  @ParameterizedTest
  @ValueSource(strings = {"127.0.0.1", "0.0.0.0", "224.0.0.1", "::1", "::"})
  void aRelayedAddressThatLeadsNowhereIsRefusedAndFreed(String address) {
    server.relayed = List.of(new InetSocketAddress(address, 50_000));
    client.allocate(now);
    run(1);

    assertThat(failed().reason()).contains("nobody can reach");
    assertThat(server.allocated).isFalse();
  }

  @ParameterizedTest
  @ValueSource(ints = {400, 403, 440, 441, 442, 486, 500, 508, 699})
  void everyErrorIsReportedWithItsCode(int code) {
    server.bend = request -> request.received().hasIntegrity() ? server.error(request, code) : null;
    client.allocate(now);
    run(60);

    assertThat(failed().code()).isEqualTo(code);
    assertThat(failed().reason()).endsWith("(" + code + ")");
  }

  @Test
  void bytesOfAnyKindThrowNothing() {
    allocated();
    var random = new Random(7);
    for (int i = 0; i < 20_000; i++) {
      byte[] bytes = new byte[random.nextInt(60)];
      random.nextBytes(bytes);
      if (bytes.length > 8 && random.nextBoolean()) {
        bytes[0] &= 0x41;
        System.arraycopy(new byte[] {0x21, 0x12, (byte) 0xa4, 0x42}, 0, bytes, 4, 4);
      }
      client.receive(now, bytes, 0, bytes.length);
    }
    assertThat(client.state()).isEqualTo(TurnClient.State.ALLOCATED);
  }

  // ---- Silence ---------------------------------------------------------------------------------

  @Test
  void asksFiveTimesWithinFiveSeconds() {
    server.silent = true;
    client.allocate(now);
    run(60);

    assertThat(server.got.stream().map(request -> request.atNanos() / 1_000_000).toList())
        .containsExactly(0L, 500L, 1500L, 2500L, 3500L);
    assertThat(failed().reason()).isEqualTo("did not answer 5 requests");
  }

  @Test
  void asksOnceOverAStream() {
    client = client(Families.IPV4, Transport.STREAM, PASSWORD);
    server.silent = true;
    client.allocate(now);
    run(60);

    assertThat(server.got).hasSize(1);
    assertThat(failed().code()).isEqualTo(TurnEvent.NO_ANSWER);
  }

  // ---- Families --------------------------------------------------------------------------------

  @Test
  void asksForBothFamiliesAndSendsThroughTheRightOne() {
    client = client(Families.BOTH, Transport.DATAGRAMS, PASSWORD);
    var v6 = new InetSocketAddress("2001:db8::7", 50_001);
    server.relayed = List.of(RELAYED, v6);
    client.allocate(now);
    run(1);

    assertThat(server.got.get(0).message().has(AdditionalAddressFamily.class)).isTrue();
    assertThat(events)
        .containsExactly(new TurnEvent.Allocated(List.of(RELAYED, v6), Optional.of(MAPPED)));
    client.permit(now, new InetSocketAddress("2001:db8::20", 1));
    run(1);
    assertThat(server.permitted).hasSize(1);
  }

  @Test
  void anAddressThatIsNoneBesidesAGoodOneIsLeftAside() {
    // What coturn without IPv6 tells for the second family.
    client = client(Families.BOTH, Transport.DATAGRAMS, PASSWORD);
    server.relayed = List.of(RELAYED, new InetSocketAddress("0.0.0.0", 0));
    allocated();
  }

  @Test
  void aServerThatStumblesOverTheSecondFamilyIsAskedForOne() {
    client = client(Families.BOTH, Transport.DATAGRAMS, PASSWORD);
    server.bend =
        request ->
            request.received().hasIntegrity()
                    && request.message().has(AdditionalAddressFamily.class)
                ? server.error(request, 440)
                : null;
    allocated();
  }

  @Test
  void asksForIpv6Alone() {
    client = client(Families.IPV6, Transport.DATAGRAMS, PASSWORD);
    client.allocate(now);
    run(0.1);

    assertThat(server.got.get(0).message().first(RequestedAddressFamily.class))
        .contains(new RequestedAddressFamily(2));
  }

  // ---- Life ------------------------------------------------------------------------------------

  @Test
  void refreshesAMinuteBeforeTheEnd() {
    allocated();
    run(1800);

    List<Long> at =
        server.got.stream()
            .filter(request -> request.method() == StunMethod.REFRESH)
            .map(request -> request.atNanos() / SECOND)
            .toList();
    assertThat(at).containsExactly(540L, 1080L, 1620L);
    assertThat(events).hasSize(1);
  }

  @Test
  void refreshesHalfwayWhereTheLifeIsShort() {
    server.lifetimeSeconds = 10;
    allocated();
    run(60);

    assertThat(server.count(StunMethod.REFRESH)).isEqualTo(12);
    assertThat(events).hasSize(1);
  }

  @Test
  void aLifetimeOfNothingOrForeverIsBounded() {
    server.lifetimeSeconds = 0;
    client.allocate(now);
    run(1);
    assertThat(server.count(StunMethod.REFRESH)).isLessThanOrEqualTo(3);
    assertThat(client.nextDeadlineNanos()).isGreaterThan(now);

    server.lifetimeSeconds = 0xffff_ffffL;
    run(3600);
    assertThat(server.count(StunMethod.REFRESH)).isBetween(2L, 12L);
  }

  @Test
  void anAllocationWhoseServerIsGoneIsLostAtItsEnd() {
    allocated();
    server.silent = true;
    run(700);

    assertThat(events.get(1)).isEqualTo(new TurnEvent.Lost(0, "answered no refresh any more"));
    assertThat(client.nextDeadlineNanos()).isEqualTo(Timer.NOT_RUNNING);
  }

  @Test
  void whoAsksWhetherItLivesRefreshesItAtOnce() {
    client.verify(now);
    assertThat(client.pollTransmit()).as("nothing to ask for").isNull();
    allocated();
    client.verify(now);
    client.verify(now);
    run(1);
    assertThat(server.count(StunMethod.REFRESH)).isEqualTo(1);
    assertThat(events).hasSize(1);

    // The server was started anew and knows nothing of it.
    server.bend = request -> server.error(request, 437);
    client.verify(now);
    run(1);

    assertThat(events.get(1)).isInstanceOf(TurnEvent.Lost.class);
    assertThat(client.nextDeadlineNanos()).isEqualTo(Timer.NOT_RUNNING);
  }

  @Test
  void anAllocationThatTheServerForgotIsLostAtOnce() {
    allocated();
    server.bend = request -> server.error(request, 437);
    client.permit(now, PEER);
    run(1);

    assertThat(events.get(1)).isInstanceOf(TurnEvent.Lost.class);
  }

  @Test
  void closingFreesItWithOneSend() {
    allocated();
    client.close(now);
    run(60);

    assertThat(server.allocated).isFalse();
    assertThat(server.count(StunMethod.REFRESH)).isEqualTo(1);
    assertThat(client.nextDeadlineNanos()).isEqualTo(Timer.NOT_RUNNING);
  }

  @Test
  void closingWhileTheAnswerIsAwaitedFreesWhatMayBeThere() {
    server.mute = request -> request.received().hasIntegrity();
    client.allocate(now);
    run(0.1);
    client.close(now);
    run(1);

    assertThat(server.count(StunMethod.REFRESH)).isEqualTo(1);
    assertThat(events).isEmpty();
  }

  // ---- Peers -----------------------------------------------------------------------------------

  @Test
  void whatIsSentBeforeThePermissionWaitsForIt() {
    allocated();
    server.silent = true;
    client.send(now, PEER, new byte[] {1});
    client.send(now, new InetSocketAddress(PEER.getAddress(), 4001), new byte[] {2});
    run(0.4);
    assertThat(server.count(StunMethod.SEND)).isZero();
    // One permission for the address, whatever the port.
    assertThat(server.count(StunMethod.CREATE_PERMISSION)).isEqualTo(1);
    server.silent = false;
    run(1);

    assertThat(server.count(StunMethod.SEND)).isEqualTo(2);
    assertThat(server.got.get(server.got.size() - 2).message().first(Data.class))
        .contains(new Data(Octets.of(new byte[] {1})));
  }

  @Test
  void whatWaitsIsBounded() {
    allocated();
    server.silent = true;
    for (int i = 0; i < 1000; i++) {
      client.send(now, PEER, new byte[1200]);
    }
    assertThat(client.drops().of(TurnDrop.NOT_SENT)).isEqualTo(992);
  }

  @Test
  void permissionsAreRenewedBeforeTheyEnd() {
    allocated();
    client.permit(now, PEER);
    run(1000);

    assertThat(server.count(StunMethod.CREATE_PERMISSION)).isEqualTo(5);
  }

  @Test
  void aForbiddenPeerIsToldAndGetsNothing() {
    allocated();
    server.bend =
        request ->
            request.method() == StunMethod.CREATE_PERMISSION
                    && request
                        .message()
                        .first(XorPeerAddress.class)
                        .orElseThrow()
                        .address()
                        .equals(PEER)
                ? server.error(request, 403)
                : null;
    client.send(now, PEER, new byte[1]);
    client.send(now, OTHER, new byte[1]);
    run(1);
    client.send(now, PEER, new byte[1]);
    run(1000);

    assertThat(events.get(1))
        .isEqualTo(new TurnEvent.PeerRefused(PEER.getAddress(), 403, "forbids it (403)"));
    assertThat(client.isRefused(PEER.getAddress())).isTrue();
    assertThat(server.count(StunMethod.SEND)).isEqualTo(1);
  }

  @Test
  void dataGoesOverAChannelOnceItIsBound() {
    allocated();
    client.bindChannel(now, PEER);
    assertThat(client.channelTo(PEER)).isZero();
    run(1);
    assertThat(client.channelTo(PEER)).isBetween(0x4000, 0x4FFF);
    client.send(now, PEER, new byte[] {9, 8, 7});
    run(1);

    assertThat(server.channelData).singleElement().satisfies(f -> assertThat(f).hasSize(7));
    byte[] frame = server.channelData.get(0);
    PeerData back = client.receive(now, frame, 0, frame.length);
    assertThat(back).isNotNull();
    assertThat(back.peer()).isEqualTo(PEER);
    assertThat(Arrays.copyOfRange(back.buffer(), back.offset(), back.offset() + back.length()))
        .containsExactly(9, 8, 7);
  }

  @Test
  void channelsHaveNumbersOfTheirOwnAndAreBoundAgain() {
    allocated();
    client.bindChannel(now, PEER);
    client.bindChannel(now, PEER);
    client.bindChannel(now, OTHER);
    run(500);

    assertThat(server.channels)
        .containsOnly(java.util.Map.entry(0x4000, PEER), java.util.Map.entry(0x4001, OTHER));
    assertThat(server.count(StunMethod.CHANNEL_BIND)).isEqualTo(6);
  }

  @Test
  void aChannelThatIsNotRenewedIsNoLongerUsed() {
    allocated();
    client.bindChannel(now, PEER);
    run(1);
    server.mute = request -> request.method() == StunMethod.CHANNEL_BIND;
    run(590);
    assertThat(client.channelTo(PEER)).isNotZero();
    run(20);
    assertThat(client.channelTo(PEER)).isZero();
  }

  @Test
  void channelDataIsPaddedOverAStreamAlone() {
    client = client(Families.IPV4, Transport.STREAM, PASSWORD);
    allocated();
    client.bindChannel(now, PEER);
    run(1);
    client.send(now, PEER, new byte[] {9, 8, 7});
    run(1);

    assertThat(server.channelData.get(0)).containsExactly(0x40, 0, 0, 3, 9, 8, 7, 0);
  }

  @Test
  void channelDataThatLiesAboutItsLengthOrNumberIsDropped() {
    allocated();
    client.bindChannel(now, PEER);
    run(1);
    for (byte[] frame :
        List.of(
            new byte[] {0x40, 0, 0, 9, 1, 2},
            new byte[] {0x40, 1, 0, 1, 1},
            new byte[] {0x4f, (byte) 0xff, 0, 1, 1},
            new byte[] {0x7f, (byte) 0xff, 0, 1, 1})) {
      assertThat(client.receive(now, frame, 0, frame.length)).isNull();
    }
    assertThat(client.drops().of(TurnDrop.UNKNOWN_CHANNEL)).isEqualTo(4);
  }

  @Test
  void aDataIndicationNeedsPeerDataAndPermission() {
    allocated();
    client.permit(now, PEER);
    run(1);
    for (byte[] bad :
        List.of(
            dataIndication(new XorPeerAddress(PEER)),
            dataIndication(new Data(Octets.of(new byte[1]))),
            dataIndication(OTHER, new byte[1]))) {
      assertThat(client.receive(now, bad, 0, bad.length)).isNull();
    }
    assertThat(client.drops().of(TurnDrop.BAD_INDICATION)).isEqualTo(3);
    byte[] good = dataIndication(PEER, new byte[] {5});
    PeerData data = client.receive(now, good, 0, good.length);
    assertThat(data).isNotNull();
    assertThat(data.peer()).isEqualTo(PEER);
    assertThat(data.length()).isEqualTo(1);
  }

  @Test
  void aPeerOfAnotherFamilyIsNotSentTo() {
    allocated();
    var v6 = new InetSocketAddress("2001:db8::1", 1);
    client.permit(now, v6);
    client.bindChannel(now, v6);
    client.send(now, v6, new byte[1]);
    run(1);

    assertThat(server.count(StunMethod.CREATE_PERMISSION)).isZero();
    assertThat(server.count(StunMethod.CHANNEL_BIND)).isZero();
  }

  @Test
  void permissionsAndChannelsAreBounded() {
    allocated();
    for (int i = 0; i < 1000; i++) {
      var peer = new InetSocketAddress("10.0." + i / 250 + '.' + (i % 250 + 1), 1);
      client.permit(now, peer);
      client.bindChannel(now, peer);
    }
    run(1);

    assertThat(server.count(StunMethod.CREATE_PERMISSION)).isEqualTo(160);
    assertThat(server.count(StunMethod.CHANNEL_BIND)).isEqualTo(64);
  }
}
