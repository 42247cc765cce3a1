package dev.tautline.sctp.hostile;

import java.lang.management.ManagementFactory;
import java.util.function.LongConsumer;

/** What is reachable on the heap, and what a piece of work allocates. */
final class LiveHeap {
  private LiveHeap() {}

  /**
   * The serial collector would leave up to a twentieth of the old generation as dead wood, save in
   * every fourth full collection; this module's tests run with an option that has it compact each
   * time.
   */
  private static final int COLLECTIONS = 2;

  /** Bytes in use after full collections. */
  static long bytes() {
    for (int i = 0; i < COLLECTIONS; i++) {
      System.gc();
    }
    return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
  }

  /** Bytes that this thread allocates in {@code work}. */
  static long allocatedBy(Runnable work) {
    var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
    long before = threads.getCurrentThreadAllocatedBytes();
    work.run();
    return threads.getCurrentThreadAllocatedBytes() - before;
  }

  /** Runs {@code action} for each number below {@code count}. */
  static void times(long count, LongConsumer action) {
    for (long i = 0; i < count; i++) {
      action.accept(i);
    }
  }
}
