package dev.tautline.ice.check;

import static dev.tautline.ice.check.IceSim.MILLI;
import static dev.tautline.ice.check.IceSim.SECOND;
import static dev.tautline.ice.check.IceSim.at;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tautline.ice.IceRole;
import dev.tautline.ice.IceState;
import dev.tautline.ice.check.IceSim.Datagram;
import dev.tautline.ice.check.IceSim.Peer;
import dev.tautline.stun.IntegrityKey;
import dev.tautline.stun.StunClass;
import dev.tautline.stun.StunMessage;
import dev.tautline.stun.StunMethod;
import dev.tautline.stun.TransactionId;
import dev.tautline.stun.attribute.IceControlled;
import dev.tautline.stun.attribute.IceControlling;
import dev.tautline.stun.attribute.Priority;
import dev.tautline.stun.attribute.StunAttribute;
import dev.tautline.stun.attribute.UseCandidate;
import dev.tautline.stun.attribute.Username;
import dev.tautline.stun.codec.StunWriter;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Peers and strangers that mean harm, in virtual time. */
class HostileChecksTest {
  private final IceSim sim = new IceSim();
  private final Random ids = new Random(7);

  private Peer a;
  private Peer z;

  /** Two addresses each; 192.0.2.x to 192.0.2.y is the pair in use. */
  private void connect(IceRole roleOfA) {
    a = sim.peer("a", 1).address("192.0.2.1", 1000).address("198.51.100.1", 1000);
    z = sim.peer("z", 2).address("192.0.2.2", 2000).address("198.51.100.2", 2000);
    a.learn(z);
    z.learn(a);
    a.start(roleOfA, z);
    z.start(roleOfA.opposite(), a);
    assertThat(
            sim.runUntil(
                () -> a.state() == IceState.COMPLETED && z.state() == IceState.COMPLETED,
                2 * SECOND))
        .isTrue();
    assertThat(a.selectedRemote()).isEqualTo("192.0.2.2:2000");
    sim.run(3 * SECOND);
    a.sent.clear();
  }

  private byte[] check(String username, String pwd, StunAttribute... more) {
    List<StunAttribute> attributes = new ArrayList<>();
    attributes.add(new Username(username));
    attributes.addAll(List.of(more));
    return new StunWriter(
            new StunMessage(
                StunClass.REQUEST, StunMethod.BINDING, TransactionId.generate(ids), attributes))
        .withIntegrity(IntegrityKey.shortTerm(pwd))
        .withFingerprint()
        .toBytes();
  }

  private String nameOfZToA() {
    return a.credentials.ufrag() + ":" + z.credentials.ufrag();
  }

  // ---- Nominations that nobody made ------------------------------------------------------------

  @ParameterizedTest
  @EnumSource(IceRole.class)
  void aForgedNominationMovesNothing(IceRole roleOfA) {
    connect(roleOfA);
    InetSocketAddress spoofed = at("198.51.100.2", 2000);
    StunAttribute theirRole =
        roleOfA == IceRole.CONTROLLING ? new IceControlled(9) : new IceControlling(9);
    for (int i = 0; i < 100; i++) {
      a.deliver(
          check(
              nameOfZToA(),
              "not the password at all",
              new Priority(1 << 30),
              theirRole,
              new UseCandidate()),
          1,
          spoofed);
    }
    sim.run(5 * SECOND);
    assertThat(a.selectedRemote()).isEqualTo("192.0.2.2:2000");
    assertThat(a.pairs).as("the pair in use never changed").hasSize(1);
    assertThat(a.agent.role()).isEqualTo(roleOfA);
  }

  @Test
  void theControlledSideCannotNominate() {
    connect(IceRole.CONTROLLING);
    a.deliver(
        check(
            nameOfZToA(),
            a.credentials.pwd(),
            new Priority(1 << 30),
            new IceControlled(9),
            new UseCandidate()),
        1,
        at("198.51.100.2", 2000));
    sim.run(5 * SECOND);
    assertThat(a.selectedRemote()).isEqualTo("192.0.2.2:2000");
    assertThat(a.pairs).hasSize(1);
  }

  @Test
  void aNominationThatWasRecordedAndSentFromElsewhereMovesNothing() {
    List<Datagram> recorded = new ArrayList<>();
    sim.filter =
        d -> {
          if (d.stun().message().has(UseCandidate.class)) {
            recorded.add(d);
          }
          return true;
        };
    connect(IceRole.CONTROLLED);
    InetSocketAddress attacker = at("203.0.113.66", 666);
    assertThat(recorded).isNotEmpty();
    for (Datagram nomination : List.copyOf(recorded)) {
      a.deliver(nomination.bytes(), 0, attacker);
      a.deliver(nomination.bytes(), 1, attacker);
    }
    sim.run(30 * SECOND);
    assertThat(a.selectedRemote()).isEqualTo("192.0.2.2:2000");
    assertThat(a.pairs).hasSize(1);
    assertThat(a.agent.route()).isNotNull();
    assertThat(a.agent.route().remote()).isNotEqualTo(attacker);
    assertThat(a.sent.stream().filter(d -> d.to().equals(attacker)))
        .as("answers, and no endless checks")
        .hasSizeLessThan(20);
  }

  // ---- Us as a weapon --------------------------------------------------------------------------

  private List<Datagram> sentTo(String victim) {
    return a.sent.stream()
        .filter(d -> d.to().getAddress().equals(at(victim, 1).getAddress()))
        .toList();
  }

  /** The peer is real and says that it is also at a thousand ports of somebody else. */
  private void tellVictim(String victim) {
    for (int i = 0; i < 1000; i++) {
      a.agent.addRemote(sim.now, IceSim.host(victim, 2000 + i, i % 65_535), at(victim, 2000 + i));
      sim.drain(a);
    }
  }

  @Test
  void aThousandCandidatesAtOneVictimGetAHundredPairsFiveMillisecondsApartUntilThePatienceEnds() {
    a = sim.peer("a", 1).address("192.0.2.1", 1000).address("198.51.100.1", 1000);
    z = sim.peer("z", 2).address("192.0.2.2", 2000);
    a.start(IceRole.CONTROLLING, z);
    String victim = "203.0.113.9";
    tellVictim(victim);
    sim.run(300 * SECOND);
    assertThat(a.agent.pairReports()).hasSize(CheckList.MAX_PAIRS);
    List<Datagram> sent = sentTo(victim);
    for (int i = 1; i < sent.size(); i++) {
      assertThat(sent.get(i).atNanos() - sent.get(i - 1).atNanos())
          .isGreaterThanOrEqualTo(5 * MILLI);
    }
    assertThat(sent.stream().map(Datagram::to).distinct().count())
        .isLessThanOrEqualTo(CheckList.MAX_PAIRS);
    assertThat(sent.get(sent.size() - 1).atNanos()).isLessThanOrEqualTo(25 * SECOND);
    assertThat(a.state()).isEqualTo(IceState.FAILED);
  }

  @Test
  void aVictimNamedAfterTheConnectionStandsGetsNothing() {
    connect(IceRole.CONTROLLING);
    tellVictim("203.0.113.9");
    sim.run(120 * SECOND);
    assertThat(sentTo("203.0.113.9")).isEmpty();
    assertThat(a.state()).isEqualTo(IceState.COMPLETED);
  }

  @Test
  void aVictimNamedBeforeIsLeftInPeaceOnceAPairIsNominated() {
    a = sim.peer("a", 1).address("192.0.2.1", 1000);
    z = sim.peer("z", 2).address("192.0.2.2", 2000);
    a.start(IceRole.CONTROLLED, z);
    tellVictim("203.0.113.9");
    z.learn(a);
    z.start(IceRole.CONTROLLING, a);
    assertThat(sim.runUntil(() -> a.state() == IceState.COMPLETED, 5 * SECOND)).isTrue();
    long completed = sim.now;
    sim.run(60 * SECOND);
    assertThat(sentTo("203.0.113.9")).isNotEmpty();
    assertThat(sentTo("203.0.113.9")).allMatch(d -> d.atNanos() <= completed + SECOND);
  }

  @Test
  void checksThatArriveFromAThousandForgedAddressesMakeNoFlood() {
    connect(IceRole.CONTROLLED);
    // A peer that knows the password sends from spoofed sources: each gets its answer, which is no
    // longer than the check, and few get a check of ours.
    for (int i = 0; i < 1000; i++) {
      a.deliver(
          check(
              nameOfZToA(),
              a.credentials.pwd(),
              new Priority(5),
              new IceControlling(9),
              new UseCandidate()),
          0,
          at("203.0.113.9", 3000 + i));
    }
    sim.run(60 * SECOND);
    List<Datagram> checks =
        sentTo("203.0.113.9").stream()
            .filter(d -> d.stun().message().messageClass() == StunClass.REQUEST)
            .toList();
    assertThat(checks.stream().map(Datagram::to).distinct().count())
        .isLessThanOrEqualTo(CheckAgent.MAX_PEER_REFLEXIVE);
    for (int i = 1; i < checks.size(); i++) {
      assertThat(checks.get(i).atNanos() - checks.get(i - 1).atNanos())
          .isGreaterThanOrEqualTo(5 * MILLI);
    }
    assertThat(a.selectedRemote()).isEqualTo("192.0.2.2:2000");
    assertThat(a.state()).isEqualTo(IceState.COMPLETED);
  }

  // ---- Strangers while a connection is set up --------------------------------------------------

  /** What a set-up took: the work that was done, in place of the time. */
  private record SetUp(long nanos, int steps, List<String> datagrams) {}

  /** Up to COMPLETED on both sides; {@code strangers} do their part at each step of it. */
  private static SetUp setUp(HostileChecksTest test, Runnable strangers) {
    IceSim sim = test.sim;
    Peer a = sim.peer("a", 1).address("192.0.2.1", 1000).address("198.51.100.1", 1000);
    Peer z = sim.peer("z", 2).address("192.0.2.2", 2000).address("198.51.100.2", 2000);
    test.a = a;
    test.z = z;
    // Before: our answer is out, the peer's checks are not here yet.
    strangers.run();
    a.learn(z);
    a.start(IceRole.CONTROLLED, z);
    strangers.run();
    z.learn(a);
    z.start(IceRole.CONTROLLING, a);
    int[] steps = {0};
    assertThat(
            sim.runUntil(
                () -> {
                  steps[0]++;
                  strangers.run();
                  return a.state() == IceState.COMPLETED && z.state() == IceState.COMPLETED;
                },
                2 * SECOND))
        .isTrue();
    List<String> datagrams = new ArrayList<>();
    for (Peer peer : List.of(a, z)) {
      for (Datagram d : peer.sent) {
        if (!isStranger(d.to())) {
          datagrams.add(
              d.atNanos()
                  + " "
                  + d.from()
                  + " "
                  + d.to()
                  + " "
                  + d.stun().message().messageClass());
        }
      }
    }
    return new SetUp(sim.now, steps[0], datagrams);
  }

  private static InetSocketAddress stranger(int i) {
    return at("203.0." + (100 + i / 250) + "." + i % 250, 10_000 + i);
  }

  private static boolean isStranger(InetSocketAddress address) {
    return address.getAddress().getHostAddress().startsWith("203.0.");
  }

  @Test
  void clientHellosFromTenThousandAddressesCostASetUpNoStepAndNoDatagram() {
    SetUp undisturbed = setUp(new HostileChecksTest(), () -> {});
    int[] hellos = {0};

    SetUp underFire =
        setUp(
            this,
            () -> {
              // What the agent asks before it looks at, keeps or drops a DTLS datagram.
              for (int i = 0; i < 1_000; i++) {
                var route = new Route(i % 2, stranger(hellos[0]++ % 10_000));
                assertThat(a.agent.standing(route)).isEqualTo(Standing.UNKNOWN);
                assertThat(a.agent.takesData(route)).isFalse();
              }
            });

    assertThat(hellos[0]).isGreaterThanOrEqualTo(10_000);
    assertThat(underFire).isEqualTo(undisturbed);
    assertThat(a.sent).noneMatch(d -> isStranger(d.to()));
    assertThat(a.agent.remoteAddresses()).noneMatch(HostileChecksTest::isStranger);
  }

  @Test
  void forgedChecksFromTenThousandAddressesCostASetUpNoStepAndAreAnsweredShortly() {
    SetUp undisturbed = setUp(new HostileChecksTest(), () -> {});
    byte[][] forged = {new byte[0]};
    int[] checks = {0};

    SetUp underFire =
        setUp(
            this,
            () -> {
              if (forged[0].length == 0) {
                forged[0] =
                    check(
                        nameOfZToA(),
                        "not the password at all",
                        new Priority(1 << 30),
                        new IceControlling(9),
                        new UseCandidate());
              }
              for (int i = 0; i < 1_000; i++) {
                a.deliver(forged[0], i % 2, stranger(checks[0]++ % 10_000));
              }
            });

    assertThat(checks[0]).isGreaterThanOrEqualTo(10_000);
    assertThat(underFire).isEqualTo(undisturbed);
    assertThat(a.agent.remoteAddresses()).noneMatch(HostileChecksTest::isStranger);
    List<Datagram> refusals = a.sent.stream().filter(d -> isStranger(d.to())).toList();
    assertThat(refusals)
        .as("401, few of them and none longer than what it answers")
        .hasSizeLessThan(checks[0] / 100)
        .allMatch(d -> d.stun().message().messageClass() == StunClass.ERROR)
        .allMatch(d -> d.bytes().length <= forged[0].length);
  }
}
