package dev.tautline.datachannel;

import java.util.Locale;

/** How a connection as a whole is doing, with the W3C's names as {@link #toString()}. */
public enum PeerConnectionState {
  /** Nothing was negotiated yet. */
  NEW,
  /** ICE or DTLS are at work. */
  CONNECTING,
  /** Data can flow. */
  CONNECTED,
  /** The path does not answer at the moment; it may come back. */
  DISCONNECTED,
  /** It ended; the cause is in {@link PeerConnection#failure()}. */
  FAILED,
  /** {@link PeerConnection#close()} was called. */
  CLOSED;

  /** The W3C's name, for example {@code connected}. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
