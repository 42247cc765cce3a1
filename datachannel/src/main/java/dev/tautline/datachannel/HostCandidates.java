package dev.tautline.datachannel;

/** Whether the peer is told the addresses of our interfaces. */
public enum HostCandidates {
  /** It is: the default. */
  OFFERED,
  /**
   * It is not, nor as related addresses of others. Checks still leave from them, so that a peer
   * whose addresses can be reached is reached; it sees then from where.
   */
  HIDDEN
}
