package dev.tautline.sctp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tautline.sctp.AssociationEvent.MessageReceived;
import dev.tautline.testkit.Direction;
import dev.tautline.testkit.SimulatedNetwork;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Path MTU probing on paths that drop what is too large and say nothing: RFC 8899. */
class PathMtuSimTest {
  private static final int BASE = 1188;
  private static final int MAX = 16_384;
  private static final int MESSAGE = 20_000;
  private static final Duration LIMIT = Duration.ofMinutes(5);

  private static SimulatedNetwork path() {
    return SimulatedNetwork.seeded(1)
        .oneWayDelay(Duration.ofMillis(20))
        .bottleneck(20_000_000, 200_000);
  }

  private static AssociationOptions probing(CongestionAlgorithm algorithm) {
    return AssociationOptions.forDataChannels().toBuilder()
        .maxProbedPacketBytes(MAX)
        .congestionAlgorithm(algorithm)
        .build();
  }

  private static SctpSim sim(SimulatedNetwork net) {
    return SctpSim.on(net, probing(CongestionAlgorithm.MODEL_BASED)).connected();
  }

  private static void send(SctpSim sim, int count) {
    for (int i = 0; i < count; i++) {
      assertThat(SctpSim.send(sim.a, 1, new byte[MESSAGE], SendOptions.RELIABLE_ORDERED))
          .isEqualTo(SendResult.ACCEPTED);
    }
  }

  private static Duration untilArrived(SctpSim sim, int messages) {
    Duration before = sim.net.now();
    assertTrue(
        sim.net.runUntil(() -> sim.z.events(MessageReceived.class).size() >= messages, LIMIT),
        () -> sim.a.core().statistics() + "\n" + sim.net.trace());
    return sim.net.now().minus(before);
  }

  @ParameterizedTest
  @CsvSource({
    "1188, 1188, 1188", "1190, 1188, 1188", "1250, 1232, 1248", "1280, 1264, 1280",
    "1432, 1432, 1432", "1500, 1484, 1500", "8932, 8932, 8932", "12000, 11984, 12000",
    "16384, 16384, 16384", "60000, 16384, 16384"
  })
  void theSearchFindsWhatThePathTakesAndCostsNoData(int mtu, int least, int most) {
    var net = path().mtu(mtu);
    SctpSim sim = sim(net);
    send(sim, 100);
    untilArrived(sim, 100);
    net.runFor(Duration.ofMinutes(1));

    assertThat(sim.a.core().packetBytes()).as(net::trace).isBetween(least, most);
    assertThat(sim.z.core().packetBytes()).isBetween(least, most);
    AssociationStatistics statistics = sim.a.core().statistics();
    assertThat(statistics.dataChunksRetransmitted()).isZero();
    assertThat(statistics.timeouts()).isZero();
    // Three for each size that did not pass, both sides; a bisection of what is left.
    assertThat(net.datagramsOver(mtu)).isLessThanOrEqualTo(2 * 3 * 12);
  }

  @Test
  void isOffByDefault() {
    var net = path();
    SctpSim sim = SctpSim.on(net, AssociationOptions.forDataChannels()).connected();
    send(sim, 100);
    untilArrived(sim, 100);
    net.runFor(Duration.ofMinutes(20));

    assertThat(net.datagramsOver(BASE)).isZero();
    assertThat(sim.a.core().packetBytes()).isEqualTo(BASE);
  }

  @Test
  void whatWasFoundIsUsed() {
    var net = path().mtu(8932);
    SctpSim sim = sim(net);
    net.runFor(Duration.ofSeconds(30));
    long probes = net.datagramsOver(8900);
    send(sim, 100);
    untilArrived(sim, 100);

    assertThat(net.datagramsOver(8900) - probes).isGreaterThan(150);
  }

  @ParameterizedTest
  @CsvSource({"MODEL_BASED, 1250", "CUBIC, 1250", "RFC_9260, 1250", "MODEL_BASED, 1188"})
  void aPathThatShrinksInTheMiddleOfATransferLosesNothing(
      CongestionAlgorithm algorithm, int shrunk) {
    var net = path().mtu(1432);
    SctpSim sim = SctpSim.on(net, probing(algorithm)).connected();
    net.runFor(Duration.ofSeconds(20));
    assertThat(sim.a.core().packetBytes()).isEqualTo(1432);
    send(sim, 300);
    net.schedule(Duration.ofSeconds(1), () -> net.mtu(shrunk));

    // 6 MB take 2.4 s without the black hole.
    assertThat(untilArrived(sim, 300)).isLessThan(Duration.ofSeconds(12));

    assertThat(sim.a.core().statistics().timeouts()).isLessThanOrEqualTo(3);
    net.runFor(Duration.ofMinutes(1));
    assertThat(sim.a.core().packetBytes()).isBetween(shrunk - 18, shrunk);
    assertThat(sim.a.core().statistics().heldSendBytes()).isZero();
  }

  @Test
  void singleMessagesFallIntoTheHoleThreeTimesAtMost() {
    var net = path().mtu(1432);
    SctpSim sim = sim(net);
    net.runFor(Duration.ofSeconds(20));
    net.mtu(1250);
    long before = net.datagramsOver(1250);
    for (int i = 1; i <= 10; i++) {
      assertThat(SctpSim.send(sim.a, 1, new byte[1300], SendOptions.RELIABLE_ORDERED))
          .isEqualTo(SendResult.ACCEPTED);
      untilArrived(sim, i);
      net.runFor(Duration.ofSeconds(1));
    }

    assertThat(sim.a.core().packetBytes()).isLessThanOrEqualTo(1250);
    // Three messages, and three probes of each size that the search tries.
    assertThat(net.datagramsOver(1250) - before).isLessThan(3 + 3 * 8);
  }

  @ParameterizedTest
  @CsvSource({"0.01, 1", "0.05, 2", "0.1, 3"})
  void randomLossIsNoBlackHole(double loss, long seed) {
    var net =
        SimulatedNetwork.seeded(seed)
            .oneWayDelay(Duration.ofMillis(20))
            .bottleneck(20_000_000, 200_000)
            .mtu(1432);
    SctpSim sim = sim(net);
    net.runFor(Duration.ofSeconds(20));
    assertThat(sim.a.core().packetBytes()).isEqualTo(1432);
    net.loss(loss);
    send(sim, 500);
    untilArrived(sim, 500);

    assertThat(sim.a.core().packetBytes()).as(net::trace).isEqualTo(1432);
  }

  @Test
  void anOutageEndsWithTheSizeBeforeIt() {
    var net = path().mtu(1432);
    SctpSim sim = sim(net);
    net.runFor(Duration.ofSeconds(20));
    send(sim, 300);
    net.runFor(Duration.ofSeconds(1));
    net.loss(1);
    net.runFor(Duration.ofSeconds(5));
    net.loss(0);
    untilArrived(sim, 300);
    net.runFor(Duration.ofSeconds(20));

    assertThat(sim.a.core().packetBytes()).isEqualTo(1432);
  }

  @Test
  void aPathThatGrowsIsFoundByTheRaiseTimer() {
    var net = path().mtu(1300);
    SctpSim sim = sim(net);
    net.runFor(Duration.ofMinutes(1));
    assertThat(sim.a.core().packetBytes()).isEqualTo(1300);
    net.mtu(1432);
    net.runFor(Duration.ofMinutes(10));

    assertThat(sim.a.core().packetBytes()).isEqualTo(1432);
  }

  @Test
  void anotherPathIsSearchedAnew() {
    var net = path().mtu(8932);
    SctpSim sim = sim(net);
    net.runFor(Duration.ofMinutes(1));
    net.mtu(1432);
    sim.a.core().pathChanged(sim.a.nowNanos());
    assertThat(sim.a.core().packetBytes()).isEqualTo(BASE);
    net.runFor(Duration.ofMinutes(1));

    assertThat(sim.a.core().packetBytes()).isEqualTo(1432);
    assertThat(sim.a.core().statistics().timeouts()).isZero();
  }

  @Test
  void lostProbesAreNoErrorOfThePath() {
    var net = path().mtu(1200);
    var options = probing(CongestionAlgorithm.MODEL_BASED).toBuilder().maxRetransmits(1).build();
    SctpSim sim = SctpSim.on(net, options).connected();
    net.runFor(Duration.ofMinutes(15));

    assertThat(sim.a.core().state()).isEqualTo(AssociationPhase.ESTABLISHED);
    assertThat(net.statistics(Direction.FORWARD).sentPackets()).isLessThan(150);
  }
}
