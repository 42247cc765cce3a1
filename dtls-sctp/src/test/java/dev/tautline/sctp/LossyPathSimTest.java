package dev.tautline.sctp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tautline.sctp.AssociationEvent.MessageReceived;
import dev.tautline.sctp.scenario.Scenarios;
import dev.tautline.sctp.scenario.Seeds;
import dev.tautline.testkit.SimulatedNetwork;
import dev.tautline.testkit.SimulatedPeer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Reliable messages over bad paths: all of them, once, in order, both ways. */
@Scenarios
class LossyPathSimTest {
  private static final int MESSAGES = 200;
  private static final int STREAMS = 4;

  @ParameterizedTest
  @CsvSource({
    "0.0, 1", "0.0, 2", "0.01, 1", "0.01, 2", "0.01, 3", "0.05, 1", "0.05, 2", "0.05, 3", "0.2, 1",
    "0.2, 2", "0.2, 3", "0.4, 1", "0.4, 2", "0.4, 3"
  })
  void arriveInSpiteOfLoss(double loss, long seed) {
    var net = SimulatedNetwork.seeded(Seeds.of(seed)).oneWayDelay(Duration.ofMillis(40)).loss(loss);
    exchange(net, Duration.ofHours(2));
  }

  @ParameterizedTest
  @CsvSource({
    // Other seeds than above: with the same losses the ladder would be the same.
    "0.0, 11",
    "0.05, 12",
    "0.2, 13",
    "0.4, 14",
    "0.4, 15",
    "0.4, 16",
    "0.4, 17",
    "0.4, 18",
    "0.4, 19"
  })
  void arriveOverAPathOf300Milliseconds(double loss, long seed) {
    var net =
        SimulatedNetwork.seeded(Seeds.of(seed)).oneWayDelay(Duration.ofMillis(300)).loss(loss);
    exchange(net, Duration.ofHours(2));
  }

  @ParameterizedTest
  @CsvSource({"0.0, 1", "0.05, 2", "0.2, 3"})
  void arriveInSpiteOfReordering(double loss, long seed) {
    var net =
        SimulatedNetwork.seeded(Seeds.of(seed))
            .oneWayDelay(Duration.ofMillis(20))
            .reorder(0.3, Duration.ofMillis(30))
            .loss(loss);
    exchange(net, Duration.ofHours(1));
  }

  @ParameterizedTest
  @CsvSource({"0.0, 1", "0.05, 2", "0.2, 3"})
  void arriveOnceInSpiteOfDuplication(double loss, long seed) {
    var net =
        SimulatedNetwork.seeded(Seeds.of(seed))
            .oneWayDelay(Duration.ofMillis(20))
            .duplicate(0.3)
            .loss(loss);
    exchange(net, Duration.ofHours(1));
  }

  @ParameterizedTest
  @CsvSource({"1", "2", "3", "4"})
  void arriveInSpiteOfEverything(long seed) {
    var net =
        SimulatedNetwork.seeded(Seeds.of(seed))
            .oneWayDelay(Duration.ofMillis(50))
            .jitter(Duration.ofMillis(20))
            .reorder(0.1, Duration.ofMillis(60))
            .duplicate(0.1)
            .loss(0.1);
    exchange(net, Duration.ofHours(1));
  }

  private static void exchange(SimulatedNetwork net, Duration limit) {
    var sim = SctpSim.on(net, SctpSim.patient());
    // A -> INIT -> <- INIT <- Z: both open at once, as over DTLS.
    sim.a.core().connect(0);
    sim.z.core().connect(0);
    List<byte[]> fromA = messages(1);
    List<byte[]> fromZ = messages(2);
    sendAll(sim.a, fromA);
    sendAll(sim.z, fromZ);

    boolean allArrived =
        net.runUntil(
            () ->
                sim.a.events(MessageReceived.class).size() >= MESSAGES
                    && sim.z.events(MessageReceived.class).size() >= MESSAGES
                    && sim.a.core().statistics().heldSendBytes() == 0
                    && sim.z.core().statistics().heldSendBytes() == 0,
            limit);

    assertTrue(allArrived, () -> "stalled: " + sim.a.core().statistics() + "\n" + net.trace());
    assertArrived(fromA, sim.z, net);
    assertArrived(fromZ, sim.a, net);
    assertNothingIsKept(sim.a, net);
    assertNothingIsKept(sim.z, net);
    assertThat(net.datagramsOver(1188)).isZero();
  }

  private static List<byte[]> messages(long seed) {
    var random = new SplittableRandom(seed);
    var messages = new ArrayList<byte[]>();
    for (int i = 0; i < MESSAGES; i++) {
      byte[] payload = new byte[i % 10 == 0 ? 20_000 : 1 + random.nextInt(2_000)];
      random.nextBytes(payload);
      payload[0] = (byte) i;
      messages.add(payload);
    }
    return messages;
  }

  private static void sendAll(
      SimulatedPeer<Association, AssociationEvent> from, List<byte[]> messages) {
    for (int i = 0; i < messages.size(); i++) {
      assertThat(SctpSim.send(from, i % STREAMS, messages.get(i), SendOptions.RELIABLE_ORDERED))
          .isEqualTo(SendResult.ACCEPTED);
    }
  }

  private static void assertArrived(
      List<byte[]> sent, SimulatedPeer<Association, AssociationEvent> at, SimulatedNetwork net) {
    for (int stream = 0; stream < STREAMS; stream++) {
      var expected = new ArrayList<Integer>();
      for (int i = stream; i < sent.size(); i += STREAMS) {
        expected.add(Arrays.hashCode(sent.get(i)));
      }
      var arrived = new ArrayList<Integer>();
      for (MessageReceived message : at.events(MessageReceived.class)) {
        if (message.streamId() == stream) {
          arrived.add(Arrays.hashCode(message.payload()));
        }
      }
      assertThat(arrived).as(() -> "messages at " + at + "\n" + net.trace()).isEqualTo(expected);
    }
  }

  private static void assertNothingIsKept(
      SimulatedPeer<Association, AssociationEvent> at, SimulatedNetwork net) {
    AssociationStatistics statistics = at.core().statistics();
    assertThat(statistics.heldReceiveBytes()).as(net::trace).isZero();
    assertThat(statistics.bufferedBytes()).as(net::trace).isZero();
    assertThat(statistics.flightBytes()).as(net::trace).isZero();
    assertThat(statistics.receiveWindowBytes())
        .as(net::trace)
        .isEqualTo(AssociationOptions.forDataChannels().receiveWindowBytes());
  }
}
