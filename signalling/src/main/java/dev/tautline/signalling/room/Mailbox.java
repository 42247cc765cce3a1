package dev.tautline.signalling.room;

import dev.tautline.signalling.protocol.RoomEvent;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/** One member's events, numbered from 1, kept until acknowledged. */
final class Mailbox {
  private final Deque<NumberedEvent> waiting = new ArrayDeque<>();
  private long lastNumber;

  void add(RoomEvent event) {
    waiting.addLast(new NumberedEvent(++lastNumber, event));
  }

  /**
   * Forgets all events up to this number. Returns false, and forgets nothing, when there was never
   * such an event. An acknowledgement that is older than the last one is fine: it was overtaken.
   */
  boolean acknowledge(long number) {
    if (number > lastNumber) {
      return false;
    }
    NumberedEvent first;
    while ((first = waiting.peekFirst()) != null && first.number() <= number) {
      waiting.removeFirst();
    }
    return true;
  }

  /** Events above {@code number} that still wait, in order, at most {@code max}. */
  List<NumberedEvent> after(long number, int max) {
    List<NumberedEvent> result = new ArrayList<>();
    for (NumberedEvent event : waiting) {
      if (result.size() == max) {
        break;
      }
      if (event.number() > number) {
        result.add(event);
      }
    }
    return result;
  }

  int size() {
    return waiting.size();
  }
}
