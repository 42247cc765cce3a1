package dev.tautline.sctp.scenario;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.opentest4j.AssertionFailedError;

/**
 * The ladders of one run. Of two scenarios with the same ladder the one that ends later fails, in
 * whatever order they run.
 */
final class LadderRegistry {
  private static final Map<String, String> OWNERS = new HashMap<>();
  private static final Set<String> SCENARIOS = new HashSet<>();

  private LadderRegistry() {}

  /**
   * Enters one test's ladder. Several of one method (sizes, vectors) may be alike: they count as
   * one scenario.
   */
  static synchronized void add(String scenario, Ladder ladder) {
    String owner = OWNERS.putIfAbsent(ladder.key(), scenario);
    if (owner != null && !owner.equals(scenario)) {
      throw new AssertionFailedError(
          scenario + " has the same packet ladder as " + owner + "; " + ladder.show());
    }
    SCENARIOS.add(scenario);
  }

  /** How many scenarios there were since {@link #clear}. */
  static synchronized int size() {
    return SCENARIOS.size();
  }

  static synchronized void clear() {
    OWNERS.clear();
    SCENARIOS.clear();
  }
}
