package dev.tautline.sctp.schedule;

import dev.tautline.sctp.Association;
import dev.tautline.sctp.AssociationEvent;
import dev.tautline.sctp.AssociationEvent.Aborted;
import dev.tautline.sctp.AssociationEvent.Failed;
import dev.tautline.sctp.AssociationEvent.IncomingStreamsReset;
import dev.tautline.sctp.AssociationEvent.MessageReceived;
import dev.tautline.sctp.AssociationEvent.OutgoingStreamsReset;
import dev.tautline.sctp.AssociationEvent.Restarted;
import dev.tautline.sctp.AssociationEvent.SendSpaceAvailable;
import dev.tautline.sctp.AssociationEvent.ShutdownComplete;
import dev.tautline.sctp.AssociationEvent.StreamsResetFailed;
import dev.tautline.sctp.AssociationOptions.WindowMode;
import dev.tautline.sctp.AssociationPhase;
import dev.tautline.sctp.AssociationStatistics;
import dev.tautline.sctp.SendOptions.Ordering;
import dev.tautline.sctp.SendOptions.Reliability.Reliable;
import dev.tautline.sctp.SendResult;
import dev.tautline.sctp.schedule.Schedule.Act;
import dev.tautline.testkit.SimulatedNetwork;
import dev.tautline.testkit.SimulatedPeer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The application on one side: does what the schedule says, and holds what arrives against what the
 * other side sent.
 */
final class Application {
  /** A message that was accepted, in the order of its stream. */
  private static final class Sent {
    private static final int SHORT_BYTES = 400;

    final Act.Send act;
    final int generation;
    final int position;
    final boolean reliable;

    /** How many resets of the other side's stream were performed here before this was sent. */
    final int resetsPerformed;

    boolean arrived;

    Sent(Act.Send act, int generation, int position, boolean reliable, int resetsPerformed) {
      this.act = act;
      this.generation = generation;
      this.position = position;
      this.reliable = reliable;
      this.resetsPerformed = resetsPerformed;
    }

    /** Whether it goes in a packet that has room for the answer to a reset besides. */
    boolean isShort() {
      return act.bytes() <= SHORT_BYTES;
    }

    boolean isOrdered() {
      return act.how().ordering() == Ordering.ORDERED;
    }
  }

  /** What was sent on one stream, and how far the other side has got. */
  private static final class Stream {
    final List<Sent> messages = new ArrayList<>();
    boolean resetting;

    /** How often it was reset: by us, and as the other side saw it. */
    int generation;

    int generationSeen;

    /** All messages of the stream before this one were looked at by the other side. */
    int lookedAt;

    int lastOrdered = -1;
  }

  private final SimulatedNetwork net;
  private final SimulatedPeer<Sealed, AssociationEvent> peer;
  private final Schedule.Side side;
  private final boolean mayGiveUp;
  private final ArrayDeque<Act> backlog = new ArrayDeque<>();
  private final Map<Integer, Stream> streams = new HashMap<>();
  private final Map<Integer, Sent> sentByNumber = new HashMap<>();
  private @Nullable Application other;
  private int actsToCome;
  private int pendingResets;
  private int unread;
  private int reliableUnderWay;
  private @Nullable AssociationEvent end;
  private boolean established;

  long messagesArrived;
  long bytesArrived;
  long resets;
  long givenUp;

  Application(
      SimulatedNetwork net,
      SimulatedPeer<Sealed, AssociationEvent> peer,
      Schedule.Side side,
      boolean mayGiveUp) {
    this.net = net;
    this.peer = peer;
    this.side = side;
    this.mayGiveUp = mayGiveUp;
    peer.onEvent(this::happened);
    actsToCome = side.acts().size();
    for (Act act : side.acts()) {
      net.schedule(Duration.ofNanos(act.atNanos()), () -> due(act));
    }
  }

  void connectTo(Application otherSide) {
    other = otherSide;
  }

  Association association() {
    return peer.core().association;
  }

  AssociationStatistics statistics() {
    return association().statistics();
  }

  // --- acts ---

  private void due(Act act) {
    actsToCome--;
    backlog.add(act);
    work();
  }

  private void work() {
    while (!backlog.isEmpty() && perform(backlog.element())) {
      backlog.remove();
    }
  }

  /** Returns whether it is done; otherwise it waits for room. */
  private boolean perform(Act act) {
    if (act instanceof Act.Send send) {
      return send(send);
    }
    if (act instanceof Act.Reset reset) {
      reset(reset.streamId());
    } else if (act instanceof Act.Prioritise prioritise) {
      association().setStreamPriority(prioritise.streamId(), prioritise.priority());
    }
    return true;
  }

  private boolean send(Act.Send act) {
    byte[] payload = payloadOf(act);
    SendResult result =
        association()
            .send(
                peer.nowNanos(),
                act.streamId(),
                act.number(),
                payload,
                0,
                payload.length,
                act.how());
    switch (result) {
      case ACCEPTED -> {
        Stream stream = streams.computeIfAbsent(act.streamId(), id -> new Stream());
        boolean reliable = !mayGiveUp || act.how().reliability() instanceof Reliable;
        var sent =
            new Sent(
                act,
                stream.generation,
                stream.messages.size(),
                reliable,
                otherSide().resetsSeen(act.streamId()));
        stream.messages.add(sent);
        sentByNumber.put(act.number(), sent);
        reliableUnderWay += reliable ? 1 : 0;
        return true;
      }
      case BUFFER_FULL -> {
        return false;
      }
      case CLOSED -> {
        return true;
      }
      case TOO_LARGE, UNKNOWN_STREAM, EMPTY ->
          throw new AssertionError(peer.name() + " could not send: " + result + " for " + act);
    }
    throw new AssertionError(result);
  }

  private void reset(int streamId) {
    Stream stream = streams.computeIfAbsent(streamId, id -> new Stream());
    AssociationPhase phase = association().state();
    if (stream.resetting || phase != AssociationPhase.ESTABLISHED) {
      return;
    }
    stream.resetting = true;
    stream.generation++;
    pendingResets++;
    association().resetStreams(peer.nowNanos(), new int[] {streamId});
  }

  private static byte[] payloadOf(Act.Send act) {
    byte[] payload = new byte[act.bytes()];
    for (int i = 0; i < payload.length; i++) {
      payload[i] = (byte) (act.number() * 31 + i * 7 + (i >> 8));
    }
    return payload;
  }

  // --- events ---

  private void happened(AssociationEvent event) {
    if (event instanceof MessageReceived message) {
      arrived(message);
    } else if (event instanceof AssociationEvent.Established) {
      check(!established, "established twice");
      established = true;
    } else if (event instanceof IncomingStreamsReset reset) {
      for (int streamId : reset.streamIds()) {
        otherSide().resetSeen(streamId);
      }
    } else if (event instanceof OutgoingStreamsReset reset) {
      for (int streamId : reset.streamIds()) {
        resetDone(streamId);
      }
    } else if (event instanceof SendSpaceAvailable) {
      work();
    } else if (event instanceof StreamsResetFailed || event instanceof Restarted) {
      throw new AssertionError(peer.name() + " was told " + event);
    } else if (event instanceof Aborted
        || event instanceof Failed
        || event instanceof ShutdownComplete) {
      check(end == null, "ended twice: " + end + ", then " + event);
      end = event;
    }
  }

  private void arrived(MessageReceived message) {
    check(established, "a message before the association was established");
    otherSide().arrivedThere(message);
    messagesArrived++;
    bytesArrived += message.payload().length;
    if (side.options().windowMode() == WindowMode.MANUAL) {
      unread++;
      int bytes = message.payload().length;
      net.schedule(
          Duration.ofNanos(side.readDelayNanos()),
          () -> {
            unread--;
            association().consumed(peer.nowNanos(), bytes);
          });
    }
  }

  /** What this side sent has arrived at the other. */
  private void arrivedThere(MessageReceived message) {
    Sent sent = sentByNumber.get(message.ppid());
    if (sent == null) {
      throw new AssertionError("a message arrived that " + peer.name() + " never sent: " + message);
    }
    check(!sent.arrived, "arrived twice: " + sent.act);
    check(message.streamId() == sent.act.streamId(), "on stream " + message.streamId());
    check(
        Arrays.equals(message.payload(), payloadOf(sent.act)),
        "arrived with other bytes: " + sent.act);
    sent.arrived = true;
    reliableUnderWay -= sent.reliable ? 1 : 0;
    Stream stream = stream(message.streamId());
    check(sent.generation == stream.generationSeen, "on the wrong side of a reset: " + sent.act);
    if (sent.isOrdered()) {
      if (sent.isShort() && isFirstOrdered(stream, sent)) {
        check(
            otherSide().resetsAnswered(message.streamId()) >= sent.resetsPerformed,
            "arrived before the answer to the reset that it follows: " + sent.act);
      }
      check(sent.position > stream.lastOrdered, "out of order: " + sent.act);
      for (int i = stream.lastOrdered + 1; i < sent.position; i++) {
        Sent before = stream.messages.get(i);
        check(
            before.arrived || !before.reliable || !before.isOrdered(),
            "arrived before " + before.act + ": " + sent.act);
      }
      stream.lastOrdered = sent.position;
    }
  }

  /** Whether it is the first of its generation and order. */
  private static boolean isFirstOrdered(Stream stream, Sent sent) {
    for (int i = sent.position - 1; i >= 0; i--) {
      Sent before = stream.messages.get(i);
      if (before.generation != sent.generation) {
        return true;
      }
      if (before.isOrdered()) {
        return false;
      }
    }
    return true;
  }

  /** How many of our resets of a stream the other side has performed. */
  private int resetsSeen(int streamId) {
    Stream stream = streams.get(streamId);
    return stream == null ? 0 : stream.generationSeen;
  }

  /** Of how many of them we have the answer. */
  private int resetsAnswered(int streamId) {
    Stream stream = streams.get(streamId);
    return stream == null ? 0 : stream.generation - (stream.resetting ? 1 : 0);
  }

  /** The other side saw a reset of ours: all reliable messages before it are there. */
  private void resetSeen(int streamId) {
    Stream stream = stream(streamId);
    check(stream.resetting, "a reset that was not asked for, of stream " + streamId);
    check(stream.generationSeen < stream.generation, "a reset twice, of stream " + streamId);
    for (; stream.lookedAt < stream.messages.size(); stream.lookedAt++) {
      Sent sent = stream.messages.get(stream.lookedAt);
      if (sent.generation != stream.generationSeen) {
        break;
      }
      check(sent.arrived || !sent.reliable, "reset before its arrival: " + sent.act);
    }
    stream.generationSeen++;
  }

  private void resetDone(int streamId) {
    Stream stream = stream(streamId);
    check(stream.resetting, "an answer without a reset, of stream " + streamId);
    check(stream.generationSeen == stream.generation, "an answer before the reset");
    stream.resetting = false;
    pendingResets--;
    resets++;
  }

  // --- what can be asked ---

  /** Whether all was done that the schedule says, and has arrived. */
  boolean isDone() {
    return actsToCome == 0
        && backlog.isEmpty()
        && pendingResets == 0
        && unread == 0
        && reliableUnderWay == 0;
  }

  int unread() {
    return unread;
  }

  boolean isEstablished() {
    return established;
  }

  @Nullable AssociationEvent end() {
    return end;
  }

  /** Checks that every reliable message that was accepted has arrived, and counts the others. */
  void checkAllArrived() {
    for (Sent sent : sentByNumber.values()) {
      check(sent.arrived || !sent.reliable, "never arrived: " + sent.act);
      givenUp += sent.arrived ? 0 : 1;
    }
  }

  /** Checks that nothing is kept on this side any more. */
  void checkNothingIsKept() {
    AssociationStatistics now = statistics();
    check(now.heldSendBytes() == 0, "still holds to send: " + now);
    check(now.bufferedBytes() == 0, "still buffers: " + now);
    check(now.flightBytes() == 0, "still in flight: " + now);
    check(now.heldReceiveBytes() == 0, "still holds of what came: " + now);
    check(
        now.receiveWindowBytes() == side.options().receiveWindowBytes(),
        "the window is not open again: " + now);
  }

  boolean keepsNothing() {
    AssociationStatistics now = statistics();
    return now.heldSendBytes() == 0 && now.heldReceiveBytes() == 0 && now.flightBytes() == 0;
  }

  String describe() {
    return peer.name()
        + " is "
        + association().state()
        + ", acts to come "
        + actsToCome
        + ", waiting for room "
        + backlog.size()
        + ", resets pending "
        + pendingResets
        + ", unread "
        + unread
        + ", reliable messages under way "
        + reliableUnderWay
        + ", end "
        + end
        + "\n  "
        + statistics();
  }

  private Application otherSide() {
    if (other == null) {
      throw new IllegalStateException("not connected");
    }
    return other;
  }

  private Stream stream(int streamId) {
    Stream stream = streams.get(streamId);
    if (stream == null) {
      throw new AssertionError("stream " + streamId + " was never used by " + peer.name());
    }
    return stream;
  }

  private void check(boolean holds, String complaint) {
    if (!holds) {
      throw new AssertionError(peer.name() + ": " + complaint);
    }
  }
}
