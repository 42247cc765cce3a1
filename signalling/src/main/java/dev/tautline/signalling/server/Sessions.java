package dev.tautline.signalling.server;

import dev.tautline.signalling.protocol.CloseCode;
import dev.tautline.signalling.room.MemberRef;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;

/** The WebSocket of each member that has one. Any thread. */
final class Sessions {
  private final Map<MemberRef, EventsSession> byMember = new ConcurrentHashMap<>();

  /** The newest WebSocket of a member is its only one. */
  void takeOver(MemberRef ref, EventsSession session) {
    EventsSession former = byMember.put(ref, session);
    if (former != null && former != session) {
      former.end(CloseCode.TAKEN_OVER, "another connection with this token took over");
    }
  }

  /** Returns whether the session still was the member's. */
  boolean remove(MemberRef ref, EventsSession session) {
    return byMember.remove(ref, session);
  }

  /** Tells everyone that the server stops; completes when all have been told or are gone. */
  CompletableFuture<Void> closeAll() {
    return CompletableFuture.allOf(
        byMember.values().stream()
            .map(session -> session.end(CloseCode.GOING_AWAY, "the server stops"))
            .toArray(CompletableFuture[]::new));
  }
}
