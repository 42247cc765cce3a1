package dev.tautline.datachannel;

import java.util.Locale;

/** How far a channel is, with the W3C's names as {@link #toString()}. */
public enum DataChannelState {
  /** It waits for the connection. */
  CONNECTING,
  /** Messages can be sent. */
  OPEN,
  /** It is being closed; what was sent before still goes out. */
  CLOSING,
  /** It ended. */
  CLOSED;

  /** The W3C's name, for example {@code open}. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
