package dev.tautline.datachannel;

/** Which candidates may be used. */
public enum IceTransportPolicy {
  /** All: the default. */
  ALL,
  /**
   * Relayed ones only, so that the peer never learns our addresses. Not supported yet: a connection
   * with it is refused.
   */
  RELAY
}
