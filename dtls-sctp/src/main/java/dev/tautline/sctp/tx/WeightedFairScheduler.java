package dev.tautline.sctp.tx;

import java.util.Comparator;
import java.util.PriorityQueue;
import org.jspecify.annotations.Nullable;

/**
 * Weighted fair queueing, RFC 8260 section 3.6: each stream gets bytes in proportion to its weight.
 * With equal weights and sizes that is round-robin by message, and a short message goes before a
 * long one that came at the same time, or that is being sent.
 */
final class WeightedFairScheduler implements StreamScheduler {
  /** Virtual time per byte at weight 1; large enough that weights up to 65535 differ. */
  private static final long SCALE = 1L << 20;

  private static final Comparator<StreamQueue> BY_FINISH =
      (a, b) ->
          a.virtualFinish != b.virtualFinish
              ? Long.compare(a.virtualFinish, b.virtualFinish)
              : Long.compare(a.arrival, b.arrival);

  private final PriorityQueue<StreamQueue> shortOnes = new PriorityQueue<>(BY_FINISH);
  private final PriorityQueue<StreamQueue> longOnes = new PriorityQueue<>(BY_FINISH);

  /** When what is sent now started, in virtual time. */
  private long virtualTime;

  private long arrivals;

  @Override
  public void add(StreamQueue stream, int bytes, Length length) {
    // A stream that was idle starts at the present: it earns no credit for its silence.
    stream.virtualStart = Math.max(virtualTime, stream.virtualFinish);
    stream.virtualFinish = stream.virtualStart + bytes * SCALE / stream.weight;
    stream.arrival = arrivals++;
    stream.length = length;
    putBack(stream);
  }

  @Override
  public void putBack(StreamQueue stream) {
    stream.scheduled = true;
    queueOf(stream).add(stream);
  }

  private PriorityQueue<StreamQueue> queueOf(StreamQueue stream) {
    return stream.length == Length.SHORT ? shortOnes : longOnes;
  }

  @Override
  public @Nullable StreamQueue poll() {
    StreamQueue shortOne = shortOnes.peek();
    StreamQueue longOne = longOnes.peek();
    if (shortOne == null && longOne == null) {
      return null;
    }
    boolean takesShort =
        longOne == null || shortOne != null && BY_FINISH.compare(shortOne, longOne) < 0;
    return taken((takesShort ? shortOnes : longOnes).poll());
  }

  @Override
  public @Nullable StreamQueue pollShortBefore(StreamQueue other) {
    StreamQueue next = shortOnes.peek();
    return next == null || next.virtualFinish >= other.virtualFinish
        ? null
        : taken(shortOnes.poll());
  }

  private @Nullable StreamQueue taken(@Nullable StreamQueue stream) {
    if (stream != null) {
      virtualTime = Math.max(virtualTime, stream.virtualStart);
      stream.scheduled = false;
    }
    return stream;
  }

  @Override
  public void remove(StreamQueue stream) {
    if (stream.scheduled) {
      queueOf(stream).remove(stream);
      stream.scheduled = false;
    }
  }

  @Override
  public boolean isEmpty() {
    return shortOnes.isEmpty() && longOnes.isEmpty();
  }
}
