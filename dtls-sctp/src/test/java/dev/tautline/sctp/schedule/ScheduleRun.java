package dev.tautline.sctp.schedule;

import dev.tautline.sctp.Association;
import dev.tautline.sctp.AssociationEvent;
import dev.tautline.sctp.AssociationEvent.Aborted;
import dev.tautline.sctp.AssociationEvent.Failed;
import dev.tautline.sctp.AssociationEvent.FailureReason;
import dev.tautline.sctp.AssociationEvent.ShutdownComplete;
import dev.tautline.sctp.AssociationPhase;
import dev.tautline.sctp.PacketText;
import dev.tautline.sctp.schedule.Schedule.End;
import dev.tautline.sctp.schedule.Schedule.Ender;
import dev.tautline.testkit.Direction;
import dev.tautline.testkit.SimulatedNetwork;
import dev.tautline.testkit.SimulatedPeer;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Runs one {@link Schedule} in virtual time and checks it. */
final class ScheduleRun {
  private static final Duration LIMIT = Duration.ofHours(4);
  private static final Duration END_LIMIT = Duration.ofMinutes(20);

  /** What a run counted. */
  record Figures(
      long messages,
      long bytes,
      long givenUp,
      long packets,
      long packetsLost,
      long resets,
      long shutdowns,
      long aborts,
      double virtualSeconds) {
    static final Figures NONE = new Figures(0, 0, 0, 0, 0, 0, 0, 0, 0);

    Figures plus(Figures other) {
      return new Figures(
          messages + other.messages,
          bytes + other.bytes,
          givenUp + other.givenUp,
          packets + other.packets,
          packetsLost + other.packetsLost,
          resets + other.resets,
          shutdowns + other.shutdowns,
          aborts + other.aborts,
          virtualSeconds + other.virtualSeconds);
    }
  }

  private final Schedule schedule;
  private final SimulatedNetwork net;
  private final SimulatedPeer<Sealed, AssociationEvent> peerA;
  private final SimulatedPeer<Sealed, AssociationEvent> peerZ;
  private final Application a;
  private final Application z;

  /** Whether the end that the schedule says came before both sides were ready for it. */
  private boolean endedEarly;

  private boolean endCalled;

  private ScheduleRun(Schedule schedule) {
    this.schedule = schedule;
    net =
        SimulatedNetwork.seeded(schedule.seed)
            .describePackets(this::describe)
            .oneWayDelay(Duration.ofNanos(schedule.oneWayNanos))
            .jitter(Duration.ofNanos(schedule.jitterNanos))
            .loss(schedule.loss)
            .reorder(schedule.reordering, schedule.heldBack())
            .duplicate(schedule.duplication)
            .corrupt(schedule.bitFlips)
            .bottleneck(schedule.bitsPerSecond, schedule.queueBytes);
    if (schedule.outageNanos > 0) {
      long from = schedule.outageFromNanos;
      net.outage(Duration.ofNanos(from), Duration.ofNanos(from + schedule.outageNanos));
    }
    peerA = attach("A", schedule.a);
    peerZ = attach("Z", schedule.z);
    boolean mayGiveUp = schedule.isPartiallyReliable();
    a = new Application(net, peerA, schedule.a, mayGiveUp);
    z = new Application(net, peerZ, schedule.z, mayGiveUp);
    a.connectTo(z);
    z.connectTo(a);
  }

  private SimulatedPeer<Sealed, AssociationEvent> attach(String name, Schedule.Side side) {
    return net.attach(
        name, random -> new Sealed(Association.create(side.options(), random), schedule.below()));
  }

  private String describe(byte[] packet) {
    boolean sealed = schedule.below() == Sealed.Below.SEALED;
    return PacketText.describe(
        sealed ? Arrays.copyOf(packet, packet.length - Sealed.SEAL_BYTES) : packet);
  }

  /**
   * Runs a schedule.
   *
   * @throws AssertionError if something is not as it should be, with the seed and the last packets
   */
  static Figures run(long seed) {
    var run = new ScheduleRun(Schedule.of(seed));
    try {
      return run.run();
    } catch (AssertionError | RuntimeException e) {
      throw new AssertionError(
          "seed "
              + seed
              + ": "
              + e
              + "\n"
              + run.schedule
              + "\n"
              + run.a.describe()
              + "\n"
              + run.z.describe()
              + "\n"
              + run.net.trace(),
          e);
    }
  }

  private Figures run() {
    peerA.core().association.connect(0);
    if (schedule.bothConnect) {
      peerZ.core().association.connect(0);
    }
    if (schedule.pathChangeNanos >= 0) {
      net.schedule(Duration.ofNanos(schedule.pathChangeNanos), this::changePath);
    }
    if (schedule.end != End.SHUTDOWN_WHEN_DONE) {
      net.schedule(Duration.ofNanos(schedule.endNanos), this::endNow);
      awaitEnd(LIMIT);
      return figures();
    }
    boolean done =
        net.runUntil(
            () ->
                isEnded(a)
                    || isEnded(z)
                    || a.isDone() && z.isDone() && a.keepsNothing() && z.keepsNothing(),
            LIMIT);
    require(done, "stalled");
    require(!isEnded(a) && !isEnded(z), "ended by itself");
    checkDelivery();
    endNow();
    awaitEnd(END_LIMIT);
    return figures();
  }

  private static boolean isEnded(Application side) {
    return side.end() != null;
  }

  private void changePath() {
    for (SimulatedPeer<Sealed, AssociationEvent> peer : List.of(peerA, peerZ)) {
      peer.core().association.pathChanged(peer.nowNanos());
    }
  }

  private void endNow() {
    endCalled = true;
    if (schedule.ender != Ender.Z) {
      end(peerA, a);
    }
    if (schedule.ender != Ender.A) {
      end(peerZ, z);
    }
  }

  private void end(SimulatedPeer<Sealed, AssociationEvent> peer, Application side) {
    Association association = peer.core().association;
    // Before a side is established it has exchanged nothing, and ends without a word.
    endedEarly |= !side.isEstablished();
    if (schedule.end == End.ABORT_MIDWAY) {
      association.abort(peer.nowNanos(), "the schedule says so");
    } else {
      association.shutdown(peer.nowNanos());
    }
  }

  private void awaitEnd(Duration limit) {
    boolean ended =
        net.runUntil(
            () -> endCalled && isOver(a) && isOver(z) && a.unread() + z.unread() == 0, limit);
    require(ended, "does not end");
    for (SimulatedPeer<Sealed, AssociationEvent> peer : List.of(peerA, peerZ)) {
      // Ends one that still waits for a peer which ended before it said anything.
      peer.core().association.abort(peer.nowNanos(), "the other side ended first");
    }
    net.runUntil(() -> isEnded(a) && isEnded(z), END_LIMIT);
    boolean inOrder = schedule.end != End.ABORT_MIDWAY && !endedEarly;
    checkEnd(a, inOrder);
    checkEnd(z, inOrder);
    checkDelivery();
  }

  /** A side that was never asked for anything need not hear of the end. */
  private static boolean isOver(Application side) {
    return isEnded(side)
        || !side.isEstablished() && side.association().state() == AssociationPhase.CLOSED;
  }

  private void checkEnd(Application side, boolean inOrder) {
    AssociationEvent end = side.end();
    if (!inOrder || end instanceof ShutdownComplete || isUnansweredShutdown(end)) {
      return;
    }
    // Whoever gave up waiting for the last words sends an ABORT.
    boolean otherGaveUp = isUnansweredShutdown(side == a ? z.end() : a.end());
    require(otherGaveUp && end instanceof Aborted, "ended with " + end);
  }

  private static boolean isUnansweredShutdown(@Nullable AssociationEvent end) {
    return end instanceof Failed failed && failed.reason() == FailureReason.SHUTDOWN_UNANSWERED;
  }

  private void checkDelivery() {
    a.checkNothingIsKept();
    z.checkNothingIsKept();
    if (schedule.end != End.ABORT_MIDWAY && !endedEarly) {
      a.checkAllArrived();
      z.checkAllArrived();
    }
  }

  private Figures figures() {
    long packets = 0;
    long lost = 0;
    for (Direction direction : Direction.values()) {
      packets += net.statistics(direction).sentPackets();
      lost += net.statistics(direction).lostPackets();
    }
    return new Figures(
        a.messagesArrived + z.messagesArrived,
        a.bytesArrived + z.bytesArrived,
        a.givenUp + z.givenUp,
        packets,
        lost,
        a.resets + z.resets,
        schedule.end == End.ABORT_MIDWAY ? 0 : 1,
        schedule.end == End.ABORT_MIDWAY ? 1 : 0,
        net.nowNanos() / 1e9);
  }

  private static void require(boolean holds, String complaint) {
    if (!holds) {
      throw new AssertionError(complaint);
    }
  }
}
