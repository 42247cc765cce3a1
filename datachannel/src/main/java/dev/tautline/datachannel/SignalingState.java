package dev.tautline.datachannel;

import java.util.Locale;

/** Where the exchange of offer and answer stands, with the W3C's names as {@link #toString()}. */
public enum SignalingState {
  /** No exchange is under way. */
  STABLE,
  /** An offer of ours was set; the answer is awaited. */
  HAVE_LOCAL_OFFER,
  /** An offer of the peer was set; the answer is ours to give. */
  HAVE_REMOTE_OFFER,
  /** A provisional answer of ours was set. */
  HAVE_LOCAL_PRANSWER,
  /** A provisional answer of the peer was set. */
  HAVE_REMOTE_PRANSWER,
  /** {@link PeerConnection#close()} was called. */
  CLOSED;

  /** The W3C's name, for example {@code have-local-offer}. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
