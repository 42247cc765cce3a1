package dev.tautline.signalling.room;

import dev.tautline.signalling.protocol.Slot;
import java.time.Duration;

/**
 * The limits of a store of rooms.
 *
 * @param capacity slots per room, 2 to 26
 * @param maxRooms rooms at the same time
 * @param maxMembersPerOwner live claims of one owner (a remote address) at the same time
 * @param maxUnacknowledgedEvents events that wait for one member; more are refused
 * @param expiry how long a member lives after its last sign of life
 * @param grace how long a member lives after its WebSocket broke, never longer than the expiry
 */
public record RoomLimits(
    int capacity,
    int maxRooms,
    int maxMembersPerOwner,
    int maxUnacknowledgedEvents,
    Duration expiry,
    Duration grace) {
  /** The limits of {@code docs/rooms-protocol.md}. */
  public static final RoomLimits DEFAULT =
      new RoomLimits(2, 10_000, 4_096, 256, Duration.ofSeconds(15), Duration.ofSeconds(5));

  /** Checks the ranges. */
  public RoomLimits {
    require(capacity >= 2 && capacity <= Slot.MAX_INDEX + 1, "capacity", capacity, "2 to 26");
    require(maxRooms >= 1, "maxRooms", maxRooms, "at least 1");
    require(maxMembersPerOwner >= 1, "maxMembersPerOwner", maxMembersPerOwner, "at least 1");
    require(
        maxUnacknowledgedEvents >= 8,
        "maxUnacknowledgedEvents",
        maxUnacknowledgedEvents,
        "at least 8");
    require(expiry.toMillis() >= 1, "expiry", expiry, "at least 1 ms");
    require(!grace.isNegative(), "grace", grace, "not negative");
  }

  private static void require(boolean holds, String name, Object value, String range) {
    if (!holds) {
      throw new IllegalArgumentException(name + " is " + value + ", must be " + range);
    }
  }
}
