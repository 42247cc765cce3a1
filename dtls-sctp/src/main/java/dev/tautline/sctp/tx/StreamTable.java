package dev.tautline.sctp.tx;

import java.util.Arrays;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Outgoing streams by id: memory only for pages of ids that are used. */
final class StreamTable {
  private static final int PAGE_BITS = 6;
  private static final int PAGE_SIZE = 1 << PAGE_BITS;

  private final StreamQueue[] @Nullable [] pages = new StreamQueue[65536 >> PAGE_BITS][];

  private int used;

  StreamQueue get(int streamId) {
    StreamQueue[] page = pages[streamId >> PAGE_BITS];
    if (page == null) {
      page = new StreamQueue[PAGE_SIZE];
      pages[streamId >> PAGE_BITS] = page;
    }
    StreamQueue stream = page[streamId & PAGE_SIZE - 1];
    if (stream == null) {
      stream = new StreamQueue(streamId);
      used++;
      page[streamId & PAGE_SIZE - 1] = stream;
    }
    return stream;
  }

  /** The stream is as if it had never been used. */
  void forget(int streamId) {
    StreamQueue[] page = pages[streamId >> PAGE_BITS];
    if (page != null && page[streamId & PAGE_SIZE - 1] != null) {
      page[streamId & PAGE_SIZE - 1] = null;
      used--;
    }
  }

  /** How many streams are used. */
  int used() {
    return used;
  }

  @Nullable StreamQueue find(int streamId) {
    StreamQueue[] page = pages[streamId >> PAGE_BITS];
    return page == null ? null : page[streamId & PAGE_SIZE - 1];
  }

  void clear() {
    Arrays.fill(pages, null);
    used = 0;
  }

  void forEach(Consumer<StreamQueue> action) {
    for (StreamQueue[] page : pages) {
      if (page == null) {
        continue;
      }
      for (StreamQueue stream : page) {
        if (stream != null) {
          action.accept(stream);
        }
      }
    }
  }
}
