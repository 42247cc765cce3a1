package dev.tautline.sctp.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tautline.sctp.AssociationEvent.Established;
import dev.tautline.sctp.AssociationOptions;
import dev.tautline.sctp.AssociationPhase;
import dev.tautline.sctp.DropReason;
import dev.tautline.sctp.SctpSim;
import dev.tautline.sctp.packet.ChunkType;
import dev.tautline.testkit.Direction;
import dev.tautline.testkit.SimulatedNetwork;
import dev.tautline.testkit.SimulatedPacket;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;

/**
 * RFC 9260 section 5.1: each packet of the handshake lost, twice there, or late, with one side
 * opening and with both. Each way takes 30 ms, T1-init and T1-cookie 500 ms.
 */
@Scenarios
class HandshakeLossScenarioTest {
  private static final Direction A_TO_Z = Direction.FORWARD;
  private static final Direction Z_TO_A = Direction.BACKWARD;

  private final SctpSim sim =
      SctpSim.on(
          SimulatedNetwork.seeded(Seeds.of(1)).oneWayDelay(Duration.ofMillis(30)),
          AssociationOptions.rfc());

  private static Predicate<SimulatedPacket> first(int chunkType) {
    return packet -> packet.u8(12) == chunkType;
  }

  private void lose(Direction direction, int chunkType) {
    sim.net.dropNext(direction, first(chunkType));
  }

  private void delay(Direction direction, int chunkType, int millis) {
    sim.net.delayNext(direction, first(chunkType), Duration.ofMillis(millis));
  }

  /** The next packet of that kind arrives twice. */
  private void duplicate(Direction direction, int chunkType) {
    var done = new AtomicBoolean();
    sim.net.watch(
        packet -> {
          if (packet.direction() == direction
              && first(chunkType).test(packet)
              && done.compareAndSet(false, true)) {
            sim.net.inject(direction, packet.bytes());
          }
        });
  }

  private void openFromA() {
    sim.connected();
  }

  private void openFromBoth() {
    sim.z.core().connect(0);
    sim.connected();
  }

  private void assertUpAfter(long millis) {
    assertThat(sim.net.now()).as(sim.net::trace).isEqualTo(Duration.ofMillis(millis));
    assertUp();
  }

  /** Both are up, once, and messages pass both ways. */
  private void assertUp() {
    SctpSim.send(sim.a, 1, "from A");
    SctpSim.send(sim.z, 1, "from Z");
    sim.net.runFor(Duration.ofSeconds(10));
    assertThat(SctpSim.texts(sim.z)).as(sim.net::trace).containsExactly("from A");
    assertThat(SctpSim.texts(sim.a)).as(sim.net::trace).containsExactly("from Z");
    assertThat(sim.a.events(Established.class)).as(sim.net::trace).hasSize(1);
    assertThat(sim.z.events(Established.class)).as(sim.net::trace).hasSize(1);
    assertThat(sim.a.core().state()).isEqualTo(AssociationPhase.ESTABLISHED);
  }

  private long dropsAtA(DropReason reason) {
    return sim.a.core().statistics().drops().getOrDefault(reason, 0L);
  }

  // --- one side opens ---

  @Test
  void aLostInitIsSentAgainWhenT1InitExpires() {
    lose(A_TO_Z, ChunkType.INIT);

    openFromA();

    assertUpAfter(500 + 4 * 30);
  }

  @Test
  void aLostInitAckIsMadeAnewForTheRepeatedInit() {
    lose(Z_TO_A, ChunkType.INIT_ACK);

    openFromA();

    assertUpAfter(500 + 4 * 30);
  }

  @Test
  void aLostCookieEchoIsSentAgainWhenT1CookieExpires() {
    lose(A_TO_Z, ChunkType.COOKIE_ECHO);

    openFromA();

    assertUpAfter(60 + 500 + 60);
  }

  @Test
  void aLostCookieAckComesAgainForTheRepeatedCookieEcho() {
    // Section 5.2.4 D: "the endpoint … sends a COOKIE ACK chunk".
    lose(Z_TO_A, ChunkType.COOKIE_ACK);

    openFromA();

    assertUpAfter(60 + 500 + 60);
  }

  @Test
  void threeLostInitsDoubleTheWaitEachTime() {
    sim.net.dropNext(A_TO_Z, 3, first(ChunkType.INIT));

    openFromA();

    assertUpAfter(500 + 1000 + 2000 + 4 * 30);
  }

  @Test
  void threeLostCookieEchoesDoubleTheWaitEachTime() {
    sim.net.dropNext(A_TO_Z, 3, first(ChunkType.COOKIE_ECHO));

    openFromA();

    assertUpAfter(60 + 500 + 1000 + 2000 + 60);
  }

  @Test
  void oneOfEachPacketIsLostAndTheHandshakeStillSucceeds() {
    lose(A_TO_Z, ChunkType.INIT);
    lose(Z_TO_A, ChunkType.INIT_ACK);
    lose(A_TO_Z, ChunkType.COOKIE_ECHO);
    lose(Z_TO_A, ChunkType.COOKIE_ACK);

    openFromA();

    assertUpAfter(500 + 1000 + 60 + 500 + 1000 + 60);
  }

  @Test
  void aDuplicatedInitGetsTwoAnswersOfWhichTheSecondIsDropped() {
    duplicate(A_TO_Z, ChunkType.INIT);

    openFromA();

    assertUpAfter(4 * 30);
    assertThat(dropsAtA(DropReason.UNEXPECTED_CHUNK)).isEqualTo(1);
  }

  @Test
  void aDuplicatedInitAckIsDroppedInCookieEchoed() {
    // Section 5.2.3.
    duplicate(Z_TO_A, ChunkType.INIT_ACK);

    openFromA();

    assertUpAfter(4 * 30);
    assertThat(dropsAtA(DropReason.UNEXPECTED_CHUNK)).isEqualTo(1);
  }

  @Test
  void aDuplicatedCookieEchoIsAcknowledgedTwice() {
    duplicate(A_TO_Z, ChunkType.COOKIE_ECHO);

    openFromA();

    assertUpAfter(4 * 30);
  }

  @Test
  void aDuplicatedCookieAckChangesNothing() {
    // Section 5.2.5: in any state other than COOKIE-ECHOED "silently discard".
    duplicate(Z_TO_A, ChunkType.COOKIE_ACK);

    openFromA();

    assertUpAfter(4 * 30);
  }

  @Test
  void anInitThatIsOvertakenByItsRepetitionIsHarmless() {
    delay(A_TO_Z, ChunkType.INIT, 600);

    openFromA();

    assertUpAfter(500 + 4 * 30);
  }

  @Test
  void anInitAckThatComesAfterTheOneForTheRepeatedInitIsDropped() {
    delay(Z_TO_A, ChunkType.INIT_ACK, 700);

    openFromA();

    assertUpAfter(500 + 4 * 30);
    assertThat(dropsAtA(DropReason.UNEXPECTED_CHUNK)).isEqualTo(1);
  }

  @Test
  void anInitAckForTheFirstInitIsGoodAfterASecondInitWasSent() {
    // The cookie of the first INIT ACK and that of the second are both valid.
    delay(Z_TO_A, ChunkType.INIT_ACK, 480);

    openFromA();

    assertUpAfter(30 + 30 + 480 + 60);
  }

  @Test
  void aCookieEchoThatIsOvertakenByItsRepetitionIsAcknowledgedAgain() {
    delay(A_TO_Z, ChunkType.COOKIE_ECHO, 700);

    openFromA();

    assertUpAfter(60 + 500 + 60);
  }

  @Test
  void dataThatOvertakesTheCookieAckOpensTheAssociation() {
    // The answerer may send as soon as it has the cookie; its data proves that it took it.
    delay(Z_TO_A, ChunkType.COOKIE_ACK, 200);
    sim.a.core().connect(0);
    sim.net.runUntil(
        () -> sim.z.core().state() == AssociationPhase.ESTABLISHED, Duration.ofSeconds(1));
    sim.net.runFor(Duration.ofMillis(1));
    SctpSim.send(sim.z, 5, "early");

    sim.net.runUntil(() -> !sim.a.events().isEmpty(), Duration.ofSeconds(1));

    assertThat(sim.net.now()).isEqualTo(Duration.ofMillis(90 + 1 + 30));
    assertThat(SctpSim.texts(sim.a)).containsExactly("early");
    assertThat(sim.a.core().state()).isEqualTo(AssociationPhase.ESTABLISHED);
  }

  // --- both sides open, as over DTLS ---

  @Test
  void bothOpenAtOnceAndAreUpAfterOneAndAHalfRoundTrips() {
    openFromBoth();

    assertUpAfter(90);
  }

  @Test
  void bothInitsAreLost() {
    lose(A_TO_Z, ChunkType.INIT);
    lose(Z_TO_A, ChunkType.INIT);

    openFromBoth();

    assertUpAfter(500 + 90);
  }

  @Test
  void oneOfTwoInitsIsLostAndTheOtherOpensTheAssociation() {
    // Z's INIT opens: A, in COOKIE-WAIT, takes Z's cookie, and needs no answer to its own INIT.
    lose(A_TO_Z, ChunkType.INIT);

    openFromBoth();

    assertUpAfter(4 * 30);
  }

  @Test
  void bothInitAcksAreLost() {
    lose(A_TO_Z, ChunkType.INIT_ACK);
    lose(Z_TO_A, ChunkType.INIT_ACK);

    openFromBoth();

    assertUpAfter(500 + 90);
  }

  @Test
  void oneOfTwoInitAcksIsLost() {
    lose(Z_TO_A, ChunkType.INIT_ACK);

    openFromBoth();

    // A takes Z's cookie after 90 ms, Z has A's COOKIE ACK after 120.
    assertUpAfter(4 * 30);
  }

  @Test
  void bothCookieEchoesAreLost() {
    lose(A_TO_Z, ChunkType.COOKIE_ECHO);
    lose(Z_TO_A, ChunkType.COOKIE_ECHO);

    openFromBoth();

    assertUpAfter(60 + 500 + 30);
  }

  @Test
  void oneOfTwoCookieEchoesIsLost() {
    lose(A_TO_Z, ChunkType.COOKIE_ECHO);

    openFromBoth();

    assertUpAfter(4 * 30);
  }

  @Test
  void bothCookieAcksAreLostAndNobodyNeedsThem() {
    lose(A_TO_Z, ChunkType.COOKIE_ACK);
    lose(Z_TO_A, ChunkType.COOKIE_ACK);

    openFromBoth();

    assertUpAfter(90);
  }

  @Test
  void theInitOfOneSideComesAfterItHasAnsweredTheOther() {
    // A's INIT is 45 ms late: Z answers it in COOKIE-ECHOED, with its own tag (section 5.2.1).
    delay(A_TO_Z, ChunkType.INIT, 45);

    openFromBoth();

    assertUp();
  }

  @Test
  void theInitOfOneSideComesAfterTheAssociationIsUp() {
    // Section 5.2.2: answered with an INIT ACK of new tags, which nobody waits for any more.
    delay(A_TO_Z, ChunkType.INIT, 300);

    openFromBoth();
    sim.net.runFor(Duration.ofSeconds(1));

    assertUp();
  }

  @Test
  void theCookieEchoOfOneSideComesAfterTheAssociationIsUp() {
    delay(A_TO_Z, ChunkType.COOKIE_ECHO, 300);

    openFromBoth();

    assertUp();
  }

  @Test
  void theInitAcksCrossLate() {
    delay(A_TO_Z, ChunkType.INIT_ACK, 100);
    delay(Z_TO_A, ChunkType.INIT_ACK, 130);

    openFromBoth();

    assertUp();
  }

  @Test
  void theSecondSideOpensWhileTheFirstInitIsUnderWay() {
    sim.a.core().connect(0);
    sim.net.runFor(Duration.ofMillis(20));
    sim.z.core().connect(sim.z.nowNanos());

    sim.runUntilBothAre(AssociationPhase.ESTABLISHED, Duration.ofSeconds(5));

    assertUp();
  }

  @Test
  void theSecondSideOpensWhileTheFirstCookieIsUnderWay() {
    // Z's INIT meets an association in COOKIE-ECHOED.
    sim.a.core().connect(0);
    sim.net.runFor(Duration.ofMillis(70));
    sim.z.core().connect(sim.z.nowNanos());

    sim.runUntilBothAre(AssociationPhase.ESTABLISHED, Duration.ofSeconds(5));

    assertUp();
  }

  @Test
  void openingAnEstablishedAssociationSendsNothing() {
    openFromA();
    sim.z.core().connect(sim.z.nowNanos());

    assertUpAfter(4 * 30);
  }

  @Test
  void theHandshakeSurvivesAnOutageOfTwoSecondsInTheMiddle() {
    sim.net.outage(Duration.ofMillis(50), Duration.ofMillis(2050));

    openFromA();

    // INIT ACK was under way; COOKIE ECHO goes at 60, 560, 1560 and 3560 ms.
    assertUpAfter(3560 + 60);
  }

  @Test
  void aOneWayOutageOfZsPathOnlyDelaysTheHandshake() {
    sim.net.only(Z_TO_A).outage(Duration.ZERO, Duration.ofMillis(1000));

    openFromBoth();

    assertUp();
  }
}
