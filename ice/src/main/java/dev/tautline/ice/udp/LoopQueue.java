package dev.tautline.ice.udp;

import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Datagrams for connections of one loop that another loop read: the system spreads by addresses and
 * does not know where a connection lives. Bounded; what is above is dropped as a full socket would.
 */
final class LoopQueue {
  private static final int MAX_BYTES = 4 << 20;
  private static final int PER_TURN = 512;

  @SuppressWarnings("ArrayRecordComponent")
  private record Passed(SharedEndpoint to, byte[] datagram, InetSocketAddress from) {}

  private final NettyLoop loop;
  private final SharedPort port;
  private final Queue<Passed> waiting = new ConcurrentLinkedQueue<>();
  private final AtomicInteger bytes = new AtomicInteger();
  private final AtomicBoolean scheduled = new AtomicBoolean();
  private final AtomicLong passed = new AtomicLong();

  LoopQueue(NettyLoop loop, SharedPort port) {
    this.loop = loop;
    this.port = port;
  }

  /** From any loop; false when there is no room. The array is not changed by the caller. */
  boolean offer(SharedEndpoint to, byte[] datagram, InetSocketAddress from) {
    if (bytes.addAndGet(datagram.length) > MAX_BYTES) {
      bytes.addAndGet(-datagram.length);
      return false;
    }
    waiting.add(new Passed(to, datagram, from));
    passed.incrementAndGet();
    schedule();
    return true;
  }

  long passed() {
    return passed.get();
  }

  private void schedule() {
    if (scheduled.compareAndSet(false, true)) {
      try {
        loop.execute(this::drain);
      } catch (RejectedExecutionException e) {
        // The loop has ended, and its connections with it.
        waiting.clear();
        port.count(PortDrop.LOOP_BEHIND);
      }
    }
  }

  private void drain() {
    List<SharedEndpoint> touched = new ArrayList<>();
    for (int i = 0; i < PER_TURN; i++) {
      Passed next = waiting.poll();
      if (next == null) {
        break;
      }
      bytes.addAndGet(-next.datagram().length);
      if (next.to().touch()) {
        touched.add(next.to());
      }
      next.to().deliver(next.datagram(), 0, next.datagram().length, next.from());
    }
    for (SharedEndpoint endpoint : touched) {
      endpoint.readEnd();
    }
    scheduled.set(false);
    if (!waiting.isEmpty()) {
      schedule();
    }
  }
}
