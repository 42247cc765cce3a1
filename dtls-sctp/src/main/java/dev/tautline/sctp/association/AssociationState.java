package dev.tautline.sctp.association;

import dev.tautline.base.Timer;
import dev.tautline.sctp.AssociationPhase;
import dev.tautline.sctp.packet.CookieEchoChunk;
import org.jspecify.annotations.Nullable;

/** States of RFC 9260 section 4; each holds only what exists in it. */
sealed interface AssociationState {
  /** The state's name in public. */
  AssociationPhase phase();

  /** What is known of the peer; null before INIT ACK or COOKIE ECHO. */
  default @Nullable Tcb tcb() {
    return null;
  }

  /** When the state's own timer is due. */
  default long deadlineNanos() {
    return Timer.NOT_RUNNING;
  }

  /**
   * In: made, or ended by any way. Out: CookieWait on connect(), Established on COOKIE ECHO.
   *
   * @param use whether it can still be connected
   */
  record Closed(Use use) implements AssociationState {
    enum Use {
      FRESH,
      ENDED
    }

    @Override
    public AssociationPhase phase() {
      return AssociationPhase.CLOSED;
    }
  }

  /**
   * In: connect() in Closed, ERROR "stale cookie" in CookieEchoed. Out: CookieEchoed on INIT ACK,
   * Established on COOKIE ECHO, Closed when T1-init is exhausted.
   *
   * @param t1Init sends INIT again
   * @param startedNanos when the handshake began
   */
  record CookieWait(Timer t1Init, long startedNanos) implements AssociationState {
    @Override
    public AssociationPhase phase() {
      return AssociationPhase.COOKIE_WAIT;
    }

    @Override
    public long deadlineNanos() {
      return t1Init.deadlineNanos();
    }
  }

  /**
   * In: INIT ACK in CookieWait. Out: Established on COOKIE ACK, on COOKIE ECHO, or on data of the
   * peer; Closed when T1-cookie is exhausted.
   *
   * @param t1Cookie sends COOKIE ECHO again
   * @param startedNanos when the handshake began
   * @param echo what is sent again
   * @param tcb from INIT ACK
   */
  record CookieEchoed(Timer t1Cookie, long startedNanos, CookieEchoChunk echo, Tcb tcb)
      implements AssociationState {
    @Override
    public AssociationPhase phase() {
      return AssociationPhase.COOKIE_ECHOED;
    }

    @Override
    public long deadlineNanos() {
      return t1Cookie.deadlineNanos();
    }
  }

  /**
   * In: COOKIE ACK or COOKIE ECHO. Out: ShutdownPending on shutdown(), ShutdownReceived on
   * SHUTDOWN.
   *
   * @param tcb both halves
   */
  record Established(Tcb tcb) implements AssociationState {
    @Override
    public AssociationPhase phase() {
      return AssociationPhase.ESTABLISHED;
    }
  }

  /**
   * In: shutdown() in Established. Out: ShutdownSent when all data is acknowledged,
   * ShutdownReceived on SHUTDOWN.
   *
   * @param tcb both halves
   */
  record ShutdownPending(Tcb tcb) implements AssociationState {
    @Override
    public AssociationPhase phase() {
      return AssociationPhase.SHUTDOWN_PENDING;
    }
  }

  /**
   * In: all data acknowledged in ShutdownPending. Out: ShutdownAckSent on SHUTDOWN, Closed on
   * SHUTDOWN ACK or when T2-shutdown is exhausted.
   *
   * @param tcb data of the peer is still received
   * @param t2Shutdown sends SHUTDOWN again
   * @param startedNanos when SHUTDOWN was first sent
   */
  record ShutdownSent(Tcb tcb, Timer t2Shutdown, long startedNanos) implements AssociationState {
    @Override
    public AssociationPhase phase() {
      return AssociationPhase.SHUTDOWN_SENT;
    }

    @Override
    public long deadlineNanos() {
      return t2Shutdown.deadlineNanos();
    }
  }

  /**
   * In: SHUTDOWN in Established or ShutdownPending. Out: ShutdownAckSent when all data is
   * acknowledged.
   *
   * @param tcb our data still goes out
   */
  record ShutdownReceived(Tcb tcb) implements AssociationState {
    @Override
    public AssociationPhase phase() {
      return AssociationPhase.SHUTDOWN_RECEIVED;
    }
  }

  /**
   * In: all data acknowledged in ShutdownReceived, SHUTDOWN in ShutdownSent. Out: Closed on
   * SHUTDOWN COMPLETE, on SHUTDOWN ACK, or when T2-shutdown is exhausted.
   *
   * @param tcb the tags
   * @param t2Shutdown sends SHUTDOWN ACK again
   * @param startedNanos when SHUTDOWN ACK was first sent
   */
  record ShutdownAckSent(Tcb tcb, Timer t2Shutdown, long startedNanos) implements AssociationState {
    @Override
    public AssociationPhase phase() {
      return AssociationPhase.SHUTDOWN_ACK_SENT;
    }

    @Override
    public long deadlineNanos() {
      return t2Shutdown.deadlineNanos();
    }
  }
}
