package dev.tautline.ice.check;

import static dev.tautline.ice.check.IceSim.MILLI;
import static dev.tautline.ice.check.IceSim.SECOND;
import static dev.tautline.ice.check.IceSim.at;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tautline.ice.IceCandidate;
import dev.tautline.ice.IceCandidateType;
import dev.tautline.ice.IceCredentials;
import dev.tautline.ice.IceMode;
import dev.tautline.ice.IceRemote;
import dev.tautline.ice.IceRole;
import dev.tautline.ice.IceState;
import dev.tautline.ice.candidate.Priorities;
import dev.tautline.ice.check.IceSim.Peer;
import dev.tautline.stun.IntegrityKey;
import dev.tautline.stun.StunClass;
import dev.tautline.stun.StunMessage;
import dev.tautline.stun.StunMethod;
import dev.tautline.stun.TransactionId;
import dev.tautline.stun.attribute.ErrorCode;
import dev.tautline.stun.attribute.IceControlling;
import dev.tautline.stun.attribute.Priority;
import dev.tautline.stun.attribute.StunAttribute;
import dev.tautline.stun.attribute.UseCandidate;
import dev.tautline.stun.attribute.Username;
import dev.tautline.stun.codec.StunWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Restarts between peers A and Z, RFC 8445 section 9; 10 ms from one to the other. */
class RestartTest {
  private final IceSim sim = new IceSim();

  private Peer a;
  private Peer z;

  private void connect() {
    a = sim.peer("a", 1).address("192.0.2.1", 1000);
    z = sim.peer("z", 2).address("192.0.2.2", 2000);
    open(IceRole.CONTROLLING);
  }

  private void open(IceRole roleOfA) {
    a.learn(z);
    z.learn(a);
    a.start(roleOfA, z);
    z.start(roleOfA.opposite(), a);
    assertThat(sim.runUntil(this::bothCompleted, 5 * SECOND)).isTrue();
    sim.run(SECOND);
  }

  private boolean bothCompleted() {
    return a.state() == IceState.COMPLETED && z.state() == IceState.COMPLETED;
  }

  private boolean bothIn(int generation) {
    return bothCompleted() && generation(a) == generation && generation(z) == generation;
  }

  private static int generation(Peer peer) {
    return peer.agent.generation().orElseThrow().number();
  }

  /** An offer of {@code from} that restarts, and its answer, each 10 ms under way. */
  private void restart(Peer from, Peer to) {
    from.prepareRestart();
    sim.run(10 * MILLI);
    to.prepareRestart();
    to.restart(from);
    sim.run(10 * MILLI);
    from.restart(to);
  }

  private String trace() {
    return "a " + a.timeline.events() + "\nz " + z.timeline.events();
  }

  // ---- The ordinary case -----------------------------------------------------------------------

  @ParameterizedTest
  @EnumSource(IceRole.class)
  void movesToNewCredentialsWithoutAMomentWithoutARoute(IceRole roleOfA) {
    a = sim.peer("a", 1).address("192.0.2.1", 1000);
    z = sim.peer("z", 2).address("192.0.2.2", 2000);
    open(roleOfA);
    IceCredentials before = a.credentials;
    a.states.clear();
    z.states.clear();
    a.pairs.clear();
    z.pairs.clear();

    restart(a, z);
    assertThat(
            sim.runUntil(
                () -> {
                  assertThat(a.agent.route()).isNotNull();
                  assertThat(z.agent.route()).isNotNull();
                  return bothIn(2);
                },
                SECOND))
        .as(this::trace)
        .isTrue();

    assertThat(a.states).containsExactly(IceState.CONNECTED, IceState.COMPLETED);
    assertThat(z.states).containsExactly(IceState.CONNECTED, IceState.COMPLETED);
    assertThat(a.agent.role()).isEqualTo(roleOfA);
    assertThat(z.agent.role()).isEqualTo(roleOfA.opposite());
    assertThat(a.agent.generation().orElseThrow().localUfrag())
        .isEqualTo(z.agent.generation().orElseThrow().remoteUfrag())
        .isNotEqualTo(before.ufrag());
    assertThat(a.pairs).hasSize(1);
    assertThat(a.pairs.get(0).otherPath()).as("the route is the same").isFalse();
    assertThat(a.pairs.get(0).pair().local().ufrag()).contains(a.credentials.ufrag());
  }

  @Test
  void theOldPairCarriesDataAndKeepsConsentUntilANewOneIsNominated() {
    connect();
    IceCredentials before = z.credentials;
    // Only checks of the first generation get through.
    sim.filter = d -> username(d).isEmpty() || username(d).startsWith(ufragOfFirst(d));
    firstUfrags = List.of(a.credentials.ufrag(), before.ufrag());
    restart(a, z);
    sim.run(20 * SECOND);

    assertThat(a.state()).isEqualTo(IceState.CONNECTED);
    assertThat(z.state()).isEqualTo(IceState.CONNECTED);
    assertThat(generation(a)).isEqualTo(1);
    assertThat(a.agent.route()).isNotNull();

    sim.filter = d -> true;
    assertThat(sim.runUntil(() -> bothIn(2), 5 * SECOND)).as(this::trace).isTrue();
    sim.run(120 * SECOND);
    assertThat(bothIn(2)).as("consent is asked with the new credentials").isTrue();
  }

  private List<String> firstUfrags = List.of();

  private static String username(IceSim.Datagram d) {
    return d.stun().message().messageClass() == StunClass.REQUEST
        ? d.stun().message().first(Username.class).map(Username::username).orElse("")
        : "";
  }

  private String ufragOfFirst(IceSim.Datagram d) {
    return firstUfrags.stream()
        .filter(u -> username(d).startsWith(u + ':'))
        .findFirst()
        .orElse("none");
  }

  @Test
  void checksOfTheNewGenerationBeforeTheAnswerAreFollowedUpAtOnce() {
    connect();
    a.prepareRestart();
    sim.run(10 * MILLI);
    z.prepareRestart();
    z.restart(a);
    // Z -> checks -> A, which has no answer yet
    sim.run(300 * MILLI);
    assertThat(generation(a)).isEqualTo(1);
    long answer = sim.now;

    a.agent.restart(sim.now, IceRemote.of(z.credentials));
    sim.drain(a);

    assertThat(sim.runUntil(() -> bothIn(2), SECOND)).as(this::trace).isTrue();
    assertThat(sim.now - answer).isLessThanOrEqualTo(100 * MILLI);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
  void restartsAtThirtyPercentLossEachWay(long seed) {
    for (int round = 0; round < 4; round++) {
      var random = new Random(seed * 1000 + round);
      var one = new RestartTest();
      one.connect();
      one.sim.filter = d -> random.nextDouble() >= 0.3;
      for (int generation = 2; generation < 5; generation++) {
        int wanted = generation;
        one.restart(generation % 2 == 0 ? one.a : one.z, generation % 2 == 0 ? one.z : one.a);
        assertThat(one.sim.runUntil(() -> one.bothIn(wanted), 25 * SECOND))
            .as(() -> "seed " + seed + "\n" + one.trace())
            .isTrue();
      }
    }
  }

  // ---- What belongs to another generation ------------------------------------------------------

  @Test
  void credentialsOfTheGenerationBeforeHaveNoEffectAfterwards() {
    connect();
    IceCredentials oldA = a.credentials;
    IceCredentials oldZ = z.credentials;
    restart(a, z);
    assertThat(sim.runUntil(() -> bothIn(2), SECOND)).isTrue();
    sim.run(6 * SECOND);
    int pairs = z.agent.pairReports().size();
    z.sent.clear();

    z.deliver(
        check(oldZ, oldA.ufrag(), new Priority(99), new UseCandidate(), new IceControlling(1)),
        0,
        at("203.0.113.5", 5));

    assertThat(z.agent.pairReports()).hasSize(pairs);
    assertThat(z.agent.standing(new Route(0, at("203.0.113.5", 5)))).isEqualTo(Standing.UNKNOWN);
    assertThat(z.sent).hasSize(1);
    assertThat(z.sent.get(0).stun().message().first(ErrorCode.class).orElseThrow().code())
        .isEqualTo(ErrorCode.UNAUTHENTICATED);
  }

  @Test
  void candidatesOfAnotherGenerationAreNotTaken() {
    connect();
    String before = z.credentials.ufrag();
    restart(a, z);
    assertThat(sim.runUntil(() -> bothIn(2), SECOND)).isTrue();

    IceCandidate late = IceSim.host("198.51.100.1", 7, 5).withUfrag(before);

    assertThat(a.agent.addRemote(sim.now, late, at("198.51.100.1", 7))).contains("generation");
    assertThat(a.agent.pairReports()).hasSize(1);
  }

  @Test
  void anOfferThatIsTakenBackChangesNothing() {
    connect();
    IceCredentials before = a.credentials;
    a.prepareRestart();
    IceCredentials offered = a.credentials;
    a.abandonRestart(before);
    a.sent.clear();
    a.deliver(check(offered, z.credentials.ufrag(), new Priority(9)), 0, at("192.0.2.2", 2000));

    assertThat(a.sent.get(0).stun().message().messageClass()).isEqualTo(StunClass.ERROR);
    sim.run(60 * SECOND);
    assertThat(bothIn(1)).isTrue();
    assertThatThrownBy(() -> a.agent.restart(sim.now, IceRemote.of(z.credentials)))
        .isInstanceOf(IllegalStateException.class);
  }

  @Test
  void twoOffersAtOnceEndInOneGeneration() {
    connect();
    IceCredentials beforeZ = z.credentials;
    a.prepareRestart();
    z.prepareRestart();
    // A's offer reaches Z, which is polite: it takes its own back and answers.
    sim.run(10 * MILLI);
    z.abandonRestart(beforeZ);
    z.prepareRestart();
    z.restart(a);
    sim.run(10 * MILLI);
    a.restart(z);

    assertThat(sim.runUntil(() -> bothIn(2), SECOND)).as(this::trace).isTrue();
    assertThat(a.agent.role()).isEqualTo(IceRole.CONTROLLING);
    assertThat(z.agent.role()).isEqualTo(IceRole.CONTROLLED);
  }

  @Test
  void aRestartBeforeTheLastOneEndedTakesItsPlace() {
    connect();
    firstUfrags = List.of(a.credentials.ufrag(), z.credentials.ufrag());
    sim.filter = d -> username(d).isEmpty() || username(d).startsWith(ufragOfFirst(d));
    restart(a, z);
    sim.run(2 * SECOND);
    assertThat(generation(a)).isEqualTo(1);

    restart(z, a);
    sim.filter = d -> true;

    assertThat(sim.runUntil(() -> bothIn(3), 5 * SECOND)).as(this::trace).isTrue();
  }

  @Test
  void datagramsThatWereUnderWayOverTheOldRouteAreTakenForAWhile() {
    connect();
    var oldRoute = new Route(0, at("192.0.2.2", 2000));
    z.address("198.51.100.2", 2001);
    a.prepareRestart();
    z.prepareRestart();
    z.vanish(0);
    z.restart(a);
    a.restart(z);
    assertThat(sim.runUntil(() -> generation(a) == 2, 5 * SECOND)).as(this::trace).isTrue();

    assertThat(a.agent.route().remote()).isEqualTo(at("198.51.100.2", 2001));
    assertThat(a.pairs.get(a.pairs.size() - 1).otherPath()).isTrue();
    assertThat(a.agent.standing(oldRoute)).isEqualTo(Standing.VALID);
    sim.run(10 * SECOND);
    assertThat(a.agent.standing(oldRoute)).isEqualTo(Standing.UNKNOWN);
  }

  @Test
  void datagramsOverAPairThatThePeerUsesAlreadyAreTakenBeforeOurCheckIsAnswered() {
    connect();
    z.address("198.51.100.2", 2001);
    var newRoute = new Route(0, at("198.51.100.2", 2001));
    assertThat(a.agent.standing(newRoute)).isEqualTo(Standing.UNKNOWN);
    // Answers to A's checks of the new pair are late.
    sim.filter =
        d ->
            !d.from().equals(at("198.51.100.2", 2001))
                || d.stun().message().messageClass() == StunClass.REQUEST;
    restart(a, z);
    assertThat(sim.runUntil(() -> a.agent.standing(newRoute) == Standing.AUTHENTICATED, 2 * SECOND))
        .as(this::trace)
        .isTrue();
    // During the handshake only an address that our own check has proved is heard.
    assertThat(a.agent.takesData(newRoute)).as("before DTLS has opened a record").isFalse();

    a.agent.authenticatedData(sim.now);

    assertThat(a.agent.takesData(newRoute)).as("since").isTrue();
    assertThat(a.agent.takesData(new Route(0, at("198.51.100.2", 2002))))
        .as("a stranger")
        .isFalse();
  }

  // ---- When something does not work ------------------------------------------------------------

  @Test
  void aRestartThatFindsNothingLeavesTheOldPairInUse() {
    connect();
    firstUfrags = List.of(a.credentials.ufrag(), z.credentials.ufrag());
    sim.filter = d -> username(d).isEmpty() || username(d).startsWith(ufragOfFirst(d));
    restart(a, z);
    sim.run(60 * SECOND);

    assertThat(a.state()).isEqualTo(IceState.CONNECTED);
    assertThat(a.agent.route()).isNotNull();
    assertThat(a.states).doesNotContain(IceState.FAILED);

    sim.filter = d -> false;
    assertThat(sim.runUntil(() -> a.state() == IceState.FAILED, 40 * SECOND)).isTrue();
    assertThat(a.agent.route()).isNull();
  }

  @Test
  void afterFailedARestartRevives() {
    connect();
    sim.filter = d -> false;
    assertThat(
            sim.runUntil(
                () -> a.state() == IceState.FAILED && z.state() == IceState.FAILED, 60 * SECOND))
        .isTrue();
    sim.filter = d -> true;
    a.states.clear();

    restart(z, a);

    assertThat(sim.runUntil(() -> bothIn(2), SECOND)).as(this::trace).isTrue();
    assertThat(a.states).containsExactly(IceState.CHECKING, IceState.CONNECTED, IceState.COMPLETED);
  }

  @Test
  void whileThePairInUseIsSilentTheFirstPairThatWorksIsUsed() {
    connect();
    z.address("198.51.100.2", 2001);
    sim.filter =
        d -> !d.to().equals(at("192.0.2.2", 2000)) && !d.from().equals(at("192.0.2.2", 2000));
    assertThat(sim.runUntil(() -> a.state() == IceState.DISCONNECTED, 20 * SECOND)).isTrue();
    a.states.clear();

    restart(a, z);
    assertThat(a.states).startsWith(IceState.CHECKING);

    assertThat(sim.runUntil(() -> a.agent.route() != null && generation(a) == 2, SECOND))
        .as(this::trace)
        .isTrue();
    assertThat(sim.runUntil(() -> bothIn(2), 2 * SECOND)).as(this::trace).isTrue();
  }

  @Test
  void aLitePeerIsControlledAfterARestart() {
    a = sim.peer("a", 1).address("192.0.2.1", 1000);
    z = sim.peer("z", 2).address("192.0.2.2", 2000);
    a.learn(z);
    a.start(IceRole.CONTROLLED, z, IceMode.LITE);
    assertThat(sim.runUntil(() -> a.state() == IceState.COMPLETED, SECOND)).isTrue();
    a.prepareRestart();
    z.prepareRestart();
    // A lite agent only answers, with the credentials that it prepared.
    a.agent.restart(sim.now, new IceRemote(z.credentials, IceMode.LITE, OptionalInt.of(5)));
    a.learn(z);

    assertThat(sim.runUntil(() -> a.state() == IceState.COMPLETED && generation(a) == 2, SECOND))
        .as(this::trace)
        .isTrue();
    assertThat(a.agent.role()).isEqualTo(IceRole.CONTROLLING);
  }

  // ---- Addresses that come and go --------------------------------------------------------------

  @Test
  void anotherPairTakesOverAtOnceWhenTheAddressInUseVanishes() {
    a = sim.peer("a", 1).address("192.0.2.1", 1000).address("198.51.100.1", 1001);
    z = sim.peer("z", 2).address("192.0.2.2", 2000);
    a.learn(z);
    z.learn(a);
    a.start(IceRole.CONTROLLING, z);
    z.start(IceRole.CONTROLLED, a);
    assertThat(sim.runUntil(this::bothCompleted, SECOND)).isTrue();
    sim.run(SECOND);
    assertThat(a.agent.route().base()).isZero();

    long vanished = sim.now;
    a.vanish(0);

    assertThat(sim.runUntil(() -> a.agent.route() != null, SECOND)).as(this::trace).isTrue();
    assertThat(sim.now - vanished).isLessThanOrEqualTo(30 * MILLI);
    assertThat(a.agent.route().base()).isEqualTo(1);
    assertThat(
            sim.runUntil(
                () -> bothCompleted() && z.agent.route().remote().equals(at("198.51.100.1", 1001)),
                10 * SECOND))
        .as(this::trace)
        .isTrue();
  }

  @Test
  void withoutAnotherAddressItIsDisconnectedThenFailed() {
    connect();
    a.vanish(0);
    assertThat(a.state()).isEqualTo(IceState.DISCONNECTED);
    assertThat(a.agent.route()).isNull();
    long vanished = sim.now;
    sim.run(60 * SECOND);
    assertThat(a.states).endsWith(IceState.DISCONNECTED, IceState.FAILED);
    assertThat(a.timeOf(IceState.FAILED) - vanished).isEqualTo(30 * SECOND);
  }

  @Test
  void aNewAddressRevivesAnAgentThatLostItsOwn() {
    connect();
    a.vanish(0);
    sim.run(3 * SECOND);
    a.address("198.51.100.1", 1001);
    assertThat(sim.runUntil(this::bothCompleted, 15 * SECOND)).as(this::trace).isTrue();
    assertThat(z.selectedRemote()).isEqualTo("198.51.100.1:1001");
  }

  @ParameterizedTest
  @EnumSource(IceRole.class)
  void aDirectPairThatComesLaterTakesThePlaceOfARelayedOneWithoutAGap(IceRole roleOfA) {
    a = sim.peer("a", 1);
    relayed(a, "203.0.113.9", 3000);
    z = sim.peer("z", 2).address("192.0.2.2", 2000);
    open(roleOfA);
    assertThat(a.agent.selectedPair().orElseThrow().local().type())
        .isEqualTo(IceCandidateType.RELAYED);

    a.address("192.0.2.1", 1000);
    z.learn(a);

    assertThat(
            sim.runUntil(
                () -> {
                  assertThat(a.agent.route()).isNotNull();
                  return a.selectedRemote().equals("192.0.2.2:2000")
                      && a.agent.route().base() == 1
                      && z.selectedRemote().equals("192.0.2.1:1000");
                },
                SECOND))
        .as(this::trace)
        .isTrue();
    assertThat(bothCompleted()).isTrue();
  }

  @Test
  void anotherPairOfTheSameKindDoesNotDisturbTheOneInUse() {
    connect();
    int checks = requests(a);
    a.address("198.51.100.1", 1001);
    sim.run(3 * SECOND);

    assertThat(a.agent.route().base()).isZero();
    assertThat(requests(a) - checks).as("no ordinary checks").isZero();
  }

  private static int requests(Peer peer) {
    return (int)
        peer.sent.stream()
            .filter(d -> d.stun().message().messageClass() == StunClass.REQUEST)
            .count();
  }

  private void relayed(Peer peer, String ip, int port) {
    var candidate =
        new IceCandidate(
            "r1",
            1,
            "udp",
            Priorities.candidate(IceCandidateType.RELAYED, 100),
            ip,
            port,
            IceCandidateType.RELAYED,
            Optional.empty(),
            Optional.empty(),
            Optional.empty());
    var base = new LocalBase(peer.bases.size(), at(ip, port), candidate);
    peer.bases.add(base);
    peer.agent.addBase(sim.now, base);
  }

  // ---- Consent checks of others ----------------------------------------------------------------

  @Test
  void aConsentCheckWithoutPriorityIsAnsweredOnAValidPairOnly() {
    connect();
    a.sent.clear();
    a.deliver(check(a.credentials, z.credentials.ufrag()), 0, at("192.0.2.2", 2000));
    a.deliver(check(a.credentials, z.credentials.ufrag()), 0, at("192.0.2.9", 9));

    assertThat(a.sent.get(0).stun().message().messageClass()).isEqualTo(StunClass.SUCCESS);
    assertThat(a.sent.get(1).stun().message().first(ErrorCode.class).orElseThrow().code())
        .isEqualTo(ErrorCode.BAD_REQUEST);
  }

  private final Random ids = new Random(5);

  private byte[] check(IceCredentials to, String fromUfrag, StunAttribute... more) {
    List<StunAttribute> attributes = new ArrayList<>();
    attributes.add(new Username(to.ufrag() + ':' + fromUfrag));
    attributes.addAll(List.of(more));
    return new StunWriter(
            new StunMessage(
                StunClass.REQUEST, StunMethod.BINDING, TransactionId.generate(ids), attributes))
        .withIntegrity(IntegrityKey.shortTerm(to.pwd()))
        .withFingerprint()
        .toBytes();
  }
}
