package dev.tautline.sctp.rx;

import dev.tautline.base.HeapSize;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** The next message number of each ordered stream: memory only for pages of ids that are used. */
final class StreamNumbers {
  private static final int PAGE_BITS = 6;
  private static final int PAGE_SIZE = 1 << PAGE_BITS;

  private final long[] @Nullable [] pages = new long[65536 >> PAGE_BITS][];
  private int used;

  long next(int streamId) {
    long[] page = pages[streamId >> PAGE_BITS];
    return page == null ? 0 : page[streamId & PAGE_SIZE - 1];
  }

  void setNext(int streamId, long next) {
    long[] page = pages[streamId >> PAGE_BITS];
    if (page == null) {
      if (next == 0) {
        return;
      }
      page = new long[PAGE_SIZE];
      pages[streamId >> PAGE_BITS] = page;
      used++;
    }
    page[streamId & PAGE_SIZE - 1] = next;
  }

  /** The stream's number is 0 again; a page of such streams is given back. */
  void reset(int streamId) {
    long[] page = pages[streamId >> PAGE_BITS];
    if (page == null || page[streamId & PAGE_SIZE - 1] == 0) {
      return;
    }
    page[streamId & PAGE_SIZE - 1] = 0;
    for (long next : page) {
      if (next != 0) {
        return;
      }
    }
    pages[streamId >> PAGE_BITS] = null;
    used--;
  }

  void resetAll() {
    if (used > 0) {
      Arrays.fill(pages, null);
      used = 0;
    }
  }

  /** What the pages take on the heap. */
  long memoryBytes() {
    return used * HeapSize.ofLongs(PAGE_SIZE);
  }
}
