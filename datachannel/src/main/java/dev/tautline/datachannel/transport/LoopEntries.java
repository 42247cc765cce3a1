package dev.tautline.datachannel.transport;

import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * A queue for many producers and one consumer, without locks: a producer swaps the tail and links
 * the one before to itself. Between the two steps the consumer sees the queue end early; the
 * producer's wake-up follows, so nothing is left lying.
 *
 * <p>Thread rule: {@link #add} on any thread, the rest on the loop.
 */
final class LoopEntries {
  private static final class Stub extends LoopEntry {
    @Override
    protected void run() {
      throw new IllegalStateException("the stub is never handed out");
    }
  }

  private final AtomicReference<LoopEntry> tail;
  private LoopEntry head;

  LoopEntries() {
    head = new Stub();
    tail = new AtomicReference<>(head);
  }

  void add(LoopEntry entry) {
    LoopEntry before = tail.getAndSet(entry);
    LoopEntry.NEXT.setRelease(before, entry);
  }

  /** The next entry, or null when there is none at the moment. */
  @Nullable LoopEntry poll() {
    LoopEntry next = (LoopEntry) LoopEntry.NEXT.getAcquire(head);
    if (next != null) {
      // The entry that was handed out stays as the new stub until the one after it is taken.
      head = next;
    }
    return next;
  }

  /** Whether nothing was added that was not polled. */
  boolean isEmpty() {
    return tail.get() == head;
  }
}
