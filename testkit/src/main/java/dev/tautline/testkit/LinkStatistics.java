package dev.tautline.testkit;

import java.util.EnumMap;
import java.util.Map;

/**
 * What went one way through a path so far.
 *
 * @param sentPackets packets given to the path, those too that were then lost
 * @param sentBytes their bytes, without UDP and IP headers
 * @param arrivedPackets packets that reached the other end, copies counted
 * @param arrivedBytes their bytes
 * @param maxQueuedBytes the most bytes that waited in front of the bottleneck at one time; 0
 *     without a bottleneck
 * @param fates how many packets met each fate; fates that no packet met are absent
 */
public record LinkStatistics(
    long sentPackets,
    long sentBytes,
    long arrivedPackets,
    long arrivedBytes,
    long maxQueuedBytes,
    Map<Fate, Long> fates) {

  /** Copies the map. */
  public LinkStatistics {
    fates = Map.copyOf(fates);
  }

  /** How many packets met this fate. */
  public long of(Fate fate) {
    return fates.getOrDefault(fate, 0L);
  }

  /** How many packets did not reach the other end, whatever the reason. */
  public long lostPackets() {
    long lost = 0;
    for (Map.Entry<Fate, Long> entry : fates.entrySet()) {
      if (!entry.getKey().arrives()) {
        lost += entry.getValue();
      }
    }
    return lost;
  }

  static Map<Fate, Long> byFate(long[] counts) {
    var map = new EnumMap<Fate, Long>(Fate.class);
    for (Fate fate : Fate.values()) {
      if (counts[fate.ordinal()] > 0) {
        map.put(fate, counts[fate.ordinal()]);
      }
    }
    return map;
  }
}
