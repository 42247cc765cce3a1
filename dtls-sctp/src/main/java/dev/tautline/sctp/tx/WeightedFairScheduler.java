package dev.tautline.sctp.tx;

import java.util.PriorityQueue;
import org.jspecify.annotations.Nullable;

/**
 * Weighted fair queueing, RFC 8260 section 3.6: each stream gets bytes in proportion to its weight.
 * With equal weights and sizes that is round-robin by message, and a short message goes before a
 * long one that came at the same time.
 */
final class WeightedFairScheduler implements StreamScheduler {
  /** Virtual time per byte at weight 1; large enough that weights up to 65535 differ. */
  private static final long SCALE = 1L << 20;

  private final PriorityQueue<StreamQueue> queue =
      new PriorityQueue<>(
          (a, b) ->
              a.virtualFinish != b.virtualFinish
                  ? Long.compare(a.virtualFinish, b.virtualFinish)
                  : Long.compare(a.arrival, b.arrival));
  private long virtualTime;
  private long arrivals;

  @Override
  public void add(StreamQueue stream, int bytes) {
    // A stream that was idle starts at the present: it earns no credit for its silence.
    long start = Math.max(virtualTime, stream.virtualFinish);
    stream.virtualFinish = start + bytes * SCALE / stream.weight;
    stream.arrival = arrivals++;
    stream.scheduled = true;
    queue.add(stream);
  }

  @Override
  public @Nullable StreamQueue poll() {
    StreamQueue next = queue.poll();
    if (next != null) {
      virtualTime = Math.max(virtualTime, next.virtualFinish);
      next.scheduled = false;
    }
    return next;
  }

  @Override
  public void remove(StreamQueue stream) {
    if (stream.scheduled) {
      queue.remove(stream);
      stream.scheduled = false;
    }
  }

  @Override
  public boolean isEmpty() {
    return queue.isEmpty();
  }
}
