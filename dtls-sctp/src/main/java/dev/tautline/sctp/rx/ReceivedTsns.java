package dev.tautline.sctp.rx;

import dev.tautline.base.HeapSize;
import java.util.Arrays;

/** Which TSNs came: all up to a cumulative one, and ranges behind gaps. TSNs are unwrapped. */
final class ReceivedTsns {
  private static final int FEW_RANGES = 16;

  /** Arrays above this are given back once nothing is in them. */
  private static final int MANY_RANGES = 1_024;

  private final int maxRanges;
  private long cumulative;
  private long[] starts = new long[FEW_RANGES];
  private long[] ends = new long[FEW_RANGES];
  private int ranges;
  private long steps;

  /**
   * Nothing came; the first TSN will be {@code initialTsn}.
   *
   * @param maxRanges what would open another range than that is not taken
   */
  ReceivedTsns(long initialTsn, int maxRanges) {
    this.maxRanges = maxRanges;
    cumulative = initialTsn - 1;
  }

  /** The last TSN with none missing before it. */
  long cumulative() {
    return cumulative;
  }

  /** The highest TSN that came. */
  long highest() {
    return ranges == 0 ? cumulative : ends[ranges - 1];
  }

  boolean hasGaps() {
    return ranges > 0;
  }

  int ranges() {
    return ranges;
  }

  long start(int range) {
    return starts[range];
  }

  long end(int range) {
    return ends[range];
  }

  boolean contains(long tsn) {
    if (tsn <= cumulative) {
      return true;
    }
    int range = firstEndingAtOrAfter(tsn);
    return range < ranges && starts[range] <= tsn;
  }

  /** Whether a new TSN can be noted: it makes no range too many. */
  boolean takes(long tsn) {
    return ranges < maxRanges || tsn == cumulative + 1 || contains(tsn - 1) || contains(tsn + 1);
  }

  /** Notes a TSN that {@link #contains} does not say came. */
  void add(long tsn) {
    if (tsn == cumulative + 1) {
      cumulative = tsn;
      absorb();
      return;
    }
    int at = ranges > 0 && ends[ranges - 1] < tsn ? ranges : firstEndingAtOrAfter(tsn);
    boolean joinsBefore = at > 0 && ends[at - 1] == tsn - 1;
    boolean joinsAfter = at < ranges && starts[at] == tsn + 1;
    if (joinsBefore && joinsAfter) {
      ends[at - 1] = ends[at];
      remove(at);
    } else if (joinsBefore) {
      ends[at - 1] = tsn;
    } else if (joinsAfter) {
      starts[at] = tsn;
    } else {
      insert(at, tsn);
    }
  }

  /** All up to {@code tsn} counts as received: FORWARD-TSN. */
  void forwardTo(long tsn) {
    if (tsn <= cumulative) {
      return;
    }
    cumulative = tsn;
    absorb();
  }

  /** Takes in the ranges that the cumulative TSN has reached. */
  private void absorb() {
    int gone = 0;
    while (gone < ranges && starts[gone] <= cumulative + 1) {
      cumulative = Math.max(cumulative, ends[gone]);
      gone++;
    }
    if (gone > 0) {
      System.arraycopy(starts, gone, starts, 0, ranges - gone);
      System.arraycopy(ends, gone, ends, 0, ranges - gone);
      ranges -= gone;
      steps += gone;
      if (ranges == 0 && starts.length > MANY_RANGES) {
        starts = new long[FEW_RANGES];
        ends = new long[FEW_RANGES];
      }
    }
  }

  /** What the ranges take on the heap. */
  long memoryBytes() {
    return 2 * HeapSize.ofLongs(starts.length);
  }

  /** How many ranges were looked at one by one. */
  long steps() {
    return steps;
  }

  private int firstEndingAtOrAfter(long tsn) {
    int found = Arrays.binarySearch(ends, 0, ranges, tsn);
    return found >= 0 ? found : -found - 1;
  }

  private void insert(int at, long tsn) {
    if (ranges == starts.length) {
      starts = Arrays.copyOf(starts, 2 * ranges);
      ends = Arrays.copyOf(ends, 2 * ranges);
    }
    System.arraycopy(starts, at, starts, at + 1, ranges - at);
    System.arraycopy(ends, at, ends, at + 1, ranges - at);
    starts[at] = tsn;
    ends[at] = tsn;
    ranges++;
  }

  private void remove(int at) {
    System.arraycopy(starts, at + 1, starts, at, ranges - at - 1);
    System.arraycopy(ends, at + 1, ends, at, ranges - at - 1);
    ranges--;
  }
}
