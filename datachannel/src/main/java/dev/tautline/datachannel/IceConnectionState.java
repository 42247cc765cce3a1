package dev.tautline.datachannel;

import java.util.Locale;

/** How ICE is doing, with the W3C's names as {@link #toString()}. */
public enum IceConnectionState {
  /** Not started. */
  NEW,
  /** Candidate pairs are being checked. */
  CHECKING,
  /** A pair works; better ones are still being looked for. */
  CONNECTED,
  /** A pair works and the search has ended. */
  COMPLETED,
  /** The pair does not answer at the moment; it may come back. */
  DISCONNECTED,
  /** No pair works. */
  FAILED,
  /** {@link PeerConnection#close()} was called. */
  CLOSED;

  /** The W3C's name, for example {@code checking}. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
