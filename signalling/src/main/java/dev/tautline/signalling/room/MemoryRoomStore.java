package dev.tautline.signalling.room;

import dev.tautline.signalling.protocol.ClaimRequest;
import dev.tautline.signalling.protocol.RelayedMessage;
import dev.tautline.signalling.protocol.RoomName;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;

/**
 * Rooms in this JVM's memory. One lock for all: a step takes microseconds, and a lock that is
 * always the same needs no thought about two rooms at once. Listeners are called outside of it.
 */
public final class MemoryRoomStore implements RoomStore {
  private final RoomLimits limits;
  private final Rooms rooms;
  private final Map<MemberRef, Runnable> listeners = new ConcurrentHashMap<>();

  /**
   * Makes an empty store.
   *
   * @param limits what may be there at the same time
   * @param random for the members' tokens: a {@code SecureRandom} except in tests
   */
  public MemoryRoomStore(RoomLimits limits, RandomGenerator random) {
    this.limits = limits;
    this.rooms = new Rooms(limits, random);
  }

  @Override
  public RoomLimits limits() {
    return limits;
  }

  @Override
  public CompletionStage<ClaimOutcome> claim(
      long nowNanos, RoomName room, String owner, ClaimRequest request) {
    return step(() -> rooms.claim(nowNanos, room, owner, request));
  }

  @Override
  public CompletionStage<Optional<MemberRef>> authenticate(
      long nowNanos, RoomName room, String token) {
    return step(() -> Optional.ofNullable(rooms.authenticate(nowNanos, room, token)));
  }

  @Override
  public CompletionStage<ConnectOutcome> connect(long nowNanos, MemberRef ref, long after) {
    return step(() -> rooms.connect(nowNanos, ref, after));
  }

  @Override
  public CompletionStage<Long> acceptedId(long nowNanos, MemberRef ref) {
    return step(() -> rooms.acceptedId(nowNanos, ref));
  }

  @Override
  public CompletionStage<ConnectOutcome> acknowledge(long nowNanos, MemberRef ref, long event) {
    return step(() -> rooms.acknowledge(nowNanos, ref, event));
  }

  @Override
  public CompletionStage<RelayOutcome> relay(
      long nowNanos, MemberRef ref, long id, long to, RelayedMessage message) {
    return step(() -> rooms.relay(nowNanos, ref, id, to, message));
  }

  @Override
  public CompletionStage<EventBatch> events(long nowNanos, MemberRef ref, long after, int max) {
    return step(() -> rooms.events(nowNanos, ref, after, max));
  }

  @Override
  public CompletionStage<Boolean> touch(long nowNanos, MemberRef ref) {
    return step(() -> rooms.touch(nowNanos, ref));
  }

  @Override
  public CompletionStage<Void> disconnected(long nowNanos, MemberRef ref) {
    return this.<Optional<Void>>step(
            () -> {
              rooms.disconnected(nowNanos, ref);
              return Optional.empty();
            })
        .thenAccept(nothing -> {});
  }

  @Override
  public CompletionStage<Boolean> leave(long nowNanos, MemberRef ref) {
    return step(() -> rooms.leave(nowNanos, ref));
  }

  @Override
  public void subscribe(MemberRef ref, Runnable listener) {
    listeners.put(ref, listener);
  }

  @Override
  public void unsubscribe(MemberRef ref, Runnable listener) {
    listeners.remove(ref, listener);
  }

  @Override
  public void advanceTo(long nowNanos) {
    step(
        () -> {
          rooms.advanceTo(nowNanos);
          return nowNanos;
        });
  }

  @Override
  public long nextDeadlineNanos() {
    synchronized (rooms) {
      return rooms.nextDeadlineNanos();
    }
  }

  @Override
  public void close() {
    listeners.clear();
  }

  private <T> CompletionStage<T> step(Supplier<T> step) {
    T result;
    List<MemberRef> woken;
    synchronized (rooms) {
      result = step.get();
      woken = rooms.drainWoken();
    }
    for (MemberRef ref : woken) {
      Runnable listener = listeners.get(ref);
      if (listener != null) {
        listener.run();
      }
    }
    return CompletableFuture.completedFuture(result);
  }
}
