package dev.tautline.stun;

import dev.tautline.base.Backoff;
import dev.tautline.base.Timer;
import dev.tautline.stun.codec.ReceivedStun;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * One request and the wait for its response, RFC 8489 section 6.2.1 and 6.3.3: a state machine that
 * says when to send and judges responses. Thread rule: used by one thread at a time.
 *
 * <p>Every state but {@link State#WAITING} is final.
 */
public final class StunTransaction {
  /** Where the transaction stands. */
  public enum State {
    /** In: creation. Out: any other. */
    WAITING,
    /** In: an accepted success response. */
    SUCCEEDED,
    /**
     * In: an accepted error response, or one with attributes that must be understood but are not.
     */
    FAILED,
    /** In: the final wait ended. */
    TIMED_OUT,
    /** In: {@link StunTransaction#cancel}. */
    CANCELLED
  }

  /** What a datagram meant for the transaction. */
  public enum Verdict {
    /** It is not for this transaction, or not authentic: the wait goes on. */
    IGNORED,
    /** The response of this transaction; {@link #state} says which. */
    TAKEN
  }

  private final TransactionId id;
  private final int method;
  private final byte[] request;
  private final InetSocketAddress destination;
  private final @Nullable IntegrityKey responseKey;
  private final StunTimers timers;
  private final Timer timer;
  private State state = State.WAITING;
  private int sends;
  private long firstSentNanos;
  private boolean retransmits = true;

  /**
   * A transaction that has not sent yet.
   *
   * @param id the request's
   * @param method the request's
   * @param request its bytes
   * @param destination where it goes, and where the response must come from
   * @param responseKey responses without valid integrity are ignored; null when none is expected
   * @param timers when to send again
   */
  public StunTransaction(
      TransactionId id,
      int method,
      byte[] request,
      InetSocketAddress destination,
      @Nullable IntegrityKey responseKey,
      StunTimers timers) {
    this.id = id;
    this.method = method;
    this.request = request.clone();
    this.destination = destination;
    this.responseKey = responseKey;
    this.timers = timers;
    this.timer = new Timer(Backoff.doublingTo(timers.maxIntervalNanos()));
  }

  /**
   * Whether the request is to be sent now, for the first time or again; the caller sends {@link
   * #request} when it is. Also moves to {@link State#TIMED_OUT} when that is due.
   */
  public boolean pollSend(long nowNanos) {
    if (state != State.WAITING) {
      return false;
    }
    if (sends == 0) {
      firstSentNanos = nowNanos;
      return sent(nowNanos);
    }
    if (!timer.expire(nowNanos)) {
      return false;
    }
    if (sends >= timers.maxSends() || !retransmits) {
      finish(State.TIMED_OUT);
      return false;
    }
    return sent(nowNanos);
  }

  private boolean sent(long nowNanos) {
    sends++;
    if (sends == timers.maxSends()) {
      timer.start(nowNanos, timers.finalWaitNanos());
    } else if (sends == 1) {
      timer.start(nowNanos, timers.rtoNanos());
    }
    return true;
  }

  /**
   * Judges a message.
   *
   * @param received what came
   * @param from where it came from
   */
  public Verdict receive(ReceivedStun received, InetSocketAddress from) {
    StunMessage message = received.message();
    if (state != State.WAITING
        || !message.transactionId().equals(id)
        || message.method() != method
        || !from.equals(destination)) {
      return Verdict.IGNORED;
    }
    StunClass messageClass = message.messageClass();
    if (messageClass != StunClass.SUCCESS && messageClass != StunClass.ERROR) {
      return Verdict.IGNORED;
    }
    // Section 9.1.4: without valid integrity "the response MUST be discarded, as if it had never
    // been received", and the transaction goes on.
    if (responseKey != null && !received.isAuthentic(responseKey)) {
      return Verdict.IGNORED;
    }
    boolean understood = received.unknownRequired().isEmpty();
    finish(messageClass == StunClass.SUCCESS && understood ? State.SUCCEEDED : State.FAILED);
    return Verdict.TAKEN;
  }

  /** Ends the wait; nothing is sent any more and no response is taken. */
  public void cancel() {
    if (state == State.WAITING) {
      finish(State.CANCELLED);
    }
  }

  /**
   * Sends no more, but still takes a response until the present interval or the final wait ends:
   * RFC 8445 section 7.3.1.4 asks for it when a check is triggered anew.
   */
  public void stopRetransmissions() {
    retransmits = false;
  }

  private void finish(State end) {
    state = end;
    timer.stop();
  }

  /** Where it stands. */
  public State state() {
    return state;
  }

  /** The request's id. */
  public TransactionId id() {
    return id;
  }

  /** The request's bytes, not a copy: send them, do not change them. */
  public byte[] request() {
    return request;
  }

  /** Where the request goes. */
  public InetSocketAddress destination() {
    return destination;
  }

  /** Whether the next deadline is another send; else it is the end of the wait. */
  public boolean mayRepeat() {
    return state == State.WAITING && (sends == 0 || sends < timers.maxSends() && retransmits);
  }

  /** How often it was sent. */
  public int sends() {
    return sends;
  }

  /** When it was sent first. */
  public long firstSentNanos() {
    return firstSentNanos;
  }

  /** When {@link #pollSend} has work again; 0 before the first send. */
  public long nextDeadlineNanos() {
    if (state != State.WAITING) {
      return Timer.NOT_RUNNING;
    }
    return sends == 0 ? 0 : timer.deadlineNanos();
  }
}
