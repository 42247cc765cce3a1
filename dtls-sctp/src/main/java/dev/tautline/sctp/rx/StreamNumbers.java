package dev.tautline.sctp.rx;

import dev.tautline.base.HeapSize;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A number for each stream, 0 at first: the next message number of ordered ones. Memory only for
 * pages of ids that are used, and pages so small that a peer which names ids far apart gets little
 * for its bytes.
 */
final class StreamNumbers {
  private static final int PAGE_BITS = 3;
  private static final int PAGE_SIZE = 1 << PAGE_BITS;
  private static final int SHELF_BITS = 5;
  private static final int SHELF_SIZE = 1 << SHELF_BITS;

  /** Some pages, and how many there are of them. */
  private static final class Shelf {
    static final long BYTES = HeapSize.ofObject(4 + 4) + HeapSize.ofReferences(SHELF_SIZE);

    final long[] @Nullable [] pages = new long[SHELF_SIZE][];
    int used;
  }

  private final @Nullable Shelf[] shelves = new Shelf[65536 >> PAGE_BITS + SHELF_BITS];
  private int usedShelves;
  private int usedPages;

  private static int shelfOf(int streamId) {
    return streamId >> PAGE_BITS + SHELF_BITS;
  }

  private static int pageOf(int streamId) {
    return streamId >> PAGE_BITS & SHELF_SIZE - 1;
  }

  long next(int streamId) {
    Shelf shelf = shelves[shelfOf(streamId)];
    long[] page = shelf == null ? null : shelf.pages[pageOf(streamId)];
    return page == null ? 0 : page[streamId & PAGE_SIZE - 1];
  }

  void setNext(int streamId, long next) {
    Shelf shelf = shelves[shelfOf(streamId)];
    long[] page = shelf == null ? null : shelf.pages[pageOf(streamId)];
    if (page == null) {
      if (next == 0) {
        return;
      }
      if (shelf == null) {
        shelf = new Shelf();
        shelves[shelfOf(streamId)] = shelf;
        usedShelves++;
      }
      page = new long[PAGE_SIZE];
      shelf.pages[pageOf(streamId)] = page;
      shelf.used++;
      usedPages++;
    }
    page[streamId & PAGE_SIZE - 1] = next;
  }

  /** The stream's number is 0 again; a page of such streams is given back. */
  void reset(int streamId) {
    Shelf shelf = shelves[shelfOf(streamId)];
    long[] page = shelf == null ? null : shelf.pages[pageOf(streamId)];
    if (shelf == null || page == null || page[streamId & PAGE_SIZE - 1] == 0) {
      return;
    }
    page[streamId & PAGE_SIZE - 1] = 0;
    for (long next : page) {
      if (next != 0) {
        return;
      }
    }
    shelf.pages[pageOf(streamId)] = null;
    shelf.used--;
    usedPages--;
    if (shelf.used == 0) {
      shelves[shelfOf(streamId)] = null;
      usedShelves--;
    }
  }

  void resetAll() {
    if (usedShelves > 0) {
      Arrays.fill(shelves, null);
      usedShelves = 0;
      usedPages = 0;
    }
  }

  /** What shelves and pages take on the heap. */
  long memoryBytes() {
    return usedPages * HeapSize.ofLongs(PAGE_SIZE) + usedShelves * Shelf.BYTES;
  }
}
