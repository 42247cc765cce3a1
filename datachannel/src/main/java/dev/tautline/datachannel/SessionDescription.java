package dev.tautline.datachannel;

import java.util.Objects;

/**
 * An offer or an answer, as the signalling carries it.
 *
 * @param type what it is
 * @param sdp its text; empty for a rollback
 */
public record SessionDescription(SdpType type, String sdp) {
  /** Neither may be null. */
  public SessionDescription {
    Objects.requireNonNull(type, "type");
    Objects.requireNonNull(sdp, "sdp");
  }

  /** An offer. */
  public static SessionDescription offer(String sdp) {
    return new SessionDescription(SdpType.OFFER, sdp);
  }

  /** Takes back an offer of ours that was not answered, with {@code setLocalDescription}. */
  public static SessionDescription rollback() {
    return new SessionDescription(SdpType.ROLLBACK, "");
  }

  /** An answer. */
  public static SessionDescription answer(String sdp) {
    return new SessionDescription(SdpType.ANSWER, sdp);
  }
}
