package dev.tautline.signalling.room;

import dev.tautline.signalling.protocol.RoomName;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The compatibility layer's store: what was posted under a room's name and a slot's, until it is
 * deleted or nobody posted for long. It has no tokens: whoever knows the name reads and writes.
 *
 * <p>Thread rule: any thread.
 */
public final class NoteStore {
  /** Slots per room. */
  public static final int MAX_SLOTS = 8;

  /** What was posted. */
  public static final class Note {
    private final String contentType;
    private final byte[] body;

    /**
     * Keeps both.
     *
     * @param contentType the media type to serve it with
     * @param body its bytes, from now on the note's
     */
    public Note(String contentType, byte[] body) {
      this.contentType = contentType;
      this.body = body;
    }

    /** The media type to serve it with. */
    public String contentType() {
      return contentType;
    }

    /** Its bytes; not to be changed. */
    public byte[] body() {
      return body;
    }
  }

  private static final class Room {
    final Map<String, Note> notes = new HashMap<>();
    long postedNanos;
  }

  private final int maxRooms;
  private final long lifeNanos;
  // In the order of their last post, so that expiry looks at the oldest only.
  private final LinkedHashMap<String, Room> rooms = new LinkedHashMap<>();

  /**
   * Makes an empty store.
   *
   * @param maxRooms rooms at the same time
   * @param lifeNanos how long a room lives after its last post
   */
  public NoteStore(int maxRooms, long lifeNanos) {
    this.maxRooms = maxRooms;
    this.lifeNanos = lifeNanos;
  }

  /** Keeps a note; returns false when there are too many rooms or slots. */
  public synchronized boolean post(long nowNanos, RoomName name, RoomName slot, Note note) {
    expire(nowNanos);
    Room room = rooms.remove(name.value());
    if (room == null) {
      if (rooms.size() >= maxRooms) {
        return false;
      }
      room = new Room();
    }
    rooms.put(name.value(), room);
    if (room.notes.size() >= MAX_SLOTS && !room.notes.containsKey(slot.value())) {
      return false;
    }
    room.notes.put(slot.value(), note);
    room.postedNanos = nowNanos;
    return true;
  }

  /** What was posted last, or null. */
  public synchronized @Nullable Note get(long nowNanos, RoomName name, RoomName slot) {
    expire(nowNanos);
    Room room = rooms.get(name.value());
    return room == null ? null : room.notes.get(slot.value());
  }

  /** Forgets a room. */
  public synchronized void delete(long nowNanos, RoomName name) {
    expire(nowNanos);
    rooms.remove(name.value());
  }

  private void expire(long nowNanos) {
    Iterator<Room> oldestFirst = rooms.values().iterator();
    while (oldestFirst.hasNext() && nowNanos - oldestFirst.next().postedNanos >= lifeNanos) {
      oldestFirst.remove();
    }
  }
}
