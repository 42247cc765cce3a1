package dev.tautline.sctp.association;

import dev.tautline.base.Backoff;
import dev.tautline.base.DropCounters;
import dev.tautline.base.HeapSize;
import dev.tautline.base.Timer;
import dev.tautline.sctp.AssociationEvent;
import dev.tautline.sctp.AssociationEvent.FailureReason;
import dev.tautline.sctp.AssociationEvent.Origin;
import dev.tautline.sctp.AssociationOptions;
import dev.tautline.sctp.DropReason;
import dev.tautline.sctp.association.AssociationState.Closed;
import dev.tautline.sctp.association.Outbox.Checksum;
import dev.tautline.sctp.packet.AbortChunk;
import dev.tautline.sctp.packet.ErrorCause;
import dev.tautline.sctp.packet.ErrorChunk;
import dev.tautline.sctp.packet.TagBit;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** What the procedures of one association share: the state, the time, what goes out. */
final class Context {
  private final AssociationOptions options;
  private final RandomGenerator random;
  private final Outbox outbox;
  private final DropCounters<DropReason> drops = new DropCounters<>(DropReason.class);
  private final ArrayDeque<AssociationEvent> events = new ArrayDeque<>();

  /** The option as nanoseconds: asked for with every deadline. */
  private final long limitNanos;

  /** Events of resets that wait to be taken. */
  private int pendingResets;

  private long pendingResetBytes;

  private AssociationState state = new Closed(Closed.Use.FRESH);

  /** What is done when the association ends. */
  private Runnable release = () -> {};

  /** What the last packet needs, and the statistics, after the end. */
  private @Nullable Tcb lastTcb;

  /** Stands still while the association is suspended: timers compare with it. */
  private long nowNanos;

  /** The caller's time, which never stands still: lifetimes of messages compare with it. */
  private long lifetimeNanos;

  Context(AssociationOptions options, RandomGenerator random) {
    this.options = options;
    this.random = random;
    this.outbox = new Outbox(options.limits().maxControlChunks());
    this.limitNanos =
        options.noAcknowledgementLimit().map(Duration::toNanos).orElse(Timer.NOT_RUNNING);
  }

  /** What of a peer's bytes is echoed in an error cause stays well below one packet. */
  int maxEchoedBytes() {
    return options.limits().maxEchoedBytes();
  }

  AssociationOptions options() {
    return options;
  }

  RandomGenerator random() {
    return random;
  }

  Outbox outbox() {
    return outbox;
  }

  DropCounters<DropReason> drops() {
    return drops;
  }

  AssociationState state() {
    return state;
  }

  @Nullable Tcb tcb() {
    return state.tcb();
  }

  /** The one place where the state changes. */
  void transitionTo(AssociationState next) {
    state = next;
  }

  void setTime(long now, long lifetimeNow) {
    nowNanos = now;
    lifetimeNanos = lifetimeNow;
  }

  long now() {
    return nowNanos;
  }

  long lifetimeNow() {
    return lifetimeNanos;
  }

  void emit(AssociationEvent event) {
    events.add(event);
    if (event instanceof AssociationEvent.IncomingStreamsReset reset) {
      pendingResets++;
      pendingResetBytes += memoryBytes(reset);
    }
  }

  @Nullable AssociationEvent pollEvent() {
    AssociationEvent event = events.poll();
    if (event instanceof AssociationEvent.IncomingStreamsReset reset) {
      pendingResets--;
      pendingResetBytes -= memoryBytes(reset);
    }
    return event;
  }

  private static long memoryBytes(AssociationEvent.IncomingStreamsReset reset) {
    List<Integer> streamIds = reset.streamIds();
    // The JDK keeps small integers for all.
    long boxed = streamIds.stream().filter(id -> id > Byte.MAX_VALUE).count();
    return 2 * HeapSize.ofObject(4)
        + HeapSize.ofReferences(streamIds.size())
        + boxed * HeapSize.ofObject(4);
  }

  /** What events take that wait, messages aside, which the receiver counts. */
  long eventBytes() {
    return pendingResetBytes;
  }

  /** Whether another reset of the peer's streams may be told to the user. */
  boolean takesReset() {
    return pendingResets < options.limits().maxPendingResets();
  }

  void drop(DropReason reason) {
    drops.count(reason);
  }

  int randomTag() {
    int tag;
    do {
      // RFC 9260 section 5.3.1: 1 to 2^32−1.
      tag = random.nextInt();
    } while (tag == 0);
    return tag;
  }

  /** A timer that backs off from the interval to RTO.Max. */
  Timer backingOffTimer(long intervalNanos) {
    return backingOffTimer(intervalNanos, options.rtoMax().toNanos());
  }

  /** T1-init or T1-cookie: backs off from RTO.Initial. */
  Timer t1Timer() {
    long maxNanos = Math.min(options.t1Max().toNanos(), options.rtoMax().toNanos());
    return backingOffTimer(options.rtoInitial().toNanos(), maxNanos);
  }

  private Timer backingOffTimer(long intervalNanos, long maxNanos) {
    var timer = new Timer(Backoff.doublingTo(maxNanos));
    timer.start(nowNanos, intervalNanos);
    return timer;
  }

  /** Whether what began at {@code startedNanos} has waited longer than the options allow. */
  boolean isBeyondLimit(long startedNanos) {
    return nowNanos >= limitFrom(startedNanos);
  }

  /** When what began then has waited long enough. */
  long limitFrom(long startedNanos) {
    return limitNanos == Timer.NOT_RUNNING ? limitNanos : startedNanos + limitNanos;
  }

  /** Reports an error that does not end the association. */
  void sendError(ErrorCause cause) {
    outbox.send(new ErrorChunk(List.of(cause)));
  }

  /** Ends the association with an ABORT to the peer. */
  void abort(ErrorCause cause, String detail) {
    Tcb tcb = state.tcb();
    outbox.clear();
    if (tcb != null) {
      outbox.sendAlone(
          tcb.peerTag(),
          Checksum.AS_NEGOTIATED,
          new AbortChunk(
              TagBit.RECEIVERS_TAG,
              List.of(new ErrorCause(cause.code(), cause.info().truncatedTo(maxEchoedBytes())))));
    }
    end(new AssociationEvent.Aborted(cause.code(), detail, Origin.LOCAL));
  }

  /** The peer broke the protocol. */
  void abortForViolation(String what) {
    abort(ErrorCause.of(ErrorCause.PROTOCOL_VIOLATION, what), what);
  }

  /** Ends the association because nobody answers. */
  void fail(FailureReason reason, String detail) {
    Tcb tcb = state.tcb();
    outbox.clear();
    if (tcb != null) {
      // RFC 9260 section 8.1 leaves it open; should only our direction be alive, the peer learns.
      outbox.sendAlone(
          tcb.peerTag(),
          Checksum.AS_NEGOTIATED,
          new AbortChunk(
              TagBit.RECEIVERS_TAG, List.of(ErrorCause.of(ErrorCause.PROTOCOL_VIOLATION, detail))));
    }
    end(new AssociationEvent.Failed(reason, detail));
  }

  /** Ends the association. */
  void end(AssociationEvent event) {
    lastTcb = state.tcb();
    transitionTo(new Closed(Closed.Use.ENDED));
    emit(event);
    release.run();
  }

  /** Says what to do when the association ends: let go of what it kept. */
  void whenEnded(Runnable action) {
    release = action;
  }

  @Nullable Tcb tcbOrLast() {
    Tcb tcb = state.tcb();
    return tcb != null ? tcb : lastTcb;
  }
}
