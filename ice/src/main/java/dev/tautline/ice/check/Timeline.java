package dev.tautline.ice.check;

import dev.tautline.ice.IceReport;
import java.util.ArrayList;
import java.util.List;

/** What happened when; bounded, so that a long life does not fill memory. */
public final class Timeline {
  private static final int MAX_EVENTS = 200;
  private static final int KEPT_FROM_START = 100;
  private static final long NANOS_PER_MILLI = 1_000_000;

  private final List<IceReport.Event> events = new ArrayList<>();

  /** Notes something. Of too many, the first 100 and the last ones are kept. */
  public void add(long nowNanos, String what) {
    if (events.size() == MAX_EVENTS) {
      events.remove(KEPT_FROM_START);
    }
    events.add(new IceReport.Event(nowNanos / NANOS_PER_MILLI, what));
  }

  /** A copy of what was noted. */
  public List<IceReport.Event> events() {
    return List.copyOf(events);
  }
}
