package dev.tautline.sctp;

import dev.tautline.sctp.AssociationEvent.MessageReceived;
import dev.tautline.sctp.scenario.Ladder;
import dev.tautline.testkit.SimulatedNetwork;
import dev.tautline.testkit.SimulatedPeer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Two associations, A and Z, on a simulated network. */
@SuppressWarnings("exports") // Public for the tests of other packages; nobody imports a test.
public final class SctpSim {
  public final SimulatedNetwork net;
  public final SimulatedPeer<Association, AssociationEvent> a;
  public final SimulatedPeer<Association, AssociationEvent> z;

  private SctpSim(SimulatedNetwork net, AssociationOptions forA, AssociationOptions forZ) {
    this.net = net.describePackets(PacketText::describe);
    Ladder.current()
        .ifPresent(
            ladder -> {
              int lane = ladder.addLane();
              net.watchFates((packet, fate) -> ladder.onNetwork(lane, packet, fate));
            });
    this.a = net.attach("A", random -> Association.create(forA, random));
    this.z = net.attach("Z", random -> Association.create(forZ, random));
  }

  public static SctpSim on(SimulatedNetwork net, AssociationOptions options) {
    return new SctpSim(net, options, options);
  }

  public static SctpSim on(SimulatedNetwork net, AssociationOptions forA, AssociationOptions forZ) {
    return new SctpSim(net, forA, forZ);
  }

  /** Opens the association from A's side. */
  public SctpSim connected() {
    a.core().connect(a.nowNanos());
    runUntilBothAre(AssociationPhase.ESTABLISHED, Duration.ofMinutes(10));
    return this;
  }

  /**
   * Data channels' settings for a path that loses 20 % and more: their limit of 30 s is for paths
   * that died, and at 40 % all INITs of 30 s are lost in one handshake of 200.
   */
  public static AssociationOptions patient() {
    return AssociationOptions.forDataChannels().toBuilder()
        .noAcknowledgementLimit(Optional.of(Duration.ofMinutes(3)))
        .build();
  }

  public void runUntilBothAre(AssociationPhase phase, Duration limit) {
    boolean reached =
        net.runUntil(() -> a.core().state() == phase && z.core().state() == phase, limit);
    if (!reached) {
      throw new AssertionError(
          "A is " + a.core().state() + ", Z is " + z.core().state() + "\n" + net.trace());
    }
  }

  public static SendResult send(
      SimulatedPeer<Association, AssociationEvent> from,
      int streamId,
      byte[] payload,
      SendOptions how) {
    return from.core().send(from.nowNanos(), streamId, 51, payload, 0, payload.length, how);
  }

  public static SendResult send(
      SimulatedPeer<Association, AssociationEvent> from, int streamId, String text) {
    return send(
        from, streamId, text.getBytes(StandardCharsets.UTF_8), SendOptions.RELIABLE_ORDERED);
  }

  public static List<String> texts(SimulatedPeer<Association, AssociationEvent> at) {
    var texts = new ArrayList<String>();
    for (MessageReceived message : at.events(MessageReceived.class)) {
      texts.add(new String(message.payload(), StandardCharsets.UTF_8));
    }
    return texts;
  }
}
