package dev.tautline.sctp.fuzz;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;

/**
 * What one input costs: time of the processor and allocated bytes of the calling thread. Only bytes
 * allocated between {@link #begin} and {@link #end} count, so that neither set-up nor the naive
 * reference does; the time counts whole, which is once a run and more than the input's own.
 *
 * <p>An input that passes a limit is run again from the start. It counts only if it does so each
 * time: the first run may have paid for loading classes, linking lambdas and the interpreter.
 */
public final class Cost {
  /** No input takes longer than this. */
  static final long MAX_CPU_NANOS = 50_000_000;

  /** No input allocates more than this, and for each of its bytes {@link #BYTES_PER_BYTE} more. */
  static final long FLOOR_BYTES = 8 << 10;

  static final long BYTES_PER_BYTE = 64;

  private static final int RUNS_AGAIN = 3;

  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  /** Something that takes an input from a fresh start. */
  @FunctionalInterface
  public interface Target {
    /** Runs the input, with what belongs to it between {@link #begin} and {@link #end}. */
    void run(byte[] input, Cost cost);
  }

  private long cpuNanos;
  private long allocatedBytes;
  private long inputBytes;
  private long allocatedAtBegin;

  private Cost() {}

  /** Runs an input and checks its cost. */
  public static void check(byte[] input, Target target) {
    Cost cost = measure(input, target);
    for (int i = 0; i < RUNS_AGAIN && cost.isTooHigh(); i++) {
      cost = measure(input, target);
    }
    if (cost.isTooHigh()) {
      throw new AssertionError(
          "an input of "
              + cost.inputBytes
              + " bytes took "
              + cost.cpuNanos / 1000
              + " us and allocated "
              + cost.allocatedBytes
              + " bytes");
    }
  }

  private static Cost measure(byte[] input, Target target) {
    var cost = new Cost();
    long before = THREADS.getCurrentThreadCpuTime();
    target.run(input, cost);
    cost.cpuNanos = THREADS.getCurrentThreadCpuTime() - before;
    return cost;
  }

  private boolean isTooHigh() {
    return cpuNanos > MAX_CPU_NANOS || allocatedBytes > FLOOR_BYTES + BYTES_PER_BYTE * inputBytes;
  }

  /** What follows is on account of the input. */
  public void begin() {
    allocatedAtBegin = THREADS.getCurrentThreadAllocatedBytes();
  }

  /**
   * What followed {@link #begin} was on account of a packet.
   *
   * @param bytes the packet's length
   */
  public void end(int bytes) {
    allocatedBytes += THREADS.getCurrentThreadAllocatedBytes() - allocatedAtBegin;
    inputBytes += bytes;
  }
}
