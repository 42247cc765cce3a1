package dev.tautline.sctp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tautline.sctp.AssociationEvent.MessageReceived;
import dev.tautline.sctp.SendOptions.Ordering;
import dev.tautline.sctp.SendOptions.Reliability.MaxRetransmits;
import dev.tautline.sctp.scenario.Scenarios;
import dev.tautline.sctp.scenario.Seeds;
import dev.tautline.testkit.Direction;
import dev.tautline.testkit.SimulatedNetwork;
import dev.tautline.testkit.SimulatedPacket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** RACK-TLP with both of the algorithms that use it: losses are repaired, and nothing is lost. */
@Scenarios
class LossRecoverySimTest {
  private static final Duration LIMIT = Duration.ofHours(1);
  private static final int FULL = 1100;

  /** Differs in length from everything else that is sent. */
  private static final int MARKED = 780;

  private static AssociationOptions with(CongestionAlgorithm algorithm) {
    return AssociationOptions.forDataChannels().toBuilder().congestionAlgorithm(algorithm).build();
  }

  private static Predicate<SimulatedPacket> carriesTheMarked() {
    return packet -> packet.length() >= MARKED + 28 && packet.length() < MARKED + 80;
  }

  private static SctpSim warm(CongestionAlgorithm algorithm) {
    var net = SimulatedNetwork.seeded(Seeds.of(1)).oneWayDelay(Duration.ofMillis(50));
    var sim = SctpSim.on(net, with(algorithm)).connected();
    send(sim, 1);
    runUntilArrived(sim, 1);
    net.runFor(Duration.ofSeconds(1));
    return sim;
  }

  private static void send(SctpSim sim, int length) {
    assertThat(SctpSim.send(sim.a, 1, new byte[length], SendOptions.RELIABLE_ORDERED))
        .isEqualTo(SendResult.ACCEPTED);
  }

  private static Duration runUntilArrived(SctpSim sim, int messages) {
    Duration before = sim.net.now();
    assertTrue(
        sim.net.runUntil(() -> sim.z.events(MessageReceived.class).size() >= messages, LIMIT),
        () -> sim.a.core().statistics() + "\n" + sim.net.trace());
    return sim.net.now().minus(before);
  }

  @ParameterizedTest
  @CsvSource({"CUBIC", "MODEL_BASED"})
  void aLostTailIsProbedForBeforeTheTimeout(CongestionAlgorithm algorithm) {
    SctpSim sim = warm(algorithm);
    sim.net.dropNext(Direction.FORWARD, carriesTheMarked());
    send(sim, FULL);
    send(sim, FULL);
    send(sim, MARKED);

    Duration took = runUntilArrived(sim, 4);

    // The SACK of the others after 100 ms, two round trips, and the way over.
    assertThat(took).isLessThan(Duration.ofMillis(400));
    assertThat(sim.a.core().statistics().timeouts()).isZero();
  }

  @Test
  void withoutProbesALostTailWaitsForTheTimeout() {
    SctpSim sim = warm(CongestionAlgorithm.RFC_9260);
    sim.net.dropNext(Direction.FORWARD, carriesTheMarked());
    send(sim, FULL);
    send(sim, MARKED);

    assertThat(runUntilArrived(sim, 3)).isGreaterThan(Duration.ofMillis(400));
    assertThat(sim.a.core().statistics().timeouts()).isEqualTo(1);
  }

  @ParameterizedTest
  @CsvSource({"CUBIC, 2", "CUBIC, 3", "MODEL_BASED, 2", "MODEL_BASED, 3"})
  void aRetransmissionThatIsLostIsSentAgainWithoutATimeout(
      CongestionAlgorithm algorithm, int times) {
    SctpSim sim = warm(algorithm);
    sim.net.dropNext(Direction.FORWARD, times, carriesTheMarked());
    send(sim, MARKED);
    for (int i = 0; i < 400; i++) {
      send(sim, FULL);
    }

    runUntilArrived(sim, 402);

    AssociationStatistics statistics = sim.a.core().statistics();
    assertThat(statistics.timeouts()).as(sim.net::trace).isZero();
    assertThat(statistics.dataChunksRetransmitted()).isEqualTo(times);
  }

  @ParameterizedTest
  @CsvSource({"CUBIC", "MODEL_BASED"})
  void reorderingThatWasSeenOnceIsToleratedFromThenOn(CongestionAlgorithm algorithm) {
    SctpSim sim = warm(algorithm);
    for (int round = 0; round < 10; round++) {
      sim.net.delayNext(Direction.FORWARD, carriesTheMarked(), Duration.ofMillis(10));
      send(sim, MARKED);
      for (int i = 0; i < 9; i++) {
        send(sim, FULL);
      }
      runUntilArrived(sim, 1 + 10 * (round + 1));
      sim.net.runFor(Duration.ofSeconds(1));
    }

    // At most the first of them was mistaken for lost.
    assertThat(sim.a.core().statistics().dataChunksRetransmitted())
        .as(sim.net::trace)
        .isLessThanOrEqualTo(1);
  }

  @ParameterizedTest
  @CsvSource({
    "CUBIC, 0.0, 1",
    "CUBIC, 0.05, 2",
    "CUBIC, 0.2, 3",
    "CUBIC, 0.4, 4",
    "CUBIC, 0.4, 5",
    "MODEL_BASED, 0.0, 1",
    "MODEL_BASED, 0.05, 2",
    "MODEL_BASED, 0.2, 3",
    "MODEL_BASED, 0.4, 4",
    "MODEL_BASED, 0.4, 5",
    "MODEL_BASED, 0.4, 6"
  })
  void everythingArrivesOnceAndInOrder(CongestionAlgorithm algorithm, double loss, long seed) {
    var net =
        SimulatedNetwork.seeded(Seeds.of(seed))
            .oneWayDelay(Duration.ofMillis(50))
            .jitter(Duration.ofMillis(20))
            .reorder(0.1, Duration.ofMillis(60))
            .duplicate(0.1)
            .loss(loss);
    var options = SctpSim.patient().toBuilder().congestionAlgorithm(algorithm).build();
    var sim = SctpSim.on(net, options).connected();
    var random = new SplittableRandom(seed);
    var sent = new ArrayList<Integer>();
    for (int i = 0; i < 200; i++) {
      byte[] payload = new byte[i % 10 == 0 ? 20_000 : 1 + random.nextInt(2_000)];
      random.nextBytes(payload);
      sent.add(Arrays.hashCode(payload));
      assertThat(SctpSim.send(sim.a, 1, payload, SendOptions.RELIABLE_ORDERED))
          .isEqualTo(SendResult.ACCEPTED);
    }

    runUntilArrived(sim, sent.size());
    boolean acknowledged =
        net.runUntil(() -> sim.a.core().statistics().heldSendBytes() == 0, LIMIT);

    assertTrue(acknowledged, () -> sim.a.core().statistics() + "\n" + net.trace());
    var arrived = new ArrayList<Integer>();
    for (MessageReceived message : sim.z.events(MessageReceived.class)) {
      arrived.add(Arrays.hashCode(message.payload()));
    }
    assertThat(arrived).as(net::trace).isEqualTo(sent);
    assertThat(sim.a.core().statistics().flightBytes()).isZero();
  }

  @ParameterizedTest
  @CsvSource({"CUBIC", "MODEL_BASED"})
  void aMessageWithoutRetransmissionsIsNotGivenUpByAProbe(CongestionAlgorithm algorithm) {
    SctpSim sim = warm(algorithm);
    // Late, but there: beyond the probe timeout of two round trips, before T3-rtx.
    sim.net.delayNext(Direction.FORWARD, carriesTheMarked(), Duration.ofMillis(250));
    assertThat(
            SctpSim.send(
                sim.a,
                1,
                new byte[MARKED],
                new SendOptions(Ordering.UNORDERED, new MaxRetransmits(0))))
        .isEqualTo(SendResult.ACCEPTED);

    runUntilArrived(sim, 2);

    assertThat(sim.a.core().statistics().forwardTsnsSent()).isZero();
  }
}
