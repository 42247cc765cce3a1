package dev.tautline.signalling.room;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tautline.signalling.protocol.RoomName;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class NoteStoreTest {
  private static final RoomName ROOM = new RoomName("kitchen");
  private static final RoomName SLOT = new RoomName("offer");

  private final NoteStore notes = new NoteStore(2, 100);

  private static NoteStore.Note note(String text) {
    return new NoteStore.Note("text/plain", text.getBytes(StandardCharsets.UTF_8));
  }

  private String read(long now, RoomName room, RoomName slot) {
    NoteStore.Note note = notes.get(now, room, slot);
    return note == null ? "(nothing)" : new String(note.body(), StandardCharsets.UTF_8);
  }

  @Test
  void keepsTheLastPostOfASlot() {
    assertThat(read(0, ROOM, SLOT)).isEqualTo("(nothing)");
    notes.post(0, ROOM, SLOT, note("one"));
    notes.post(1, ROOM, SLOT, note("two"));
    notes.post(1, ROOM, new RoomName("answer"), note("three"));
    assertThat(read(2, ROOM, SLOT)).isEqualTo("two");
    assertThat(read(2, ROOM, new RoomName("answer"))).isEqualTo("three");
  }

  @Test
  void forgetsARoomThatIsDeletedOrOld() {
    notes.post(0, ROOM, SLOT, note("one"));
    notes.delete(1, ROOM);
    assertThat(read(1, ROOM, SLOT)).isEqualTo("(nothing)");
    notes.post(2, ROOM, SLOT, note("two"));
    assertThat(read(101, ROOM, SLOT)).isEqualTo("two");
    assertThat(read(102, ROOM, SLOT)).isEqualTo("(nothing)");
  }

  @Test
  void roomsAndSlotsAreLimited() {
    assertThat(notes.post(0, new RoomName("r1"), SLOT, note("x"))).isTrue();
    assertThat(notes.post(50, new RoomName("r2"), SLOT, note("x"))).isTrue();
    assertThat(notes.post(50, new RoomName("r3"), SLOT, note("x"))).isFalse();
    assertThat(notes.post(100, new RoomName("r3"), SLOT, note("x"))).as("r1 is old").isTrue();
    for (int i = 1; i < NoteStore.MAX_SLOTS; i++) {
      assertThat(notes.post(100, new RoomName("r3"), new RoomName("s" + i), note("x"))).isTrue();
    }
    assertThat(notes.post(100, new RoomName("r3"), new RoomName("more"), note("x"))).isFalse();
    assertThat(notes.post(100, new RoomName("r3"), SLOT, note("y"))).isTrue();
  }
}
