package dev.tautline.sctp;

import dev.tautline.sctp.AssociationEvent.BufferedAmountChanged;
import dev.tautline.sctp.AssociationEvent.MessageReceived;
import dev.tautline.testkit.SimulatedNetwork;
import dev.tautline.testkit.SimulatedPeer;
import java.time.Duration;

/** One association whose A side sends as fast as it may. */
final class BulkFlow {
  private static final int MESSAGE_BYTES = 64 << 10;
  private static final long KEPT_WAITING = 4L << 20;
  private static final byte[] MESSAGE = new byte[MESSAGE_BYTES];

  private final SimulatedNetwork net;
  private final SimulatedPeer<Association, AssociationEvent> a;
  private final SimulatedPeer<Association, AssociationEvent> z;
  private long received;

  BulkFlow(SimulatedNetwork net, CongestionAlgorithm algorithm) {
    this(
        net,
        AssociationOptions.forDataChannels().toBuilder().congestionAlgorithm(algorithm).build());
  }

  BulkFlow(SimulatedNetwork net, AssociationOptions options) {
    this.net = net.tracePackets(0);
    a = net.attach("A", random -> Association.create(options, random));
    z = net.attach("Z", random -> Association.create(options, random));
    a.onEvent(
        event -> {
          if (event instanceof BufferedAmountChanged) {
            refill();
          }
        });
    z.onEvent(
        event -> {
          if (event instanceof MessageReceived message) {
            received += message.payload().length;
          }
        });
  }

  /** Opens the association and begins to send. */
  BulkFlow start() {
    a.core().connect(a.nowNanos());
    boolean up =
        net.runUntil(
            () ->
                a.core().state() == AssociationPhase.ESTABLISHED
                    && z.core().state() == AssociationPhase.ESTABLISHED,
            Duration.ofSeconds(60));
    if (!up) {
      throw new AssertionError("no association\n" + net.trace());
    }
    refill();
    return this;
  }

  private void refill() {
    while (a.core().bufferedAmount() < KEPT_WAITING) {
      SendResult result =
          a.core()
              .send(a.nowNanos(), 0, 53, MESSAGE, 0, MESSAGE_BYTES, SendOptions.RELIABLE_ORDERED);
      if (result != SendResult.ACCEPTED) {
        return;
      }
    }
  }

  /** Payload bytes per second delivered at Z in this span from now on. */
  double goodput(Duration span) {
    long before = received;
    net.runFor(span);
    return (received - before) * 1e9 / span.toNanos();
  }

  /** Payload bytes delivered so far. */
  long received() {
    return received;
  }

  AssociationStatistics statistics() {
    return a.core().statistics();
  }
}
