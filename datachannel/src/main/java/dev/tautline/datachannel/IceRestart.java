package dev.tautline.datachannel;

/** Who asks for a restart of ICE when the path between the peers breaks. */
public enum IceRestart {
  /** The application, by {@link PeerConnection#restartIce}. */
  MANUAL,
  /**
   * The connection itself: when it is disconnected and stays so, when ICE failed, and when the
   * address that carried the data vanished from this host. The application is told by {@link
   * PeerConnection#onNegotiationNeeded} and carries offer and answer.
   */
  AUTOMATIC
}
