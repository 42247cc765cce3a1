package dev.tautline.ice.check;

import static dev.tautline.ice.check.IceSim.MILLI;
import static dev.tautline.ice.check.IceSim.SECOND;
import static dev.tautline.ice.check.IceSim.at;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tautline.ice.IceCandidateType;
import dev.tautline.ice.IceCredentials;
import dev.tautline.ice.IceMode;
import dev.tautline.ice.IceRole;
import dev.tautline.ice.IceState;
import dev.tautline.ice.check.IceSim.Peer;
import dev.tautline.stun.IntegrityKey;
import dev.tautline.stun.StunClass;
import dev.tautline.stun.StunMessage;
import dev.tautline.stun.StunMethod;
import dev.tautline.stun.TransactionId;
import dev.tautline.stun.attribute.ErrorCode;
import dev.tautline.stun.attribute.IceControlling;
import dev.tautline.stun.attribute.Octets;
import dev.tautline.stun.attribute.Priority;
import dev.tautline.stun.attribute.StunAttribute;
import dev.tautline.stun.attribute.UnknownAttribute;
import dev.tautline.stun.attribute.UseCandidate;
import dev.tautline.stun.attribute.Username;
import dev.tautline.stun.attribute.XorMappedAddress;
import dev.tautline.stun.codec.StunWriter;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Peers A and Z in virtual time; 10 ms from one to the other unless a test says otherwise. */
class CheckAgentTest {
  private final IceSim sim = new IceSim();

  private Peer a;
  private Peer z;

  private void twoPeers() {
    a = sim.peer("a", 1).address("192.0.2.1", 1000);
    z = sim.peer("z", 2).address("192.0.2.2", 2000);
  }

  private boolean bothCompleted() {
    return a.state() == IceState.COMPLETED && z.state() == IceState.COMPLETED;
  }

  private void connect() {
    twoPeers();
    a.learn(z);
    z.learn(a);
    a.start(IceRole.CONTROLLING, z);
    z.start(IceRole.CONTROLLED, a);
    assertThat(sim.runUntil(this::bothCompleted, 2 * SECOND)).isTrue();
  }

  // ---- Connecting ------------------------------------------------------------------------------

  @Test
  void anAddressThatDoesNotAnswerHoldsOthersOfItsFoundationForOneRetransmissionOnly() {
    a = sim.peer("a", 1).address("192.0.2.1", 1000);
    z = sim.peer("z", 2).address("192.0.2.2", 2000);
    // A port that Z had before, and still tells: the same host, and so the same foundation.
    a.start(IceRole.CONTROLLING, z);
    a.agent.addRemote(sim.now, IceSim.host("192.0.2.2", 1999, 65_535), at("192.0.2.2", 1999));
    a.agent.addRemote(sim.now, IceSim.host("192.0.2.2", 2000, 65_000), at("192.0.2.2", 2000));
    sim.drain(a);
    // Z checks nothing by itself, so that none of A's checks is a triggered one.
    sim.filter = d -> !d.from().equals(at("192.0.2.2", 2000)) || isAnswer(d);
    z.start(IceRole.CONTROLLED, a);
    z.learn(a);

    assertThat(sim.runUntil(() -> a.state() == IceState.COMPLETED, 2 * SECOND)).isTrue();
    assertThat(a.selectedRemote()).isEqualTo("192.0.2.2:2000");
  }

  private static boolean isAnswer(IceSim.Datagram datagram) {
    return datagram.stun().message().messageClass() != StunClass.REQUEST;
  }

  @Test
  void connectsInTwoRoundTripsAndNominates() {
    connect();
    assertThat(a.states).containsExactly(IceState.CHECKING, IceState.CONNECTED, IceState.COMPLETED);
    assertThat(z.states).containsExactly(IceState.CHECKING, IceState.CONNECTED, IceState.COMPLETED);
    // One round trip for the check, one for the nomination.
    assertThat(sim.now).isLessThanOrEqualTo(40 * MILLI + 10 * MILLI);
    assertThat(a.selectedRemote()).isEqualTo("192.0.2.2:2000");
    assertThat(z.selectedRemote()).isEqualTo("192.0.2.1:1000");
  }

  @Test
  void connectsWhenCandidatesComeInAnyOrderAndLate() {
    for (int order = 0; order < 24; order++) {
      var one = new IceSim();
      Peer x = one.peer("x", 10 + order);
      Peer y = one.peer("y", 50 + order);
      List<Runnable> steps =
          new ArrayList<>(
              List.of(
                  () -> x.address("192.0.2.1", 1000),
                  () -> y.address("192.0.2.2", 2000),
                  () -> x.start(IceRole.CONTROLLING, y),
                  () -> y.start(IceRole.CONTROLLED, x),
                  () ->
                      x.agent.addRemote(
                          one.now, IceSim.host("192.0.2.2", 2000, 9), at("192.0.2.2", 2000)),
                  () ->
                      y.agent.addRemote(
                          one.now, IceSim.host("192.0.2.1", 1000, 9), at("192.0.2.1", 1000))));
      java.util.Collections.shuffle(steps, new Random(order));
      for (Runnable step : steps) {
        step.run();
        one.run(37 * MILLI);
      }
      assertThat(
              one.runUntil(
                  () -> x.state() == IceState.COMPLETED && y.state() == IceState.COMPLETED,
                  3 * SECOND))
          .as("order " + order + "\n" + x.timeline.events() + "\n" + y.timeline.events())
          .isTrue();
    }
  }

  @Test
  void checksBeforeTheAnswerAreAnsweredAndFollowedUpAtOnce() {
    twoPeers();
    z.learn(a);
    z.start(IceRole.CONTROLLED, a);
    // A -> answer not here yet; Z -> checks -> A
    sim.run(300 * MILLI);
    assertThat(z.state()).isEqualTo(IceState.CONNECTED);
    assertThat(a.states).isEmpty();

    a.start(IceRole.CONTROLLING, z);
    long start = sim.now;
    assertThat(sim.runUntil(this::bothCompleted, SECOND)).isTrue();

    assertThat(sim.now - start).isLessThanOrEqualTo(50 * MILLI);
    assertThat(a.agent.selectedPair().orElseThrow().remote().type())
        .isEqualTo(IceCandidateType.PEER_REFLEXIVE);
  }

  @Test
  void aSignalledCandidateTakesThePlaceOfThePeerReflexiveOne() {
    twoPeers();
    z.learn(a);
    a.start(IceRole.CONTROLLING, z);
    z.start(IceRole.CONTROLLED, a);
    assertThat(sim.runUntil(this::bothCompleted, SECOND)).isTrue();

    a.learn(z);

    assertThat(a.agent.selectedPair().orElseThrow().remote().type())
        .isEqualTo(IceCandidateType.HOST);
    assertThat(a.agent.pairReports()).hasSize(1);
    assertThat(a.pairs).hasSize(1);
    sim.drain(a);
    assertThat(a.names).hasSize(1);
    assertThat(a.names.get(0).pair().remote().type()).isEqualTo(IceCandidateType.HOST);
  }

  @Test
  void behindANatThePeerIsSeenAsReflexive() {
    twoPeers();
    a.sourceNat = own -> at("198.51.100.7", 40_000);
    z.learn(a);
    a.learn(z);
    a.start(IceRole.CONTROLLING, z);
    z.start(IceRole.CONTROLLED, a);
    assertThat(sim.runUntil(this::bothCompleted, 5 * SECOND)).isTrue();
    assertThat(a.agent.selectedPair().orElseThrow().local().address()).isEqualTo("198.51.100.7");
    assertThat(a.agent.selectedPair().orElseThrow().local().type())
        .isEqualTo(IceCandidateType.PEER_REFLEXIVE);
    assertThat(z.selectedRemote()).isEqualTo("198.51.100.7:40000");
  }

  @Test
  void aLitePeerIsNominatedAndConsents() {
    twoPeers();
    // Z never starts: it answers checks, which is all that a lite agent does.
    a.learn(z);
    a.start(IceRole.CONTROLLED, z, IceMode.LITE);
    assertThat(sim.runUntil(() -> a.state() == IceState.COMPLETED, SECOND)).isTrue();
    assertThat(a.agent.role()).isEqualTo(IceRole.CONTROLLING);
    sim.run(120 * SECOND);
    assertThat(a.state()).isEqualTo(IceState.COMPLETED);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
  void connectsAtThirtyPercentLossEachWay(long seed) {
    for (int round = 0; round < 20; round++) {
      var random = new Random(seed * 1000 + round);
      var one = new IceSim();
      one.filter = d -> random.nextDouble() >= 0.3;
      Peer x = one.peer("x", seed).address("192.0.2.1", 1).address("192.0.2.3", 1);
      Peer y = one.peer("y", seed + 99).address("192.0.2.2", 2);
      x.learn(y);
      y.learn(x);
      x.start(IceRole.CONTROLLING, y);
      y.start(IceRole.CONTROLLED, x);
      assertThat(
              one.runUntil(
                  () -> x.state() == IceState.COMPLETED && y.state() == IceState.COMPLETED,
                  20 * SECOND))
          .as("seed " + seed + " round " + round + "\n" + x.timeline.events())
          .isTrue();
    }
  }

  @Test
  void whileNothingWorksAnUnansweredCheckGoesAgainEverySecond() {
    twoPeers();
    a.learn(z);
    sim.filter = d -> false;
    a.start(IceRole.CONTROLLING, z);
    sim.run(10 * SECOND);
    long first = a.sent.get(0).atNanos();
    assertThat(a.sent.stream().map(d -> (d.atNanos() - first) / MILLI))
        .containsExactly(
            0L, 500L, 1_500L, 2_500L, 3_500L, 4_500L, 5_500L, 6_500L, 7_500L, 8_500L, 9_500L);
  }

  @Test
  void withoutACandidateItFailsAtItsPatienceAndNotBefore() {
    twoPeers();
    a.start(IceRole.CONTROLLING, z);
    sim.run(60 * SECOND);
    assertThat(a.states).containsExactly(IceState.CHECKING, IceState.FAILED);
    assertThat(a.timeOf(IceState.FAILED)).isEqualTo(25 * SECOND);
  }

  @Test
  void aPeerThatComesLateConnectsStill() {
    twoPeers();
    a.learn(z);
    sim.filter = d -> sim.now > 20 * SECOND;
    a.start(IceRole.CONTROLLING, z);
    z.start(IceRole.CONTROLLED, a);
    assertThat(sim.runUntil(this::bothCompleted, 25 * SECOND)).isTrue();
    assertThat(sim.now).isLessThan(24 * SECOND);
  }

  @Test
  void startingTwiceIsRefused() {
    twoPeers();
    a.start(IceRole.CONTROLLING, z);
    assertThatThrownBy(() -> a.start(IceRole.CONTROLLING, z))
        .isInstanceOf(IllegalStateException.class);
  }

  // ---- Nomination ------------------------------------------------------------------------------

  private void twoAddressesEach() {
    a = sim.peer("a", 1).address("192.0.2.1", 1000).address("198.51.100.1", 1000);
    z = sim.peer("z", 2).address("192.0.2.2", 2000).address("198.51.100.2", 2000);
    a.learn(z);
    z.learn(a);
  }

  private static boolean sameNet(IceSim.Datagram d) {
    return d.from().getAddress().getAddress()[0] == d.to().getAddress().getAddress()[0];
  }

  @Test
  void theTopPairIsNominatedAtOnce() {
    twoAddressesEach();
    a.start(IceRole.CONTROLLING, z);
    z.start(IceRole.CONTROLLED, a);
    assertThat(sim.runUntil(this::bothCompleted, SECOND)).isTrue();
    assertThat(a.selectedRemote()).isEqualTo("192.0.2.2:2000");
    assertThat(sim.now).isLessThan(100 * MILLI);
  }

  @Test
  void elseTheBestValidPairAfterAHundredMilliseconds() {
    twoAddressesEach();
    sim.filter = d -> sameNet(d) && d.to().getAddress().getAddress()[0] != (byte) 192;
    a.start(IceRole.CONTROLLING, z);
    z.start(IceRole.CONTROLLED, a);
    assertThat(sim.runUntil(this::bothCompleted, SECOND)).isTrue();
    assertThat(a.selectedRemote()).isEqualTo("198.51.100.2:2000");
    long nominated = a.timeOf(IceState.COMPLETED) - a.timeOf(IceState.CONNECTED);
    assertThat(nominated).isBetween(100 * MILLI, 140 * MILLI);
  }

  @Test
  void aLostNominationIsRepeated() {
    twoPeers();
    a.learn(z);
    z.learn(a);
    int[] lost = {0};
    sim.filter =
        d -> {
          boolean nominates = d.stun().message().has(UseCandidate.class);
          return !nominates || ++lost[0] > 3;
        };
    a.start(IceRole.CONTROLLING, z);
    z.start(IceRole.CONTROLLED, a);
    assertThat(sim.runUntil(this::bothCompleted, 10 * SECOND)).isTrue();
    assertThat(lost[0]).isEqualTo(4);
  }

  @Test
  void asControlledTheHighestOfAggressiveNominationsStays() {
    twoAddressesEach();
    z.start(IceRole.CONTROLLED, a);
    sim.filter = d -> true;
    nominateAs(a, 0, at("192.0.2.1", 1000), 0);
    nominateAs(a, 1, at("198.51.100.1", 1000), 1);
    assertThat(z.selectedRemote()).isEqualTo("192.0.2.1:1000");
  }

  @Test
  void asControlledALaterNominationIsFollowed() {
    twoAddressesEach();
    z.start(IceRole.CONTROLLED, a);
    nominateAs(a, 0, at("192.0.2.1", 1000), 0);
    assertThat(z.selectedRemote()).isEqualTo("192.0.2.1:1000");
    sim.run(3 * SECOND);
    nominateAs(a, 1, at("198.51.100.1", 1000), 1);
    assertThat(z.selectedRemote()).isEqualTo("198.51.100.1:1000");
    assertThat(z.pairs).hasSize(2);
    assertThat(z.pairs.get(1).otherPath()).isTrue();
  }

  /** A, not started, answers Z's checks; here it nominates by hand. */
  private void nominateAs(Peer from, int base, InetSocketAddress source, int toBase) {
    byte[] check =
        check(
            z.credentials,
            from.credentials.ufrag(),
            new Priority(1000),
            new IceControlling(77),
            new UseCandidate());
    z.deliver(check, toBase, source);
    sim.run(100 * MILLI);
    assertThat(base).isEqualTo(toBase);
  }

  // ---- Role conflict ---------------------------------------------------------------------------

  @ParameterizedTest
  @CsvSource({"CONTROLLING", "CONTROLLED"})
  void aRoleConflictEndsWithOneOfEach(IceRole both) {
    for (int seed = 0; seed < 40; seed++) {
      var one = new IceSim();
      Peer x = one.peer("x", seed).address("192.0.2.1", 1);
      Peer y = one.peer("y", seed + 1000).address("192.0.2.2", 2);
      x.learn(y);
      y.learn(x);
      x.start(both, y);
      one.run((seed % 4) * 5 * MILLI);
      y.start(both, x);
      assertThat(
              one.runUntil(
                  () -> x.state() == IceState.COMPLETED && y.state() == IceState.COMPLETED,
                  5 * SECOND))
          .as("seed " + seed + "\n" + x.timeline.events() + "\n" + y.timeline.events())
          .isTrue();
      assertThat(x.agent.role()).isEqualTo(y.agent.role().opposite());
    }
  }

  @ParameterizedTest
  @CsvSource({"CONTROLLING", "CONTROLLED"})
  void equalTieBreakersDoNotFlipForEver(IceRole both) {
    Peer x = sim.peer("x", 5, 4711).address("192.0.2.1", 1);
    Peer y = sim.peer("y", 6, 4711).address("192.0.2.2", 2);
    x.learn(y);
    y.learn(x);
    x.start(both, y);
    sim.run(3 * MILLI);
    y.start(both, x);
    assertThat(
            sim.runUntil(
                () -> x.state() == IceState.COMPLETED && y.state() == IceState.COMPLETED,
                20 * SECOND))
        .as(x.timeline.events() + "\n" + y.timeline.events())
        .isTrue();
    assertThat(x.agent.role()).isEqualTo(y.agent.role().opposite());
  }

  // ---- Consent ---------------------------------------------------------------------------------

  @Test
  void consentIsAskedEveryFiveSecondsOrSo() {
    connect();
    a.sent.clear();
    sim.run(600 * SECOND);
    List<Long> times = new ArrayList<>();
    for (IceSim.Datagram d : a.sent) {
      if (d.stun().message().messageClass() == StunClass.REQUEST) {
        times.add(d.atNanos());
      }
    }
    assertThat(times).hasSizeBetween(95, 150);
    for (int i = 1; i < times.size(); i++) {
      assertThat(times.get(i) - times.get(i - 1)).isBetween(4 * SECOND, 6 * SECOND);
    }
    assertThat(a.state()).isEqualTo(IceState.COMPLETED);
  }

  @Test
  void aSilentPeerIsDisconnectedAfterSixSecondsAndFailedAfterThirty() {
    connect();
    sim.run(60 * SECOND);
    long killed = sim.now;
    sim.filter = d -> false;
    sim.run(60 * SECOND);
    assertThat(a.states).endsWith(IceState.DISCONNECTED, IceState.FAILED);
    // The last response came at most 6 s before the peer was gone, and a check that was sent since
    // has to be unanswered for a second.
    assertThat(a.timeOf(IceState.DISCONNECTED) - killed).isBetween(SECOND, 7 * SECOND);
    assertThat(a.timeOf(IceState.FAILED) - killed).isBetween(24 * SECOND, 30 * SECOND);
    assertThat(a.agent.route()).isNull();
    a.sent.clear();
    sim.run(60 * SECOND);
    assertThat(a.sent).as("nothing is sent without consent").isEmpty();
  }

  @Test
  void aPeerThatComesBackIsConnectedAgain() {
    connect();
    sim.filter = d -> false;
    assertThat(sim.runUntil(() -> a.state() == IceState.DISCONNECTED, 20 * SECOND)).isTrue();
    sim.filter = d -> true;
    assertThat(sim.runUntil(() -> a.state() == IceState.COMPLETED, 10 * SECOND)).isTrue();
    assertThat(a.agent.route()).isNotNull();
  }

  @Test
  void dataKeepsFromDisconnectedButDoesNotRenewConsent() {
    connect();
    sim.filter = d -> false;
    for (int i = 0; i < 29; i++) {
      sim.run(SECOND);
      a.agent.authenticatedData(sim.now);
      sim.drain(a);
    }
    assertThat(a.states).doesNotContain(IceState.DISCONNECTED);
    sim.run(7 * SECOND);
    assertThat(a.state()).isEqualTo(IceState.FAILED);
  }

  @Test
  void anotherPairTakesOverWhenTheOneInUseFallsSilent() {
    twoAddressesEach();
    a.start(IceRole.CONTROLLING, z);
    z.start(IceRole.CONTROLLED, a);
    assertThat(sim.runUntil(this::bothCompleted, SECOND)).isTrue();
    sim.run(20 * SECOND);
    sim.filter =
        d ->
            d.to().getAddress().getAddress()[0] != (byte) 192
                && d.from().getAddress().getAddress()[0] != (byte) 192;
    sim.run(29 * SECOND);
    assertThat(a.state()).isEqualTo(IceState.COMPLETED);
    assertThat(z.state()).isEqualTo(IceState.COMPLETED);
    assertThat(a.selectedRemote()).isEqualTo("198.51.100.2:2000");
    assertThat(z.selectedRemote()).isEqualTo("198.51.100.1:1000");
  }

  @Test
  void anAuthenticated403RevokesConsentAtOnce() {
    connect();
    assertThat(sim.runUntil(() -> lastRequest(a).atNanos() > SECOND, 10 * SECOND)).isTrue();
    TransactionId id = lastRequest(a).stun().message().transactionId();
    a.deliver(
        CheckMessages.error(id, ErrorCode.FORBIDDEN, IntegrityKey.shortTerm(z.credentials.pwd())),
        0,
        at("192.0.2.2", 2000));
    assertThat(a.state()).isEqualTo(IceState.FAILED);
    assertThat(a.agent.route()).isNull();
    assertThat(a.agent.consentRefused()).isTrue();
  }

  @Test
  void anUnauthenticated403DoesNothing() {
    connect();
    assertThat(sim.runUntil(() -> lastRequest(a).atNanos() > SECOND, 10 * SECOND)).isTrue();
    TransactionId id = lastRequest(a).stun().message().transactionId();
    a.deliver(
        CheckMessages.unauthenticatedError(id, ErrorCode.FORBIDDEN), 0, at("192.0.2.2", 2000));
    a.deliver(
        CheckMessages.error(id, ErrorCode.FORBIDDEN, IntegrityKey.shortTerm("some other password")),
        0,
        at("192.0.2.2", 2000));
    assertThat(a.state()).isEqualTo(IceState.COMPLETED);
    assertThat(a.drops.of(IceDrop.UNAUTHENTICATED_RESPONSE)).isEqualTo(2);
  }

  private static IceSim.Datagram lastRequest(Peer peer) {
    IceSim.Datagram last = null;
    for (IceSim.Datagram d : peer.sent) {
      if (d.stun().message().messageClass() == StunClass.REQUEST) {
        last = d;
      }
    }
    return last;
  }

  // ---- Authentication --------------------------------------------------------------------------

  private static byte[] check(IceCredentials of, String remoteUfrag, StunAttribute... more) {
    return checkSigned(of.ufrag() + ":" + remoteUfrag, of.pwd(), more);
  }

  private static byte[] checkSigned(String username, String pwd, StunAttribute... more) {
    return message(username, more)
        .withIntegrity(IntegrityKey.shortTerm(pwd))
        .withFingerprint()
        .toBytes();
  }

  private static StunWriter message(String username, StunAttribute... more) {
    List<StunAttribute> attributes = new ArrayList<>();
    attributes.add(new Username(username));
    attributes.addAll(List.of(more));
    return new StunWriter(
        new StunMessage(
            StunClass.REQUEST,
            StunMethod.BINDING,
            TransactionId.generate(new Random(attributes.size())),
            attributes));
  }

  private static int errorOf(IceSim.Datagram answer) {
    return answer.stun().message().first(ErrorCode.class).map(ErrorCode::code).orElse(0);
  }

  @Test
  void unauthenticatedChecksHaveNoEffect() {
    twoPeers();
    a.start(IceRole.CONTROLLED, z);
    InetSocketAddress attacker = at("203.0.113.66", 666);
    String name = a.credentials.ufrag() + ":" + z.credentials.ufrag();
    StunAttribute[] rest = {new Priority(9), new IceControlling(1), new UseCandidate()};

    a.deliver(message(name, rest).withFingerprint().toBytes(), 0, attacker);
    assertThat(errorOf(a.sent.get(0))).isEqualTo(400);
    a.deliver(checkSigned(name, "a password of nobody here", rest), 0, attacker);
    assertThat(errorOf(a.sent.get(1))).isEqualTo(401);
    a.deliver(checkSigned("nope:" + z.credentials.ufrag(), a.credentials.pwd(), rest), 0, attacker);
    assertThat(errorOf(a.sent.get(2))).isEqualTo(401);
    a.deliver(
        checkSigned(a.credentials.ufrag() + ":older", a.credentials.pwd(), rest), 0, attacker);
    assertThat(errorOf(a.sent.get(3))).isEqualTo(401);
    a.deliver(
        message(name, rest).withIntegrity(IntegrityKey.shortTerm(a.credentials.pwd())).toBytes(),
        0,
        attacker);
    assertThat(a.sent).as("no answer without FINGERPRINT").hasSize(4);

    sim.run(SECOND);
    assertThat(a.sent).as("no triggered check").hasSize(4);
    assertThat(a.agent.pairReports()).isEmpty();
    assertThat(a.agent.remoteCount()).isZero();
    assertThat(a.agent.standing(new Route(0, attacker))).isEqualTo(Standing.UNKNOWN);
    assertThat(a.agent.role()).as("no role conflict either").isEqualTo(IceRole.CONTROLLED);
    assertThat(a.agent.rejectedChecks()).isEqualTo(3);
  }

  @Test
  void anEarlyCheckOfAnotherGenerationIsNotFollowedUp() {
    twoPeers();
    a.deliver(check(a.credentials, "older", new Priority(9)), 0, at("203.0.113.66", 666));
    a.start(IceRole.CONTROLLING, z);
    sim.run(100 * MILLI);
    assertThat(a.agent.pairReports()).isEmpty();
  }

  @Test
  void errorAnswersAreLimitedAndNeverLongerThanTheRequest() {
    twoPeers();
    InetSocketAddress victim = at("203.0.113.66", 666);
    byte[] small =
        new StunWriter(
                StunMessage.of(StunClass.REQUEST, StunMethod.BINDING, new TransactionId(1, 1)))
            .withFingerprint()
            .toBytes();
    a.deliver(small, 0, victim);
    assertThat(a.sent).isEmpty();
    for (int i = 0; i < 100; i++) {
      byte[] check = checkSigned("x:y", "a password of nobody here", new Priority(i));
      a.deliver(check, 0, victim);
    }
    assertThat(a.sent).hasSize(10);
    assertThat(a.sent.get(0).bytes().length).isLessThan(small.length * 2);
  }

  @Test
  void anUnknownRequiredAttributeIsAnswered420() {
    twoPeers();
    a.start(IceRole.CONTROLLED, z);
    a.deliver(
        check(
            a.credentials,
            z.credentials.ufrag(),
            new Priority(1),
            new UnknownAttribute(0x7abc, Octets.EMPTY)),
        0,
        at("192.0.2.2", 2000));
    assertThat(errorOf(a.sent.get(0))).isEqualTo(420);
    assertThat(a.agent.pairReports()).isEmpty();
  }

  @Test
  void aForgedAnswerDoesNotMakeAPairValid() {
    twoPeers();
    a.learn(z);
    sim.filter = d -> false;
    a.start(IceRole.CONTROLLING, z);
    TransactionId id = lastRequest(a).stun().message().transactionId();
    var forged =
        new StunWriter(
            StunMessage.of(
                StunClass.SUCCESS,
                StunMethod.BINDING,
                id,
                new XorMappedAddress(at("192.0.2.1", 1000))));
    a.deliver(forged.withFingerprint().toBytes(), 0, at("192.0.2.2", 2000));
    a.deliver(
        forged.withIntegrity(IntegrityKey.shortTerm(a.credentials.pwd())).toBytes(),
        0,
        at("192.0.2.2", 2000));
    assertThat(a.state()).isEqualTo(IceState.CHECKING);
    assertThat(a.drops.of(IceDrop.UNAUTHENTICATED_RESPONSE)).isEqualTo(2);
  }

  @Test
  void anAnswerFromElsewhereFailsThePair() {
    twoPeers();
    a.learn(z);
    sim.filter = d -> false;
    a.start(IceRole.CONTROLLING, z);
    TransactionId id = lastRequest(a).stun().message().transactionId();
    a.deliver(
        CheckMessages.success(
            id, at("192.0.2.1", 1000), IntegrityKey.shortTerm(z.credentials.pwd())),
        0,
        at("192.0.2.77", 2000));
    assertThat(a.state()).isEqualTo(IceState.CHECKING);
    assertThat(a.agent.pairReports().get(0).outcome()).contains("came from 192.0.2.77");
  }

  @Test
  void checksAreAnsweredForTheWholeLife() {
    connect();
    for (int i = 0; i < 5; i++) {
      sim.run(40 * SECOND);
      a.sent.clear();
      a.deliver(
          check(a.credentials, z.credentials.ufrag(), new Priority(5)),
          0,
          at("198.51.100.9", 5000 + i));
      assertThat(a.sent.get(0).stun().message().messageClass()).isEqualTo(StunClass.SUCCESS);
    }
    sim.filter = d -> false;
    sim.run(40 * SECOND);
    assertThat(a.state()).isEqualTo(IceState.FAILED);
    a.sent.clear();
    a.deliver(
        check(a.credentials, z.credentials.ufrag(), new Priority(5)), 0, at("192.0.2.2", 2000));
    assertThat(a.sent.get(0).stun().message().messageClass()).isEqualTo(StunClass.SUCCESS);
  }

  // ---- Limits ----------------------------------------------------------------------------------

  @Test
  void tenThousandCandidatesMakeAHundredPairsPacedAndEnd() {
    twoPeers();
    a.start(IceRole.CONTROLLING, z);
    for (int i = 0; i < 10_000; i++) {
      a.agent.addRemote(
          sim.now, IceSim.host("203.0.113.1", 1024 + i, i % 65_535), at("203.0.113.1", 1024 + i));
      sim.drain(a);
    }
    sim.run(60 * SECOND);
    assertThat(a.agent.pairReports()).hasSize(100);
    assertThat(a.agent.remoteCount()).isEqualTo(128);
    assertThat(a.drops.of(IceDrop.REMOTE_CANDIDATE_LIMIT)).isEqualTo(10_000 - 128);
    assertThat(a.drops.of(IceDrop.PAIR_LIMIT)).isEqualTo(28);
    for (int i = 1; i < a.sent.size(); i++) {
      assertThat(a.sent.get(i).atNanos() - a.sent.get(i - 1).atNanos())
          .isGreaterThanOrEqualTo(5 * MILLI);
    }
    assertThat(a.state()).isEqualTo(IceState.FAILED);
    assertThat(a.sent.get(a.sent.size() - 1).atNanos()).isLessThanOrEqualTo(25 * SECOND);
  }

  @Test
  void peerReflexiveCandidatesAreLimited() {
    twoPeers();
    a.start(IceRole.CONTROLLED, z);
    for (int i = 0; i < 100; i++) {
      a.deliver(
          check(a.credentials, z.credentials.ufrag(), new Priority(5), new IceControlling(1)),
          0,
          at("198.51.100.9", 5000 + i));
    }
    assertThat(a.agent.remoteCount()).isEqualTo(32);
    assertThat(a.drops.of(IceDrop.PEER_REFLEXIVE_LIMIT)).isEqualTo(68);
  }

  @Test
  void earlyChecksAreLimited() {
    twoPeers();
    for (int i = 0; i < 100; i++) {
      a.deliver(
          check(a.credentials, z.credentials.ufrag(), new Priority(5)),
          0,
          at("198.51.100.9", 5000 + i));
    }
    assertThat(a.drops.of(IceDrop.EARLY_CHECK_LIMIT)).isEqualTo(68);
    a.start(IceRole.CONTROLLING, z);
    assertThat(a.agent.remoteCount()).isEqualTo(32);
  }

  @ParameterizedTest
  @CsvSource({
    "0.0.0.0, 5, unspecified",
    "224.0.0.1, 5, multicast",
    "255.255.255.255, 5, broadcast",
    "192.0.2.2, 0, port 0",
    "ff02::1, 5, multicast",
    "::, 5, unspecified"
  })
  void addressesThatNoPairMayHaveAreRefused(String ip, int port, String why) {
    twoPeers();
    a.start(IceRole.CONTROLLING, z);
    assertThat(a.agent.addRemote(0, IceSim.host("192.0.2.2", 5, 5), at(ip, port))).contains(why);
    assertThat(a.agent.pairReports()).isEmpty();
  }

  @Test
  void loopbackAndOtherFamiliesAreNotReached() {
    twoPeers();
    a.start(IceRole.CONTROLLING, z);
    for (String ip : List.of("127.0.0.1", "::1", "2001:db8::1")) {
      assertThat(a.agent.addRemote(0, IceSim.host(ip, 5, 5), at(ip, 5)))
          .isEqualTo("no address of ours reaches it");
    }
    assertThat(a.agent.pairReports()).isEmpty();
  }

  @Test
  void standingGrowsFromUnknownOverAuthenticatedToValid() {
    twoPeers();
    var route = new Route(0, at("192.0.2.2", 2000));
    assertThat(a.agent.standing(route)).isEqualTo(Standing.UNKNOWN);
    a.deliver(check(a.credentials, z.credentials.ufrag(), new Priority(5)), 0, route.remote());
    assertThat(a.agent.standing(route)).isEqualTo(Standing.AUTHENTICATED);
    a.start(IceRole.CONTROLLING, z);
    sim.run(100 * MILLI);
    assertThat(a.agent.standing(route)).isEqualTo(Standing.VALID);
  }
}
