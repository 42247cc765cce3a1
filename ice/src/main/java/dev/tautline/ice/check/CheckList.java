package dev.tautline.ice.check;

import dev.tautline.ice.IceRole;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The pairs and which of them is checked next, RFC 8445 sections 6.1.2 and 6.1.4. At most {@value
 * #MAX_PAIRS}, best first.
 */
final class CheckList {
  /** RFC 8445 section 6.1.2.5. */
  static final int MAX_PAIRS = 100;

  private final List<Pair> pairs = new ArrayList<>();
  private final Map<Route, Pair> byRoute = new HashMap<>();
  private final Deque<Pair> triggered = new ArrayDeque<>();

  /** The pairs, best first; not a copy. */
  List<Pair> pairs() {
    return pairs;
  }

  @Nullable Pair find(Route route) {
    return byRoute.get(route);
  }

  /**
   * Adds a pair at its priority's place. One whose address sent an authentic check goes before any
   * that the peer has only told of, so that a hundred empty promises do not keep out what is there.
   *
   * @return the pair that had to go for it, the new one itself when it is the lowest; null when
   *     there was room
   */
  @Nullable Pair add(Pair pair) {
    Pair dropped = null;
    if (pairs.size() >= MAX_PAIRS) {
      dropped = lowestThatMayGo();
      if (dropped == null
          || !pair.checkReceived
              && Long.compareUnsigned(dropped.priority(), pair.priority()) >= 0) {
        return pair;
      }
      remove(dropped);
    }
    int at = 0;
    while (at < pairs.size()
        && Long.compareUnsigned(pairs.get(at).priority(), pair.priority()) >= 0) {
      at++;
    }
    pairs.add(at, pair);
    byRoute.put(pair.route(), pair);
    return dropped;
  }

  private @Nullable Pair lowestThatMayGo() {
    for (int i = pairs.size() - 1; i >= 0; i--) {
      Pair pair = pairs.get(i);
      if (!pair.valid && !pair.checkReceived) {
        return pair;
      }
    }
    return null;
  }

  /** Takes a pair out. */
  void remove(Pair pair) {
    pairs.remove(pair);
    byRoute.remove(pair.route());
    triggered.remove(pair);
  }

  /** Priorities anew: the role or a candidate changed. */
  void reorder(IceRole role) {
    for (Pair pair : pairs) {
      pair.computePriority(role);
    }
    pairs.sort((a, b) -> Long.compareUnsigned(b.priority(), a.priority()));
  }

  /** Queues a triggered check; one that waits already keeps its place. */
  void trigger(Pair pair) {
    if (!triggered.contains(pair)) {
      triggered.addLast(pair);
    }
  }

  /** Queues a check that goes before all others: a nomination. */
  void triggerFirst(Pair pair) {
    triggered.remove(pair);
    triggered.addFirst(pair);
  }

  /** Takes a triggered check back. */
  void untrigger(Pair pair) {
    triggered.remove(pair);
  }

  boolean hasTriggered() {
    return !triggered.isEmpty();
  }

  @Nullable Pair pollTriggered() {
    return triggered.pollFirst();
  }

  void clearTriggered() {
    triggered.clear();
  }

  /**
   * The best waiting pair; if none waits, the best frozen one whose foundation nobody is checking,
   * RFC 8445 section 6.1.4.2.
   *
   * @param wanted which pairs may be chosen
   */
  @Nullable Pair nextOrdinary(Predicate<Pair> wanted) {
    for (Pair pair : pairs) {
      if (pair.state() == Pair.State.WAITING && !triggered.contains(pair) && wanted.test(pair)) {
        return pair;
      }
    }
    Set<String> busy = new HashSet<>();
    for (Pair pair : pairs) {
      if (pair.state() == Pair.State.IN_PROGRESS || pair.state() == Pair.State.WAITING) {
        busy.add(pair.foundation());
      }
    }
    for (Pair pair : pairs) {
      if (pair.state() == Pair.State.FROZEN
          && !busy.contains(pair.foundation())
          && wanted.test(pair)) {
        return pair;
      }
    }
    return null;
  }

  /** A success unfreezes the pairs of the same foundation, RFC 8445 section 7.2.5.3.3. */
  void unfreeze(String foundation) {
    for (Pair pair : pairs) {
      if (pair.state() == Pair.State.FROZEN && pair.foundation().equals(foundation)) {
        pair.become(Pair.State.WAITING, "waiting");
      }
    }
  }

  /** How many wait or are being checked: RFC 8445 section 14.3 wants it for the RTO. */
  int waitingOrInProgress() {
    int count = 0;
    for (Pair pair : pairs) {
      if (pair.state() == Pair.State.WAITING || pair.state() == Pair.State.IN_PROGRESS) {
        count++;
      }
    }
    return count;
  }

  /** The best pair that has not failed. */
  @Nullable Pair top() {
    for (Pair pair : pairs) {
      if (pair.state() != Pair.State.FAILED) {
        return pair;
      }
    }
    return null;
  }

  /** The best valid pair. */
  @Nullable Pair bestValid() {
    return bestValid(pair -> true);
  }

  /** The best valid pair of those that are wanted. */
  @Nullable Pair bestValid(Predicate<Pair> wanted) {
    for (Pair pair : pairs) {
      if (pair.valid && wanted.test(pair)) {
        return pair;
      }
    }
    return null;
  }
}
