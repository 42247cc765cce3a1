package dev.tautline.sctp.scenario;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tautline.sctp.Association;
import dev.tautline.sctp.AssociationEvent;
import dev.tautline.sctp.AssociationEvent.Failed;
import dev.tautline.sctp.AssociationEvent.FailureReason;
import dev.tautline.sctp.AssociationEvent.IncomingStreamsReset;
import dev.tautline.sctp.AssociationEvent.MessageReceived;
import dev.tautline.sctp.AssociationEvent.OutgoingStreamsReset;
import dev.tautline.sctp.AssociationOptions;
import dev.tautline.sctp.AssociationPhase;
import dev.tautline.sctp.CongestionAlgorithm;
import dev.tautline.sctp.PacketText;
import dev.tautline.sctp.SctpSim;
import dev.tautline.sctp.SendOptions;
import dev.tautline.sctp.SendOptions.Ordering;
import dev.tautline.sctp.SendOptions.Reliability;
import dev.tautline.sctp.packet.Chunk;
import dev.tautline.sctp.packet.DataChunk;
import dev.tautline.sctp.packet.ForwardTsnChunk;
import dev.tautline.sctp.packet.ReconfigChunk;
import dev.tautline.sctp.packet.SackChunk;
import dev.tautline.testkit.Direction;
import dev.tautline.testkit.SimulatedNetwork;
import dev.tautline.testkit.SimulatedPacket;
import dev.tautline.testkit.SimulatedPeer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;

/** Two associations, 20 ms apart, and one packet or another that is lost or comes late. */
@Scenarios
class LostAndLateScenarioTest {
  private static final AssociationOptions RFC =
      AssociationOptions.rfc().toBuilder()
          .congestionAlgorithm(CongestionAlgorithm.RFC_9260)
          .build();
  private static final SendOptions ONCE =
      new SendOptions(Ordering.ORDERED, new Reliability.MaxRetransmits(0));

  private final SimulatedNetwork net =
      SimulatedNetwork.seeded(Seeds.of(1)).oneWayDelay(Duration.ofMillis(20));

  private SctpSim connected(AssociationOptions options) {
    return connected(options, options);
  }

  private SctpSim connected(AssociationOptions forA, AssociationOptions forZ) {
    SctpSim sim = SctpSim.on(net, forA, forZ).connected();
    net.runFor(Duration.ofSeconds(1));
    sim.a.clearEvents();
    sim.z.clearEvents();
    return sim;
  }

  private static Predicate<SimulatedPacket> with(Class<? extends Chunk> type) {
    return packet -> PacketText.has(packet.bytes(), type);
  }

  private void settle(SctpSim sim, long seconds) {
    net.runFor(Duration.ofSeconds(seconds));
    for (SimulatedPeer<Association, AssociationEvent> peer : List.of(sim.a, sim.z)) {
      var end = peer.core().statistics();
      assertThat(end.phase()).as(net::trace).isEqualTo(AssociationPhase.ESTABLISHED);
      assertThat(end.heldSendBytes()).as(net::trace).isZero();
      assertThat(end.flightBytes()).as(net::trace).isZero();
      assertThat(end.heldReceiveBytes()).as(net::trace).isZero();
      assertThat(end.receiveWindowBytes()).as(net::trace).isEqualTo(RFC.receiveWindowBytes());
    }
  }

  private static void sendKilobytes(SctpSim sim, int streamId, int kilobytes) {
    for (int i = 0; i < kilobytes; i++) {
      byte[] message = new byte[1100];
      message[0] = (byte) i;
      SctpSim.send(sim.a, streamId, message, SendOptions.RELIABLE_ORDERED);
    }
  }

  private static List<Integer> firstBytes(SimulatedPeer<Association, AssociationEvent> at) {
    return at.events(MessageReceived.class).stream().map(m -> (int) m.payload()[0]).toList();
  }

  // --- data and SACK ---

  @Test
  void aLostSackCostsADuplicate() {
    SctpSim sim = connected(RFC);
    net.dropNext(Direction.BACKWARD, with(SackChunk.class));
    SctpSim.send(sim.a, 1, "one");
    settle(sim, 5);

    assertThat(SctpSim.texts(sim.z)).containsExactly("one");
    assertThat(sim.z.core().statistics().duplicateChunksReceived()).isEqualTo(1);
  }

  @Test
  void aLostSackAmongManyCostsNothing() {
    SctpSim sim = connected(RFC);
    net.dropNext(Direction.BACKWARD, with(SackChunk.class));
    sendKilobytes(sim, 1, 8);
    settle(sim, 5);

    assertThat(firstBytes(sim.z)).containsExactly(0, 1, 2, 3, 4, 5, 6, 7);
    assertThat(sim.a.core().statistics().dataChunksRetransmitted()).isZero();
  }

  @Test
  void theLossOfTheFirstMessageDelaysItsStreamOnly() {
    SctpSim sim = connected(RFC);
    net.dropNext(Direction.FORWARD, with(DataChunk.class));
    SctpSim.send(sim.a, 1, "lost");
    net.runFor(Duration.ofMillis(1));
    SctpSim.send(sim.a, 1, "behind");
    SctpSim.send(sim.a, 2, "beside");
    net.runFor(Duration.ofMillis(100));
    assertThat(SctpSim.texts(sim.z)).containsExactly("beside");

    settle(sim, 5);
    assertThat(SctpSim.texts(sim.z)).containsExactly("beside", "lost", "behind");
  }

  @Test
  void anUnorderedMessageOvertakesTheLostOne() {
    SctpSim sim = connected(RFC);
    net.dropNext(Direction.FORWARD, with(DataChunk.class));
    SctpSim.send(sim.a, 1, "lost");
    net.runFor(Duration.ofMillis(1));
    byte[] hasty = "hasty".getBytes(StandardCharsets.UTF_8);
    SctpSim.send(sim.a, 1, hasty, SendOptions.RELIABLE_UNORDERED);
    settle(sim, 5);

    assertThat(SctpSim.texts(sim.z)).containsExactly("hasty", "lost");
  }

  @Test
  void aHoleInABurstIsFilledWithoutATimeout() {
    SctpSim sim = connected(RFC);
    net.dropNext(Direction.FORWARD, packet -> carriesFirstByte(packet, 2));
    sendKilobytes(sim, 1, 9);
    net.runFor(Duration.ofMillis(150));

    assertThat(firstBytes(sim.z)).containsExactly(0, 1, 2, 3, 4, 5, 6, 7, 8);
    assertThat(sim.a.core().statistics().timeouts()).isZero();
    settle(sim, 5);
  }

  private static boolean carriesFirstByte(SimulatedPacket packet, int first) {
    return PacketText.chunks(packet.bytes(), DataChunk.class).stream()
        .anyMatch(d -> d.payload().toByteArray()[0] == first);
  }

  @Test
  void aHoleWhoseFillingIsLostWaitsForTheTimer() {
    SctpSim sim = connected(RFC);
    net.dropNext(Direction.FORWARD, 2, packet -> carriesFirstByte(packet, 3));
    sendKilobytes(sim, 1, 10);
    settle(sim, 5);

    assertThat(firstBytes(sim.z)).containsExactly(0, 1, 2, 3, 4, 5, 6, 7, 8, 9);
    assertThat(sim.a.core().statistics().timeouts()).isEqualTo(1);
  }

  @Test
  void byTimeALostTailIsFoundWithoutATimeout() {
    AssociationOptions cubic =
        RFC.toBuilder().congestionAlgorithm(CongestionAlgorithm.CUBIC).build();
    SctpSim sim = connected(cubic);
    SctpSim.send(sim.a, 1, "measures the round trip");
    net.runFor(Duration.ofSeconds(1));
    sim.z.clearEvents();
    net.dropNext(Direction.FORWARD, packet -> carriesFirstByte(packet, 4));
    sendKilobytes(sim, 1, 5);
    settle(sim, 5);

    assertThat(firstBytes(sim.z)).containsExactly(0, 1, 2, 3, 4);
    assertThat(sim.a.core().statistics().timeouts()).isZero();
  }

  @Test
  void aPacketThatTwoOthersOvertakeIsNotSentAgain() {
    SctpSim sim = connected(RFC);
    net.delayNext(Direction.FORWARD, with(DataChunk.class), Duration.ofMillis(10));
    sendKilobytes(sim, 1, 3);
    settle(sim, 5);

    assertThat(firstBytes(sim.z)).containsExactly(0, 1, 2);
    assertThat(sim.a.core().statistics().dataChunksRetransmitted()).isZero();
  }

  @Test
  void anOriginalThatComesAfterItsRetransmissionIsDeliveredOnce() {
    SctpSim sim = connected(RFC);
    net.delayNext(Direction.FORWARD, with(DataChunk.class), Duration.ofSeconds(2));
    SctpSim.send(sim.a, 1, "late");
    settle(sim, 5);

    assertThat(SctpSim.texts(sim.z)).containsExactly("late");
    assertThat(sim.z.core().statistics().duplicateChunksReceived()).isEqualTo(1);
  }

  @Test
  void everyPacketTwiceIsEveryMessageOnce() {
    net.duplicate(1);
    SctpSim sim = connected(RFC);
    sendKilobytes(sim, 1, 6);
    settle(sim, 5);

    assertThat(firstBytes(sim.z)).containsExactly(0, 1, 2, 3, 4, 5);
  }

  @Test
  void afterAnOutageOfFiveSecondsAllArrives() {
    SctpSim sim = connected(RFC);
    net.dropAll(Direction.FORWARD, p -> true).dropAll(Direction.BACKWARD, p -> true);
    sendKilobytes(sim, 1, 4);
    net.runFor(Duration.ofSeconds(5));
    net.clearRules();
    settle(sim, 20);

    assertThat(firstBytes(sim.z)).containsExactly(0, 1, 2, 3);
  }

  @Test
  void withoutAWayBackForThreeSecondsAllIsDeliveredOnce() {
    SctpSim sim = connected(RFC);
    net.dropAll(Direction.BACKWARD, p -> true);
    sendKilobytes(sim, 1, 5);
    net.runFor(Duration.ofSeconds(3));
    net.clearRules();
    settle(sim, 20);

    assertThat(firstBytes(sim.z)).containsExactly(0, 1, 2, 3, 4);
  }

  @Test
  void anOutageOf30SecondsEndsADataChannelsAssociationOnBothSides() {
    AssociationOptions channel =
        AssociationOptions.forDataChannels().toBuilder()
            .congestionAlgorithm(CongestionAlgorithm.RFC_9260)
            .build();
    SctpSim sim = connected(channel);
    net.dropAll(Direction.BACKWARD, p -> true);
    SctpSim.send(sim.a, 1, "unheard");
    net.runFor(Duration.ofSeconds(31));

    assertThat(sim.a.events(Failed.class))
        .extracting(Failed::reason)
        .containsExactly(FailureReason.NO_ACKNOWLEDGEMENT);
    // The way to Z was open: the message came, and so did the ABORT.
    assertThat(SctpSim.texts(sim.z)).containsExactly("unheard");
    assertThat(sim.z.core().state()).isEqualTo(AssociationPhase.CLOSED);
  }

  // --- windows ---

  @Test
  void aLostWindowUpdateIsMadeUpForByProbes() {
    AssociationOptions manual = RFC.toBuilder().receiveWindowBytes(8_000).manualWindow().build();
    SctpSim sim = connected(RFC, manual);
    sendKilobytes(sim, 1, 12);
    net.runFor(Duration.ofSeconds(2));
    int first = sim.z.events(MessageReceived.class).size();
    assertThat(first).isBetween(4, 8);

    // The user reads; the SACK that tells of it is lost.
    net.dropNext(Direction.BACKWARD, with(SackChunk.class));
    sim.z.core().consumed(sim.z.nowNanos(), first, 1100L * first);
    net.schedule(
        Duration.ofSeconds(10),
        () -> {
          int rest = sim.z.events(MessageReceived.class).size() - first;
          sim.z.core().consumed(sim.z.nowNanos(), rest, 1100L * rest);
        });
    net.runFor(Duration.ofSeconds(60));

    assertThat(firstBytes(sim.z)).containsExactly(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11);
    assertThat(sim.a.core().statistics().heldSendBytes()).isZero();
  }

  // --- stream reset ---

  private static void reset(SimulatedPeer<Association, AssociationEvent> peer, int... streams) {
    peer.core().resetStreams(peer.nowNanos(), streams);
  }

  @Test
  void bothSidesResetAStreamAtOnceAndUseItAnew() {
    SctpSim sim = connected(RFC);
    SctpSim.send(sim.a, 1, "old A");
    SctpSim.send(sim.z, 1, "old Z");
    reset(sim.a, 1);
    reset(sim.z, 1);
    SctpSim.send(sim.a, 1, "new A");
    SctpSim.send(sim.z, 1, "new Z");
    settle(sim, 5);

    assertThat(SctpSim.texts(sim.z)).containsExactly("old A", "new A");
    assertThat(SctpSim.texts(sim.a)).containsExactly("old Z", "new Z");
    for (SimulatedPeer<Association, AssociationEvent> peer : List.of(sim.a, sim.z)) {
      assertThat(peer.events(OutgoingStreamsReset.class)).hasSize(1);
      assertThat(peer.events(IncomingStreamsReset.class)).hasSize(1);
    }
  }

  @Test
  void aLostResetRequestIsRepeated() {
    SctpSim sim = connected(RFC);
    net.dropNext(Direction.FORWARD, with(ReconfigChunk.class));
    reset(sim.a, 2);
    settle(sim, 5);

    assertThat(sim.z.events()).containsExactly(new IncomingStreamsReset(List.of(2)));
    assertThat(sim.a.events()).containsExactly(new OutgoingStreamsReset(List.of(2)));
  }

  @Test
  void aLostResetResponseIsGivenAgainAndTheResetNotRepeated() {
    SctpSim sim = connected(RFC);
    net.dropNext(Direction.BACKWARD, 2, with(ReconfigChunk.class));
    reset(sim.a, 3);
    SctpSim.send(sim.a, 3, "anew");
    settle(sim, 8);

    assertThat(sim.z.events(IncomingStreamsReset.class)).hasSize(1);
    assertThat(SctpSim.texts(sim.z)).containsExactly("anew");
  }

  @Test
  void aResetThatOvertakesDataOfAnotherStreamIsPutOff() {
    SctpSim sim = connected(RFC);
    net.delayNext(Direction.FORWARD, with(DataChunk.class), Duration.ofMillis(150));
    SctpSim.send(sim.a, 1, "slow");
    net.runFor(Duration.ofMillis(1));
    reset(sim.a, 2);
    net.runFor(Duration.ofMillis(100));
    assertThat(sim.z.events()).isEmpty();

    settle(sim, 5);
    assertThat(sim.z.events(IncomingStreamsReset.class)).hasSize(1);
    assertThat(sim.z.events().get(0)).isInstanceOf(MessageReceived.class);
  }

  @Test
  void theEventsOfTwoLivesOfAStreamComeInOrder() {
    SctpSim sim = connected(RFC);
    net.dropNext(Direction.FORWARD, with(DataChunk.class));
    SctpSim.send(sim.a, 4, "first life");
    reset(sim.a, 4);
    SctpSim.send(sim.a, 4, "second life");
    settle(sim, 5);

    assertThat(sim.z.events().stream().map(e -> e.getClass().getSimpleName()))
        .containsExactly("MessageReceived", "IncomingStreamsReset", "MessageReceived");
    assertThat(SctpSim.texts(sim.z)).containsExactly("first life", "second life");
  }

  // --- partial reliability ---

  private static void sendOnce(SctpSim sim, String text) {
    SctpSim.send(sim.a, 1, text.getBytes(StandardCharsets.UTF_8), ONCE);
  }

  @Test
  void aLostForwardTsnHoldsTheNextMessageOnlyUntilItIsRepeated() {
    SctpSim sim = connected(RFC);
    net.dropNext(Direction.FORWARD, with(DataChunk.class));
    net.dropNext(Direction.FORWARD, with(ForwardTsnChunk.class));
    sendOnce(sim, "lost");
    net.runFor(Duration.ofMillis(1));
    SctpSim.send(sim.a, 1, "kept");
    settle(sim, 10);

    assertThat(SctpSim.texts(sim.z)).containsExactly("kept");
    assertThat(sim.a.core().statistics().forwardTsnsSent()).isGreaterThanOrEqualTo(2);
  }

  @Test
  void aLostAcknowledgementOfForwardTsnBringsItAgain() {
    SctpSim sim = connected(RFC);
    net.dropNext(Direction.FORWARD, with(DataChunk.class));
    sendOnce(sim, "lost");
    net.dropNext(Direction.BACKWARD, with(SackChunk.class));
    settle(sim, 10);

    assertThat(sim.z.events()).isEmpty();
    assertThat(sim.a.core().statistics().forwardTsnsSent()).isEqualTo(2);
  }

  @Test
  void aGivenUpMessageThatComesAfterAllIsNotDelivered() {
    SctpSim sim = connected(RFC);
    net.delayNext(Direction.FORWARD, with(DataChunk.class), Duration.ofMillis(1500));
    sendOnce(sim, "too late");
    settle(sim, 10);

    assertThat(sim.z.events()).isEmpty();
    assertThat(sim.z.core().statistics().duplicateChunksReceived()).isEqualTo(1);
  }

  @Test
  void ofAFeedOnlyWhatIsFreshComesAfterAnOutage() {
    SctpSim sim = connected(RFC);
    var fresh =
        new SendOptions(
            Ordering.ORDERED, new Reliability.MaxLifetime(Duration.ofMillis(300).toNanos()));
    net.dropAll(Direction.FORWARD, p -> true);
    for (int i = 0; i < 30; i++) {
      byte[] sample = {(byte) i};
      net.schedule(Duration.ofMillis(100L * i), () -> SctpSim.send(sim.a, 1, sample, fresh));
    }
    net.runFor(Duration.ofMillis(2050));
    net.clearRules();
    settle(sim, 10);

    List<Integer> samples = firstBytes(sim.z);
    assertThat(samples).isSorted().doesNotHaveDuplicates().contains(29);
    assertThat(samples).allSatisfy(i -> assertThat(i).isGreaterThanOrEqualTo(15));
  }

  // --- interleaving ---

  private List<Integer> orderOfALongAndAShortMessage(AssociationOptions options) {
    SctpSim sim = connected(options);
    SctpSim.send(sim.a, 1, new byte[200_000], SendOptions.RELIABLE_ORDERED);
    net.runFor(Duration.ofMillis(30));
    SctpSim.send(sim.a, 2, new byte[10], SendOptions.RELIABLE_ORDERED);
    settle(sim, 10);
    return sim.z.events(MessageReceived.class).stream().map(MessageReceived::streamId).toList();
  }

  @Test
  void withDataAShortMessageOvertakesTheLongOneThatHasBegunByItsTsns() {
    assertThat(orderOfALongAndAShortMessage(RFC)).containsExactly(2, 1);
  }

  @Test
  void withIDataAShortMessageOvertakesTheLongOneThatHasBegun() {
    AssociationOptions mixing = RFC.toBuilder().interleaving(true).build();

    assertThat(orderOfALongAndAShortMessage(mixing)).containsExactly(2, 1);
  }
}
