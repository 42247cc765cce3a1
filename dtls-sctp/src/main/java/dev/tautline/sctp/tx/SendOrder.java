package dev.tautline.sctp.tx;

/**
 * TSNs in the order of their sending, in a ring; one that is sent again is added again. Who asks
 * knows which entries no longer hold: taking each out when its acknowledgement comes would cost
 * more than passing over it.
 */
final class SendOrder {
  /** Far above 0, so that something can be put in front. */
  private static final long FIRST_ORDER = 1L << 40;

  private long[] ring = new long[64];
  private long first = FIRST_ORDER;
  private long next = FIRST_ORDER;

  boolean isEmpty() {
    return first == next;
  }

  boolean isFull() {
    return next - first == ring.length;
  }

  /** Adds a TSN that is sent now; returns its place, which rises by one each time. */
  long add(long tsn) {
    growWhenFull();
    ring[slot(next)] = tsn;
    return next++;
  }

  /** Puts a TSN in front of all others; returns its place. */
  long addFirst(long tsn) {
    growWhenFull();
    first--;
    ring[slot(first)] = tsn;
    return first;
  }

  private void growWhenFull() {
    if (!isFull()) {
      return;
    }
    long[] old = ring;
    ring = new long[2 * old.length];
    for (long order = first; order < next; order++) {
      ring[slot(order)] = old[(int) order & old.length - 1];
    }
  }

  private int slot(long order) {
    return (int) order & ring.length - 1;
  }

  long first() {
    return first;
  }

  long firstTsn() {
    return tsnAt(first);
  }

  void removeFirst() {
    first++;
  }

  /** The place after the newest. */
  long end() {
    return next;
  }

  /** The TSN at a place from {@link #first()} on, before {@link #end()}. */
  long tsnAt(long order) {
    return ring[slot(order)];
  }
}
