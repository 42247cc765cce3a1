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
   * @param first whether it is the first one
   */
  record PairChanged(SelectedPair pair, Route route, boolean first) implements CheckEvent {}

  /**
   * A route was validated, so datagrams held for it may be given.
   *
   * @param route the route
   */
  record Validated(Route route) implements CheckEvent {}
}
