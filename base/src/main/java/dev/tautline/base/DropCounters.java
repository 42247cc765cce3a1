package dev.tautline.base;

import java.util.EnumMap;
import java.util.Map;

/**
 * Counts what was dropped, by reason: a peer's malformed bytes are counted, not logged one by one.
 *
 * <p>Thread rule: used by one thread; {@link #snapshot} is taken on that thread.
 *
 * @param <R> the reasons
 */
public final class DropCounters<R extends Enum<R>> {
  private final Class<R> reasons;
  private final long[] counts;

  /** All counters at 0. */
  public DropCounters(Class<R> reasons) {
    this.reasons = reasons;
    this.counts = new long[reasons.getEnumConstants().length];
  }

  /** Counts one. */
  public void count(R reason) {
    counts[reason.ordinal()]++;
  }

  /** How many were dropped for this reason. */
  public long of(R reason) {
    return counts[reason.ordinal()];
  }

  /** How many were dropped in all. */
  public long total() {
    long total = 0;
    for (long count : counts) {
      total += count;
    }
    return total;
  }

  /** The counters above 0. */
  public Map<R, Long> snapshot() {
    var map = new EnumMap<R, Long>(reasons);
    for (R reason : reasons.getEnumConstants()) {
      if (of(reason) > 0) {
        map.put(reason, of(reason));
      }
    }
    return map;
  }
}
