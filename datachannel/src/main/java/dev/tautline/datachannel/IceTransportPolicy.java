package dev.tautline.datachannel;

/** Which candidates may be used. */
public enum IceTransportPolicy {
  /** All: the default. */
  ALL,
  /**
   * Relayed ones only, so that the peer never learns our addresses. Without a TURN server among
   * {@link PeerConnectionOptions#iceServers} nothing connects.
   */
  RELAY
}
