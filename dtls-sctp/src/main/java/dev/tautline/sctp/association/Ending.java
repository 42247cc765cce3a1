package dev.tautline.sctp.association;

import dev.tautline.sctp.AssociationEvent;
import dev.tautline.sctp.AssociationEvent.FailureReason;
import dev.tautline.sctp.AssociationEvent.Origin;
import dev.tautline.sctp.DropReason;
import dev.tautline.sctp.association.AssociationState.Closed;
import dev.tautline.sctp.association.AssociationState.CookieEchoed;
import dev.tautline.sctp.association.AssociationState.CookieWait;
import dev.tautline.sctp.association.AssociationState.Established;
import dev.tautline.sctp.association.AssociationState.ShutdownAckSent;
import dev.tautline.sctp.association.AssociationState.ShutdownPending;
import dev.tautline.sctp.association.AssociationState.ShutdownReceived;
import dev.tautline.sctp.association.AssociationState.ShutdownSent;
import dev.tautline.sctp.association.Outbox.Checksum;
import dev.tautline.sctp.packet.AbortChunk;
import dev.tautline.sctp.packet.ErrorCause;
import dev.tautline.sctp.packet.ShutdownAckChunk;
import dev.tautline.sctp.packet.ShutdownChunk;
import dev.tautline.sctp.packet.ShutdownCompleteChunk;
import dev.tautline.sctp.packet.TagBit;
import dev.tautline.sctp.tx.DataSender.SackOutcome;

/** Shutdown in all its crossings, and abort, RFC 9260 section 9. */
final class Ending {
  /** Section 9.2: T5-shutdown-guard is "5 times RTO.Max". */
  private static final int GUARD_RTO_MAX = 5;

  private final Context context;

  Ending(Context context) {
    this.context = context;
  }

  /** The user wants to end in good order. */
  void shutdown() {
    AssociationState state = context.state();
    if (state instanceof Established established) {
      context.transitionTo(new ShutdownPending(established.tcb()));
    } else if (state instanceof CookieWait
        || state instanceof CookieEchoed
        || state instanceof Closed closed && closed.use() == Closed.Use.FRESH) {
      // Nothing was exchanged: there is nothing to end in order.
      context.outbox().clear();
      context.end(new AssociationEvent.ShutdownComplete());
    }
  }

  /** Goes on once all data is acknowledged. */
  void progress(long rtoNanos) {
    AssociationState state = context.state();
    if (state instanceof ShutdownPending pending && pending.tcb().sender().isDrained()) {
      context.transitionTo(
          new ShutdownSent(pending.tcb(), context.backingOffTimer(rtoNanos), context.now()));
      sendShutdown(pending.tcb());
    } else if (state instanceof ShutdownReceived received && received.tcb().sender().isDrained()) {
      enterShutdownAckSent(received.tcb(), rtoNanos);
    }
  }

  private void sendShutdown(Tcb tcb) {
    context.outbox().send(new ShutdownChunk(tcb.receiver().cumulativeTsn()));
  }

  private void enterShutdownAckSent(Tcb tcb, long rtoNanos) {
    context.transitionTo(
        new ShutdownAckSent(tcb, context.backingOffTimer(rtoNanos), context.now()));
    context.outbox().send(new ShutdownAckChunk());
  }

  /** T2-shutdown may be due. */
  void advanceTo(long now) {
    AssociationState state = context.state();
    if (state instanceof ShutdownSent sent && sent.t2Shutdown().expire(now)) {
      if (!gaveUp(sent.tcb(), sent.startedNanos(), "SHUTDOWN")) {
        sendShutdown(sent.tcb());
      }
    } else if (state instanceof ShutdownAckSent sent && sent.t2Shutdown().expire(now)) {
      if (!gaveUp(sent.tcb(), sent.startedNanos(), "SHUTDOWN ACK")) {
        context.outbox().send(new ShutdownAckChunk());
      }
    }
  }

  private boolean gaveUp(Tcb tcb, long startedNanos, String what) {
    long guardNanos = GUARD_RTO_MAX * context.options().rtoMax().toNanos();
    if (tcb.countError() <= context.options().maxRetransmits()
        && context.now() - startedNanos < guardNanos
        && !context.isBeyondLimit(startedNanos)) {
      return false;
    }
    context.fail(FailureReason.SHUTDOWN_UNANSWERED, what + " got no answer");
    return true;
  }

  /** SHUTDOWN of the peer. */
  void shutdown(ShutdownChunk chunk, long rtoNanos) {
    AssociationState state = context.state();
    if (state instanceof ShutdownAckSent) {
      context.outbox().send(new ShutdownAckChunk());
      return;
    }
    Tcb tcb = state.tcb();
    if (tcb == null || state instanceof CookieEchoed) {
      // Section 9.2: "If a SHUTDOWN is received in the COOKIE-WAIT or COOKIE ECHOED state, the
      // SHUTDOWN chunk SHOULD be silently discarded."
      context.drop(DropReason.UNEXPECTED_CHUNK);
      return;
    }
    SackOutcome outcome = tcb.sender().cumulativeAck(context.now(), chunk.cumulativeTsnAck());
    if (outcome == SackOutcome.IMPOSSIBLE) {
      context.abortForViolation("SHUTDOWN acknowledges data that was never sent");
      return;
    }
    if (state instanceof ShutdownSent) {
      enterShutdownAckSent(tcb, rtoNanos);
    } else if (!(state instanceof ShutdownReceived)) {
      context.transitionTo(new ShutdownReceived(tcb));
    }
  }

  /** Data of the peer while our SHUTDOWN is out: it has not seen it, or not sent all yet. */
  void dataWhileShuttingDown(long rtoNanos, boolean isNew) {
    if (context.state() instanceof ShutdownSent sent) {
      if (isNew) {
        // The guard is for a peer that says nothing more: one that has much to deliver over a bad
        // path is not cut off in the middle of it.
        sent.tcb().clearErrors();
        context.transitionTo(new ShutdownSent(sent.tcb(), sent.t2Shutdown(), context.now()));
      }
      // Section 9.2: "MUST immediately respond … with a SHUTDOWN chunk and a SACK chunk and restart
      // the T2-shutdown timer".
      sent.tcb().receiver().sackAtOnce();
      sendShutdown(sent.tcb());
      sent.t2Shutdown().start(context.now(), rtoNanos);
    }
  }

  /** SHUTDOWN ACK. */
  void shutdownAck() {
    AssociationState state = context.state();
    if (state instanceof ShutdownSent || state instanceof ShutdownAckSent) {
      Tcb tcb = state.tcb();
      context.outbox().clear();
      if (tcb != null) {
        context
            .outbox()
            .sendAlone(
                tcb.peerTag(),
                Checksum.AS_NEGOTIATED,
                new ShutdownCompleteChunk(TagBit.RECEIVERS_TAG));
      }
      context.end(new AssociationEvent.ShutdownComplete());
    } else {
      context.drop(DropReason.UNEXPECTED_CHUNK);
    }
  }

  /** SHUTDOWN COMPLETE; the core has checked the tag. */
  void shutdownComplete() {
    if (context.state() instanceof ShutdownAckSent) {
      context.outbox().clear();
      context.end(new AssociationEvent.ShutdownComplete());
    } else {
      context.drop(DropReason.UNEXPECTED_CHUNK);
    }
  }

  /** ABORT of the peer; the core has checked the tag. */
  void abort(AbortChunk chunk) {
    int code = 0;
    String detail = "";
    if (context.state() instanceof ShutdownAckSent
        && chunk.tagBit() == TagBit.REFLECTED_TAG
        && chunk.causes().isEmpty()) {
      // All data of both sides is acknowledged, and the peer has no association any more: it got
      // our
      // SHUTDOWN ACK, its SHUTDOWN COMPLETE was lost, and it answers a late packet of ours.
      context.outbox().clear();
      context.end(new AssociationEvent.ShutdownComplete());
      return;
    }
    if (!chunk.causes().isEmpty()) {
      ErrorCause cause = chunk.causes().get(0);
      code = cause.code();
      if (code == ErrorCause.USER_INITIATED_ABORT || code == ErrorCause.PROTOCOL_VIOLATION) {
        detail = cause.info().truncatedTo(context.maxEchoedBytes()).toUtf8();
      }
    }
    context.outbox().clear();
    context.end(new AssociationEvent.Aborted(code, detail, Origin.PEER));
  }
}
