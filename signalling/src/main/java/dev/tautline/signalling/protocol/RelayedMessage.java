package dev.tautline.signalling.protocol;

import org.jspecify.annotations.Nullable;

/** What one member says to another through the room. The server relays it and does not judge it. */
public sealed interface RelayedMessage {
  /**
   * A session description.
   *
   * @param type {@code offer}, {@code answer} or {@code pranswer}
   * @param sdp the description as its peer connection made it
   */
  record Description(String type, String sdp) implements RelayedMessage {
    /** Checks the type. */
    public Description {
      if (!type.equals("offer") && !type.equals("answer") && !type.equals("pranswer")) {
        throw new IllegalArgumentException("A description's type is offer, answer or pranswer");
      }
    }

    /** Whether this is an offer. */
    public boolean isOffer() {
      return type.equals("offer");
    }
  }

  /**
   * One ICE candidate, in the members of {@code RTCIceCandidateInit}.
   *
   * @param candidate the candidate line; empty when there are no more
   * @param sdpMid the media section's name
   * @param sdpMLineIndex the media section's index
   * @param usernameFragment the ICE generation it belongs to
   */
  record Candidate(
      String candidate,
      @Nullable String sdpMid,
      @Nullable Integer sdpMLineIndex,
      @Nullable String usernameFragment)
      implements RelayedMessage {}
}
