package dev.tautline.signalling.room;

import dev.tautline.signalling.protocol.ClaimRequest;
import dev.tautline.signalling.protocol.RelayedMessage;
import dev.tautline.signalling.protocol.RoomName;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/**
 * Where rooms live. Each method is one atomic step, for all servers that share the store; the
 * answer may come later and on any thread.
 *
 * <p>{@code nowNanos} is the server's time, nanoseconds since it started, never going back. A store
 * that several servers share goes by its own clock and does not look at it.
 *
 * <p>Thread rule: any thread, also several at once. No method blocks. Steps that one thread asks
 * for one after the other take effect, and are answered, in that order.
 */
public interface RoomStore extends AutoCloseable {
  /** How long members live: what a client is told. */
  RoomLimits limits();

  /**
   * Takes the lowest free slot, or the slot of the present member whose token the request resumes.
   * A request with a present member's token is a repetition, made because the answer was lost: it
   * changes nothing and gives this member.
   *
   * @param owner whose claims are counted together: the remote address
   * @param request what is asked for; a former token that fits no present member counts as none
   */
  CompletionStage<ClaimOutcome> claim(
      long nowNanos, RoomName room, String owner, ClaimRequest request);

  /** Finds the present member that this token belongs to; that is a sign of life. */
  CompletionStage<Optional<MemberRef>> authenticate(long nowNanos, RoomName room, String token);

  /** A connection for the member's events is there; events up to {@code after} are forgotten. */
  CompletionStage<ConnectOutcome> connect(long nowNanos, MemberRef ref, long after);

  /** The highest id taken from the member; 0 when there is none. */
  CompletionStage<Long> acceptedId(long nowNanos, MemberRef ref);

  /** Events up to this number are forgotten. */
  CompletionStage<ConnectOutcome> acknowledge(long nowNanos, MemberRef ref, long event);

  /** Gives a message to another member, once for each id. */
  CompletionStage<RelayOutcome> relay(
      long nowNanos, MemberRef ref, long id, long to, RelayedMessage message);

  /** Events with numbers above {@code after}, at most {@code max}; they stay in the mailbox. */
  CompletionStage<EventBatch> events(long nowNanos, MemberRef ref, long after, int max);

  /** A sign of life; completes with false when the member is gone. */
  CompletionStage<Boolean> touch(long nowNanos, MemberRef ref);

  /** The member's connection broke: it expires after the grace unless it comes back. */
  CompletionStage<Void> disconnected(long nowNanos, MemberRef ref);

  /** The member goes; completes with false when it was gone. */
  CompletionStage<Boolean> leave(long nowNanos, MemberRef ref);

  /**
   * Asks to be told when the member has new events or is gone. One listener per member and server;
   * a later one replaces it. It is called on any thread, must not block, and looks with {@link
   * #events} what is new.
   */
  void subscribe(MemberRef ref, Runnable listener);

  /** Ends a subscription, when it still is this listener's. */
  void unsubscribe(MemberRef ref, Runnable listener);

  /** Lets members expire that are due. A store with a clock of its own does nothing. */
  void advanceTo(long nowNanos);

  /** When {@link #advanceTo} may have work, or {@link dev.tautline.base.Timer#NOT_RUNNING}. */
  long nextDeadlineNanos();

  @Override
  void close();
}
