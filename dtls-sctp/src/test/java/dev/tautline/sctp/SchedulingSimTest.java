package dev.tautline.sctp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tautline.sctp.AssociationEvent.MessageReceived;
import dev.tautline.testkit.SimulatedNetwork;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What goes first when several streams have something to send. */
class SchedulingSimTest {
  private static final Duration ROUND_TRIP = Duration.ofMillis(100);
  private static final int LONG = 256 << 10;
  private static final int SHORT = 10;
  private static final Duration LIMIT = Duration.ofMinutes(2);

  private static AssociationOptions options(boolean interleaving, CongestionAlgorithm algorithm) {
    return AssociationOptions.forDataChannels().toBuilder()
        .interleaving(interleaving)
        .congestionAlgorithm(algorithm)
        .build();
  }

  private static SimulatedNetwork path() {
    return SimulatedNetwork.seeded(1).oneWayDelay(ROUND_TRIP.dividedBy(2));
  }

  private static void send(SctpSim sim, int streamId, int length) {
    assertThat(SctpSim.send(sim.a, streamId, new byte[length], SendOptions.RELIABLE_ORDERED))
        .isEqualTo(SendResult.ACCEPTED);
  }

  private static long arrived(SctpSim sim, int length) {
    return sim.z.events(MessageReceived.class).stream()
        .filter(message -> message.payload().length == length)
        .count();
  }

  private static Duration untilArrived(SctpSim sim, int length, int count) {
    Duration before = sim.net.now();
    assertTrue(
        sim.net.runUntil(() -> arrived(sim, length) >= count, LIMIT),
        () -> sim.a.core().statistics() + "\n" + sim.net.trace());
    return sim.net.now().minus(before);
  }

  @ParameterizedTest
  @CsvSource({
    "true, RFC_9260", "true, CUBIC", "true, MODEL_BASED",
    "false, RFC_9260", "false, CUBIC", "false, MODEL_BASED"
  })
  void aShortMessageIsNotHeldBehindALongOneThatBeganInSlowStart(
      boolean interleaving, CongestionAlgorithm algorithm) {
    SctpSim sim = SctpSim.on(path(), options(interleaving, algorithm)).connected();
    send(sim, 1, LONG);
    sim.net.runFor(Duration.ofMillis(1));
    send(sim, 2, SHORT);

    assertThat(untilArrived(sim, SHORT, 1)).isLessThanOrEqualTo(ROUND_TRIP.multipliedBy(2));
    assertThat(arrived(sim, LONG)).as("the long one needs longer").isZero();
    untilArrived(sim, LONG, 1);
    assertThat(sim.a.core().statistics().dataChunksRetransmitted()).isZero();
  }

  @ParameterizedTest
  @CsvSource({
    "true, RFC_9260", "true, CUBIC", "true, MODEL_BASED",
    "false, RFC_9260", "false, CUBIC", "false, MODEL_BASED"
  })
  void norBehindMegabytesOfLongOnesOnAFullPath(
      boolean interleaving, CongestionAlgorithm algorithm) {
    var net = path().bottleneck(10_000_000, 125_000);
    SctpSim sim = SctpSim.on(net, options(interleaving, algorithm)).connected();
    for (int i = 0; i < 40; i++) {
      send(sim, 1, LONG);
    }
    net.runFor(Duration.ofSeconds(3));
    for (int i = 1; i <= 10; i++) {
      send(sim, 2, SHORT);
      // The bottleneck's queue of 100 ms is not ours to overtake.
      assertThat(untilArrived(sim, SHORT, i)).isLessThanOrEqualTo(ROUND_TRIP.multipliedBy(2));
    }
    assertThat(arrived(sim, LONG)).isLessThan(40);
    untilArrived(sim, LONG, 40);
    boolean drained = net.runUntil(() -> sim.a.core().statistics().heldSendBytes() == 0, LIMIT);
    assertTrue(drained, () -> sim.a.core().statistics().toString());
  }

  @ParameterizedTest
  @CsvSource({"true", "false"})
  void manyShortMessagesLeaveALongOneItsShare(boolean interleaving) {
    var net = path().bottleneck(10_000_000, 125_000);
    SctpSim sim =
        SctpSim.on(net, options(interleaving, CongestionAlgorithm.MODEL_BASED)).connected();
    send(sim, 1, LONG);
    net.runFor(Duration.ofMillis(1));
    for (int stream = 2; stream < 402; stream++) {
      for (int i = 0; i < 10; i++) {
        send(sim, stream, 1000);
      }
    }

    untilArrived(sim, LONG, 1);

    // Four megabytes are waiting; about as much as the long one may go before it.
    assertThat(arrived(sim, 1000)).isBetween(100L, interleaving ? 4000L : 600L);
    untilArrived(sim, 1000, 4000);
  }

  @ParameterizedTest
  @CsvSource({"true, 1000", "false, 1000", "true, 20000", "false, 20000"})
  void streamsShareByTheirWeights(boolean interleaving, int bytes) {
    var net = path().bottleneck(10_000_000, 125_000);
    SctpSim sim =
        SctpSim.on(net, options(interleaving, CongestionAlgorithm.MODEL_BASED)).connected();
    sim.a.core().setStreamPriority(1, 512);
    sim.a.core().setStreamPriority(2, 256);
    for (int i = 0; i < 6_000_000 / bytes; i++) {
      send(sim, 1, bytes);
      send(sim, 2, bytes);
    }
    net.runFor(Duration.ofSeconds(5));

    double first = ofStream(sim, 1);
    double second = ofStream(sim, 2);
    assertThat(first / second).isBetween(1.8, 2.2);
  }

  private static long ofStream(SctpSim sim, int streamId) {
    return sim.z.events(MessageReceived.class).stream()
        .filter(message -> message.streamId() == streamId)
        .count();
  }

  @ParameterizedTest
  @CsvSource({"0.05, 1", "0.2, 2", "0.2, 3"})
  void overtakingLosesAndReordersNothingThroughLoss(double loss, long seed) {
    var net =
        SimulatedNetwork.seeded(seed)
            .oneWayDelay(Duration.ofMillis(30))
            .reorder(0.1, Duration.ofMillis(40))
            .duplicate(0.1)
            .loss(loss);
    SctpSim sim = SctpSim.on(net, options(false, CongestionAlgorithm.MODEL_BASED)).connected();
    for (int i = 0; i < 40; i++) {
      int value = i;
      send(sim, 1, 50_000 + i);
      net.schedule(Duration.ofMillis(17L * i), () -> send(sim, 2, 1 + value));
    }

    boolean all =
        net.runUntil(() -> sim.z.events(MessageReceived.class).size() == 80, Duration.ofHours(1));
    assertTrue(all, () -> sim.a.core().statistics() + "\n" + net.trace());
    net.runUntil(() -> sim.a.core().statistics().heldSendBytes() == 0, LIMIT);
    assertThat(lengths(sim, 1)).isSorted().hasSize(40);
    assertThat(lengths(sim, 2)).isSorted().hasSize(40);
    assertThat(sim.a.core().statistics().heldSendBytes()).isZero();
    assertThat(sim.a.core().statistics().flightBytes()).isZero();
  }

  private static List<Integer> lengths(SctpSim sim, int streamId) {
    return sim.z.events(MessageReceived.class).stream()
        .filter(message -> message.streamId() == streamId)
        .map(message -> message.payload().length)
        .toList();
  }

  @Test
  void aLongMessageThatExpiresWhileOvertakenIsSkipped() {
    var net = path();
    SctpSim sim = SctpSim.on(net, options(false, CongestionAlgorithm.RFC_9260)).connected();
    assertThat(
            SctpSim.send(
                sim.a,
                1,
                new byte[LONG],
                new SendOptions(
                    SendOptions.Ordering.ORDERED,
                    new SendOptions.Reliability.MaxLifetime(150_000_000))))
        .isEqualTo(SendResult.ACCEPTED);
    net.runFor(Duration.ofMillis(1));
    send(sim, 2, SHORT);
    send(sim, 1, SHORT);

    untilArrived(sim, SHORT, 2);
    net.runFor(Duration.ofSeconds(10));

    assertThat(arrived(sim, LONG)).isZero();
    assertThat(sim.a.core().statistics().heldSendBytes()).isZero();
    assertThat(sim.a.core().statistics().timeouts()).as(net::trace).isZero();
    assertThat(sim.z.core().statistics().heldReceiveBytes()).isZero();
  }
}
