package dev.tautline.datachannel;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One ICE candidate, as the signalling carries it: the W3C's RTCIceCandidateInit.
 *
 * @param candidate the line from "candidate:" on, with or without "a="; empty says that no more
 *     candidates follow
 * @param sdpMid the media section's identification tag, or null
 * @param sdpMLineIndex the media section's index from 0, or null
 * @param usernameFragment the ufrag of the generation it belongs to, or null for the present one
 */
public record IceCandidateInit(
    String candidate,
    @Nullable String sdpMid,
    @Nullable Integer sdpMLineIndex,
    @Nullable String usernameFragment) {
  /** The candidate may be empty, not null. */
  public IceCandidateInit {
    Objects.requireNonNull(candidate, "candidate");
  }

  /** A candidate of the section with this identification tag. */
  public static IceCandidateInit of(String candidate, String sdpMid) {
    return new IceCandidateInit(candidate, sdpMid, null, null);
  }

  /** Says that no more candidates follow. */
  public static IceCandidateInit endOfCandidates() {
    return new IceCandidateInit("", null, null, null);
  }
}
