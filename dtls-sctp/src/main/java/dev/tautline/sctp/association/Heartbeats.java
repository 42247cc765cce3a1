package dev.tautline.sctp.association;

import dev.tautline.base.Backoff;
import dev.tautline.base.Timer;
import dev.tautline.base.WireWriter;
import dev.tautline.sctp.DropReason;
import dev.tautline.sctp.packet.HeartbeatAckChunk;
import dev.tautline.sctp.packet.HeartbeatChunk;
import dev.tautline.sctp.packet.Octets;
import dev.tautline.sctp.packet.Parameter;

/** Heartbeats on an idle path, RFC 9260 section 8.3. */
final class Heartbeats {
  /** No heartbeat is on its way. */
  private static final long NONE = 0;

  private final Context context;
  private final long intervalNanos;
  private final Timer timer = new Timer(Backoff.none());
  private long nonce = NONE;

  /** Whether neither the last heartbeat nor data sent since was answered. */
  private boolean unanswered;

  /** When data was last sent or acknowledged. */
  private long usedNanos;

  Heartbeats(Context context) {
    this.context = context;
    this.intervalNanos = context.options().heartbeatInterval().toNanos();
  }

  void start(long rtoNanos) {
    usedNanos = context.now();
    if (intervalNanos > 0) {
      timer.start(context.now(), intervalNanos + jittered(rtoNanos));
    }
  }

  /** "RTO … with jittering of +/- 50%". */
  private long jittered(long rtoNanos) {
    return rtoNanos / 2 + context.random().nextLong(rtoNanos + 1);
  }

  /** Data was sent: the path is not idle. */
  void pathUsed() {
    // Only noted: the timer looks at it when it is due, instead of being restarted per packet.
    usedNanos = context.now();
  }

  /** Data was acknowledged: that answers a heartbeat as well. */
  void pathAnswered() {
    usedNanos = context.now();
    unanswered = false;
  }

  long deadlineNanos() {
    return timer.deadlineNanos();
  }

  /** What the timer found. */
  enum Outcome {
    /** Nothing to count. */
    NOTHING,
    /** The last heartbeat got no answer: an error of the path. */
    UNANSWERED
  }

  Outcome advanceTo(long currentRtoNanos) {
    long now = context.now();
    if (!timer.expire(now)) {
      return Outcome.NOTHING;
    }
    long dueNanos = usedNanos + intervalNanos;
    if (!unanswered && dueNanos > now) {
      timer.start(now, dueNanos - now);
      return Outcome.NOTHING;
    }
    Outcome outcome = unanswered ? Outcome.UNANSWERED : Outcome.NOTHING;
    send();
    unanswered = true;
    timer.start(now, intervalNanos + jittered(currentRtoNanos));
    return outcome;
  }

  private void send() {
    do {
      nonce = context.random().nextLong();
    } while (nonce == NONE);
    // The receiver sends the parameter back unread; the nonce proves that it got it.
    var info =
        new Parameter(
            Parameter.HEARTBEAT_INFO, Octets.copyOf(new WireWriter(8).u64(nonce).array()));
    context.outbox().send(new HeartbeatChunk(info.toOctets()));
  }

  /** Answers a heartbeat. */
  void received(HeartbeatChunk chunk) {
    if (chunk.paddedLength() > context.options().maxPacketBytes() / 2) {
      context.drop(DropReason.MALFORMED_CHUNK);
      return;
    }
    context.outbox().send(new HeartbeatAckChunk(chunk.info()));
  }

  /** Whether the answer is to our heartbeat. */
  boolean acknowledged(HeartbeatAckChunk chunk) {
    var info =
        new Parameter(
            Parameter.HEARTBEAT_INFO, Octets.copyOf(new WireWriter(8).u64(nonce).array()));
    if (nonce == NONE || !chunk.info().equals(info.toOctets())) {
      context.drop(DropReason.FORGED_HEARTBEAT_ACK);
      return false;
    }
    nonce = NONE;
    pathAnswered();
    return true;
  }
}
