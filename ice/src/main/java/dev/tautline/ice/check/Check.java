package dev.tautline.ice.check;

import dev.tautline.ice.IceRole;
import dev.tautline.stun.StunTransaction;

/**
 * A check that was sent.
 *
 * @param transaction the request and its timers
 * @param pair what it checks
 * @param role the role it carried
 * @param kind what it is for
 */
record Check(StunTransaction transaction, Pair pair, IceRole role, Kind kind) {
  /** What a check is for. */
  enum Kind {
    /** Finds out whether the pair works. */
    CONNECTIVITY,
    /** The same, with USE-CANDIDATE. */
    NOMINATION,
    /** Renews consent; sent once. */
    CONSENT
  }
}
