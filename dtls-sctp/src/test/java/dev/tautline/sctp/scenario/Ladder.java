package dev.tautline.sctp.scenario;

import dev.tautline.testkit.Fate;
import dev.tautline.testkit.SimulatedPacket;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/**
 * The packets of one test in the order in which they were sent. Two ladders are the same when the
 * same packets go the same ways with the same fate: numbers that are drawn at random (tags, TSNs,
 * cookies, nonces) are replaced by names, times by whether any passed.
 *
 * <p>Thread rule: belongs to the thread that runs the test.
 */
public final class Ladder {
  /** Beyond that a test is no ladder any more, but a load; it is told apart by its beginning. */
  private static final int MAX_RUNGS = 1_000;

  private static final ThreadLocal<Ladder> CURRENT = new ThreadLocal<>();

  private final LadderText text = new LadderText();
  private final StringBuilder key = new StringBuilder();
  private final List<String> shown = new ArrayList<>();
  private final Set<Long> seeds = new LinkedHashSet<>();
  private int lanes;
  private int rungs;
  private int preparatoryRungs;
  private long lastNanos;

  Ladder() {}

  /** The ladder of the test that runs on this thread, if its class is one of scenarios. */
  public static Optional<Ladder> current() {
    return Optional.ofNullable(CURRENT.get());
  }

  static Ladder begin() {
    var ladder = new Ladder();
    CURRENT.set(ladder);
    return ladder;
  }

  static void end() {
    CURRENT.remove();
  }

  /** One more association with a peer of its own: its number. */
  public int addLane() {
    lastNanos = 0;
    return ++lanes;
  }

  /** A packet from the peer that the test plays to the association. */
  public void toAssociation(int lane, long nowNanos, byte[] packet) {
    add(lane + " peer -> association", nowNanos, packet, "");
  }

  /** A packet from the association to the peer that the test plays. */
  public void fromAssociation(int lane, long nowNanos, byte[] packet) {
    add(lane + " peer <- association", nowNanos, packet, "");
  }

  /** A packet between two associations on a simulated network. */
  public void onNetwork(int lane, SimulatedPacket packet, Fate fate) {
    String way = lane + " " + packet.from() + " -> " + packet.to();
    String end = fate == Fate.DELIVERED ? "" : "  " + fate.name().toLowerCase(Locale.ROOT);
    add(way, packet.sentNanos(), packet.bytes(), end);
  }

  /** What came until now only sets the stage. */
  public void stageIsSet() {
    if (preparatoryRungs == 0) {
      preparatoryRungs = rungs;
    }
  }

  void usesSeed(long seed) {
    seeds.add(seed);
  }

  private void add(String way, long nanos, byte[] packet, String end) {
    rungs++;
    if (rungs > MAX_RUNGS) {
      return;
    }
    String what = way + "  " + text.describe(packet) + end;
    key.append(nanos > lastNanos ? "later " : "").append(what).append('\n');
    lastNanos = nanos;
    shown.add(String.format(Locale.ROOT, "%12.3f ms  %s", nanos / 1_000_000.0, what));
  }

  /** Whether anything happened beyond setting the stage. */
  boolean isScenario() {
    return rungs > preparatoryRungs;
  }

  /** Equal for equal ladders. */
  String key() {
    return key.toString();
  }

  /** For people: the packets with their times, and the seeds. */
  String show() {
    var all = new StringBuilder("packet ladder, seeds " + seeds);
    all.append(", -D").append(Seeds.RUN).append('=').append(Long.getLong(Seeds.RUN, 0)).append(":");
    for (String rung : shown) {
      all.append('\n').append(rung);
    }
    if (rungs > MAX_RUNGS) {
      all.append("\n… and ").append(rungs - MAX_RUNGS).append(" packets more");
    }
    return all.toString();
  }
}
