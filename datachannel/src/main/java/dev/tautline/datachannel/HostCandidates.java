package dev.tautline.datachannel;

/** Whether the peer is told the addresses of our interfaces. */
public enum HostCandidates {
  /** It is: the default. */
  OFFERED,
  /**
   * Random names under {@code .local} stand for them, one for each address and connection, as
   * browsers do it (draft-ietf-mmusic-mdns-ice-candidates). We answer for them by multicast DNS, so
   * that peers in the same local network find us and others learn nothing; related addresses are
   * not told, statistics and reports have the names. Needs UDP port 5353 shared with others on this
   * host and interfaces that multicast: where that cannot be had, no host candidate is told, and
   * {@link PeerConnection#iceReport} says why. What STUN and TURN servers see, and an announced
   * address, is told as it is.
   */
  MDNS_NAMES,
  /**
   * It is not, nor as related addresses of others. Checks still leave from them, so that a peer
   * whose addresses can be reached is reached; it sees then from where.
   */
  HIDDEN
}
