package dev.tautline.ice;

/** Which of the two agents nominates, RFC 8445 section 6.1.1. A role conflict may change it. */
public enum IceRole {
  /** Nominates the pair: the offerer of the first exchange, and whoever talks to a lite peer. */
  CONTROLLING,
  /** Follows the other side's nomination. */
  CONTROLLED;

  /** The other role. */
  public IceRole opposite() {
    return this == CONTROLLING ? CONTROLLED : CONTROLLING;
  }
}
