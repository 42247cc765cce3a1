package dev.tautline.testkit;

import static java.time.Duration.ofMillis;
import static java.time.Duration.ofSeconds;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.tautline.testkit.EchoMachine.Received;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SimulatedNetworkTest {
  private final SimulatedNetwork net = SimulatedNetwork.seeded(7);
  private final SimulatedPeer<EchoMachine, Received> a = net.attach("a", EchoMachine::new);
  private final SimulatedPeer<EchoMachine, Received> z = net.attach("z", EchoMachine::new);

  private static List<Integer> numbers(SimulatedPeer<EchoMachine, Received> peer) {
    return peer.events().stream().map(Received::number).toList();
  }

  private void send(int count, int length) {
    for (int i = 0; i < count; i++) {
      a.core().send(length);
    }
  }

  @Test
  void packetsArriveAfterTheDelayInOrder() {
    net.oneWayDelay(ofMillis(40));
    send(3, 10);
    z.core().send(10);

    assertThat(net.runUntil(() -> z.events().size() == 3, ofSeconds(1))).isTrue();

    assertThat(numbers(z)).containsExactly(1, 2, 3);
    assertThat(z.events().get(0).nowNanos()).isEqualTo(40_000_000);
    assertThat(net.now()).isEqualTo(ofMillis(40));
    net.runFor(ofMillis(1));
    assertThat(numbers(a)).containsExactly(1);
  }

  @Test
  void anUnmetConditionEndsAtTheLimit() {
    assertThat(net.runUntil(() -> false, ofSeconds(3))).isFalse();
    assertThat(net.now()).isEqualTo(ofSeconds(3));
  }

  @Test
  void firesTimersWhenDueInTheTimeOfTheMachine() {
    net.runFor(ofSeconds(5));
    a.core().sendEvery(a.nowNanos(), ofMillis(10).toNanos(), 20);
    net.runFor(ofMillis(35));

    assertThat(z.events().stream().map(Received::nowNanos))
        .containsExactly(5_010_000_000L, 5_020_000_000L, 5_030_000_000L);
  }

  @Test
  void aMachineMadeLaterStartsAtZero() {
    net.runFor(ofSeconds(5));
    z.restart(EchoMachine::new);
    send(1, 10);
    net.runFor(ofMillis(1));

    assertThat(z.events().get(0).nowNanos()).isZero();
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void theSameSeedGivesTheSameRun(long seed) {
    assertThat(roughRun(seed)).isEqualTo(roughRun(seed)).isNotEqualTo(roughRun(seed + 1));
  }

  private static String roughRun(long seed) {
    var network =
        SimulatedNetwork.seeded(seed)
            .oneWayDelay(ofMillis(20))
            .jitter(ofMillis(5))
            .loss(0.05)
            .burstLoss(0.01, 0.3)
            .reorder(0.05, ofMillis(9))
            .duplicate(0.02)
            .corrupt(0.02)
            .bottleneck(1_000_000, 20_000);
    var sender = network.attach("a", EchoMachine::new);
    var receiver = network.attach("z", EchoMachine::new);
    sender.core().sendEvery(0, ofMillis(3).toNanos(), 300);
    network.runFor(ofSeconds(3));
    return receiver.events() + "\n" + network.trace() + sender.core().draw();
  }

  @Test
  void losesAboutAsManyAsAsked() {
    net.only(Direction.FORWARD).loss(0.1);
    send(10_000, 20);
    for (int i = 0; i < 100; i++) {
      z.core().send(20);
    }
    net.runFor(ofSeconds(1));

    assertThat(z.events().size() / 10_000.0).isCloseTo(0.9, within(0.02));
    assertThat(a.events()).hasSize(100);
    assertThat(net.statistics(Direction.FORWARD).of(Fate.LOST))
        .isEqualTo(10_000 - z.events().size());
    assertThat(net.statistics(Direction.BACKWARD).lostPackets()).isZero();
  }

  @Test
  void burstsTakeNeighbours() {
    net.burstLoss(0.01, 0.25);
    send(20_000, 20);
    net.runFor(ofSeconds(1));

    List<Integer> got = numbers(z);
    long gaps =
        IntStream.range(1, got.size()).filter(i -> got.get(i) != got.get(i - 1) + 1).count();
    double lost = 20_000.0 - got.size();
    assertThat(lost / 20_000).isCloseTo(0.01 / 0.26, within(0.01));
    assertThat(lost / gaps).as("mean burst").isCloseTo(4, within(0.6));
  }

  @Test
  void reorderedPacketsAreOvertaken() {
    net.oneWayDelay(ofMillis(10)).reorder(0.2, ofMillis(5));
    a.core().sendEvery(0, ofMillis(1).toNanos(), 20);
    net.runFor(ofSeconds(1));

    assertThat(numbers(z)).doesNotHaveDuplicates().hasSizeGreaterThan(980);
    assertThat(numbers(z)).isNotEqualTo(numbers(z).stream().sorted().toList());
  }

  @Test
  void jitterKeepsTheOrder() {
    net.oneWayDelay(ofMillis(10)).jitter(ofMillis(30));
    a.core().sendEvery(0, ofMillis(1).toNanos(), 20);
    net.runFor(ofSeconds(1));

    assertThat(numbers(z)).hasSizeGreaterThan(900).isSorted();
    long delays =
        z.events().stream().map(r -> r.nowNanos() - r.number() * 1_000_000L).distinct().count();
    assertThat(delays).isGreaterThan(50);
  }

  @Test
  void duplicatesArriveTwice() {
    net.duplicate(1);
    send(10, 20);
    net.runFor(ofSeconds(1));

    assertThat(z.events()).hasSize(20);
    assertThat(numbers(z).stream().distinct()).hasSize(10);
    assertThat(net.statistics(Direction.FORWARD).arrivedPackets()).isEqualTo(20);
  }

  @Test
  void corruptionChangesAtMostFourNeighbouringBytes() {
    var sent = new ArrayList<byte[]>();
    net.corrupt(1).watch(packet -> sent.add(packet.bytes()));
    send(200, 100);
    net.runFor(ofSeconds(1));

    assertThat(z.events()).hasSize(200);
    assertThat(net.statistics(Direction.FORWARD).of(Fate.CORRUPTED)).isEqualTo(200);
    // What the sender made is not what is damaged.
    assertThat(sent).allSatisfy(bytes -> assertThat(bytes[50]).isZero());
    assertThat(z.events().stream().filter(r -> r.tail() != 0).count()).isGreaterThan(150);
    assertThat(z.events()).allSatisfy(r -> assertThat(r.tail()).isLessThanOrEqualTo(4 * 255));
  }

  @Test
  void theBottleneckPacesAndItsQueueOverflows() {
    // 1 Mbit/s: 1 250 bytes take 10 ms.
    net.bottleneck(1_000_000, 5_000);
    send(6, 1_250);
    net.runFor(ofSeconds(1));

    assertThat(z.events().stream().map(Received::nowNanos))
        .containsExactly(10_000_000L, 20_000_000L, 30_000_000L, 40_000_000L);
    LinkStatistics forward = net.statistics(Direction.FORWARD);
    assertThat(forward.of(Fate.QUEUE_FULL)).isEqualTo(2);
    assertThat(forward.maxQueuedBytes()).isEqualTo(5_000);
  }

  @Test
  void packetsAboveTheMtuVanishAndAreCounted() {
    net.mtu(1_225);
    send(1, 1_225);
    send(2, 1_226);
    net.runFor(ofSeconds(1));

    assertThat(numbers(z)).containsExactly(1);
    assertThat(net.datagramsOver(1_225)).isEqualTo(2);
    assertThat(net.datagramsOver(1_224)).isEqualTo(3);
    assertThat(net.datagramsOver(1_226)).isZero();
  }

  @Test
  void nothingPassesDuringAnOutageOrACut() {
    net.outage(ofMillis(15), ofMillis(25));
    a.core().sendEvery(0, ofMillis(10).toNanos(), 20);
    net.runFor(ofMillis(35));
    assertThat(numbers(z)).containsExactly(1, 3);

    net.only(Direction.FORWARD).cut();
    net.runFor(ofMillis(20));
    assertThat(numbers(z)).containsExactly(1, 3);

    net.only(Direction.FORWARD).restore();
    net.runFor(ofMillis(10));
    assertThat(numbers(z)).containsExactly(1, 3, 6);
  }

  @Test
  void rulesDropAlterAndDelayParticularPackets() {
    net.dropNext(Direction.FORWARD, packet -> packet.u8(3) == 2)
        .dropNext(Direction.FORWARD, 2, packet -> packet.u8(3) > 5)
        .delayNext(Direction.FORWARD, packet -> packet.u8(3) == 1, ofMillis(9))
        .alterNext(
            Direction.FORWARD,
            packet -> packet.u8(3) == 3,
            bytes -> {
              bytes[3] = 33;
              return bytes;
            });
    send(8, 20);
    net.runFor(ofSeconds(1));

    assertThat(numbers(z)).containsExactly(33, 4, 5, 8, 1);
    assertThat(net.trace()).contains("DROPPED_BY_RULE", "ALTERED");
  }

  @Test
  void scheduledActionsAndHandlersMayUseTheMachines() {
    z.onEvent(received -> z.core().send(received.length() + 1));
    net.oneWayDelay(ofMillis(5)).schedule(ofMillis(100), () -> a.core().send(50));
    net.runFor(ofMillis(200));

    assertThat(a.events()).containsExactly(new Received(110_000_000, 1, 51, 0));
    assertThat(z.events()).isEmpty();
  }

  @Test
  void injectedPacketsReachTheReceiver() {
    net.inject(Direction.BACKWARD, new byte[] {0, 0, 0, 77});
    net.runFor(ofMillis(1));

    assertThat(numbers(a)).containsExactly(77);
    assertThat(net.trace()).contains("injected -> a");
  }

  @Test
  void aStalledProcessGetsEverythingWhenItWakes() {
    a.core().sendEvery(0, ofMillis(10).toNanos(), 20);
    z.core().sendEvery(0, ofMillis(10).toNanos(), 20);
    net.runFor(ofMillis(15));
    z.stallFor(ofMillis(50));
    net.runFor(ofMillis(49));
    assertThat(numbers(z)).containsExactly(1);
    assertThat(numbers(a)).containsExactly(1);

    net.runFor(ofMillis(1));
    assertThat(numbers(z)).containsExactly(1, 2, 3, 4, 5, 6);
    assertThat(z.events().get(5).nowNanos()).isEqualTo(65_000_000);
    assertThat(a.events()).hasSizeGreaterThan(1);
  }

  @Test
  void aStoppedProcessNeitherSendsNorHears() {
    a.core().sendEvery(0, ofMillis(10).toNanos(), 20);
    z.core().sendEvery(0, ofMillis(10).toNanos(), 20);
    z.stop();
    net.runFor(ofMillis(100));

    assertThat(z.events()).isEmpty();
    assertThat(a.events()).isEmpty();
    assertThat(z.isStopped()).isTrue();
  }

  @Test
  void whatAMachineKeepsOfTheArrayTurnsToGarbage() {
    send(1, 20);
    net.runFor(ofMillis(1));
    byte[] seen = z.core().lastArray;
    assertThat(seen).isNotNull();
    byte[] kept = java.util.Arrays.copyOfRange(seen, z.core().lastOffset, z.core().lastOffset + 4);

    assertThat(kept).isNotEqualTo(new byte[] {0, 0, 0, 1});
    assertThat(seen.length).isGreaterThan(SimulatedNetwork.MAX_PACKET_BYTES);
  }

  @Test
  void pairsShareTheBottleneck() {
    var b = net.attach("b", EchoMachine::new);
    var y = net.attach("y", EchoMachine::new);
    net.only(Direction.FORWARD).bottleneck(1_000_000, 100_000);
    send(2, 1_250);
    b.core().send(1_250);
    net.runFor(ofSeconds(1));

    assertThat(z.events()).hasSize(2);
    assertThat(y.events()).containsExactly(new Received(30_000_000, 1, 1_250, 0));
  }

  @Test
  void theTraceNamesSeedSettingsAndTheLastPackets() {
    net.loss(0.5).mtu(500).tracePackets(3).describePackets(bytes -> "number " + bytes[3]);
    send(10, 20);
    send(1, 501);
    net.runFor(ofMillis(1));

    assertThat(net.trace())
        .contains("seed 7", "loss 0.5", "mtu 500", "the last 3 of 11 packets")
        .contains("#11 a -> z", "TOO_BIG", "number 10")
        .doesNotContain("#8 ");
  }

  @Test
  void aMachineInACircleIsNamed() {
    a.core().sendEvery(0, 0, 20);

    assertThatThrownBy(() -> net.runFor(ofSeconds(1)))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("a ")
        .hasMessageContaining("seed 7");
  }

  @Test
  void settingsOutOfRangeAreRefused() {
    assertThatThrownBy(() -> net.loss(1.1)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> net.loss(Double.NaN)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> net.mtu(0)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> net.burstLoss(0.1, 0)).hasMessageContaining("never end");
    assertThatThrownBy(() -> net.oneWayDelay(Duration.ofNanos(-1)))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> net.outage(ofMillis(2), ofMillis(1)))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  @Timeout(30)
  void aMinuteAt100MbitPerSecondRunsQuickly() {
    net.oneWayDelay(ofMillis(50)).loss(0.01).bottleneck(100_000_000, 200_000);
    long[] bytes = new long[1];
    z.onEvent(received -> bytes[0] += received.length());
    a.core().sendEvery(0, 96_000, 1_200);
    net.runFor(ofSeconds(60));

    assertThat(bytes[0]).isGreaterThan(700_000_000);
  }
}
