package dev.tautline.signalling.room;

import java.util.List;

/**
 * Events of one member.
 *
 * @param presence whether the member is still there
 * @param events in order, without gaps; empty when nothing new is there
 */
public record EventBatch(Presence presence, List<NumberedEvent> events) {
  /** Whether a member is still there. */
  public enum Presence {
    /** It is. */
    PRESENT,
    /** It left, expired or was replaced. */
    GONE
  }

  /** The answer for a member that is no longer there. */
  public static final EventBatch GONE = new EventBatch(Presence.GONE, List.of());

  /** Makes the list immutable. */
  public EventBatch {
    events = List.copyOf(events);
  }
}
