package dev.tautline.ice.agent;

import dev.tautline.ice.check.CheckPacer;
import dev.tautline.ice.udp.NettyLoop;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Keeps the checks of all agents of a runtime 5 ms apart, RFC 8445 section 14.2. Used by all loops.
 */
public final class ProcessPacer {
  private static final long FLOOR = 5_000_000;

  private final AtomicLong nextFreeNanos = new AtomicLong(System.nanoTime());

  /** The pacer as an agent sees it, in the agent's time. */
  public CheckPacer forLoop(NettyLoop loop) {
    long epoch = loop.epochNanos();
    return nowNanos -> reserve(nowNanos + epoch) - epoch;
  }

  private long reserve(long now) {
    while (true) {
      long free = nextFreeNanos.get();
      long slot = free - now > 0 ? free : now;
      if (nextFreeNanos.compareAndSet(free, slot + FLOOR)) {
        return slot;
      }
    }
  }
}
