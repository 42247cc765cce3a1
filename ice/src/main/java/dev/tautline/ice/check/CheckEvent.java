package dev.tautline.ice.check;

import dev.tautline.ice.IceState;
import dev.tautline.ice.SelectedPair;

/** What happened in the check agent. */
public sealed interface CheckEvent {
  /**
   * The state is another.
   *
   * @param state the new one
   */
  record StateChanged(IceState state) implements CheckEvent {}

  /**
   * Data takes another pair from now on.
   *
   * @param pair the pair
   * @param route its route
   * @param otherPath whether there was another route before, so that what was learnt of it (round
   *     trips, congestion) does not hold any more
   */
  record PairChanged(SelectedPair pair, Route route, boolean otherPath) implements CheckEvent {}

  /**
   * The same pair carries data; its remote candidate, known from a check so far, was signalled.
   *
   * @param pair the pair as it is called now
   */
  record PairNamed(SelectedPair pair) implements CheckEvent {}

  /**
   * A route was validated, so datagrams held for it may be given.
   *
   * @param route the route
   */
  record Validated(Route route) implements CheckEvent {}
}
