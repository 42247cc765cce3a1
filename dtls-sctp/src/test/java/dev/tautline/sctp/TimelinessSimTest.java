package dev.tautline.sctp;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tautline.sctp.AssociationEvent.MessageReceived;
import dev.tautline.sctp.SendOptions.Ordering;
import dev.tautline.sctp.SendOptions.Reliability;
import dev.tautline.sctp.scenario.Scenarios;
import dev.tautline.sctp.scenario.Seeds;
import dev.tautline.testkit.SimulatedNetwork;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Many short messages that are sent once, over a path of 100 ms there and back that loses 5 %. */
@Scenarios
class TimelinessSimTest {
  private static final int RELIABLE = 0;
  private static final int ONCE = 1;

  @ParameterizedTest
  @CsvSource({
    "ORDERED, 250, 0, 160",
    "ORDERED, 1000, 0, 200",
    "UNORDERED, 1000, 0, 60",
    "ORDERED, 200, 50, 200"
  })
  void comeInTimeAlthoughManyAreLost(
      Ordering ordering, int perSecond, int oneOfSoManyIsReliable, int medianMillis) {
    var net = SimulatedNetwork.seeded(Seeds.of(perSecond)).oneWayDelay(Duration.ofMillis(50));
    var sim = SctpSim.on(net, AssociationOptions.forDataChannels()).connected();
    var late = List.of(new ArrayList<Long>(), new ArrayList<Long>());
    sim.z.onEvent(
        event -> {
          if (event instanceof MessageReceived message) {
            long sent = ByteBuffer.wrap(message.payload()).getLong();
            late.get(message.streamId()).add((sim.z.nowNanos() - sent) / 1_000_000);
          }
        });
    var once = new SendOptions(ordering, new Reliability.MaxRetransmits(0));
    int count = 10 * perSecond;
    int reliable = oneOfSoManyIsReliable == 0 ? 0 : count / oneOfSoManyIsReliable;
    net.loss(0.05);
    for (int i = 0; i < count; i++) {
      boolean isReliable = oneOfSoManyIsReliable > 0 && i % oneOfSoManyIsReliable == 0;
      int stream = isReliable ? RELIABLE : ONCE;
      SendOptions how = isReliable ? SendOptions.RELIABLE_ORDERED : once;
      net.schedule(
          Duration.ofNanos(i * 1_000_000_000L / perSecond),
          () -> {
            byte[] message = ByteBuffer.allocate(100).putLong(0, sim.a.nowNanos()).array();
            SctpSim.send(sim.a, stream, message, how);
          });
    }
    net.runFor(Duration.ofSeconds(10));
    boolean drained =
        net.runUntil(() -> sim.a.core().statistics().heldSendBytes() == 0, Duration.ofSeconds(2));

    assertThat(drained).as("all is acknowledged or given up").isTrue();
    assertThat(late.get(RELIABLE)).hasSize(reliable);
    assertThat(late.get(ONCE)).hasSizeBetween((count - reliable) * 9 / 10, count - reliable - 1);
    List<Long> sorted = late.get(ONCE).stream().sorted().toList();
    assertThat(sorted.get(sorted.size() / 2)).as("ms, the median").isLessThan(medianMillis);
    assertThat(sorted.get(sorted.size() * 99 / 100)).as("ms, 99 %").isLessThan(500);
  }
}
