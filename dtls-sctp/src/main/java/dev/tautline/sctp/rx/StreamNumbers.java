package dev.tautline.sctp.rx;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** The next message number of each ordered stream: memory only for pages of ids that are used. */
final class StreamNumbers {
  private static final int PAGE_BITS = 6;
  private static final int PAGE_SIZE = 1 << PAGE_BITS;

  private final long[] @Nullable [] pages = new long[65536 >> PAGE_BITS][];

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
    }
    page[streamId & PAGE_SIZE - 1] = next;
  }

  void resetAll() {
    Arrays.fill(pages, null);
  }
}
