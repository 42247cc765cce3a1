package dev.tautline.datachannel;

import java.util.Locale;

/** What a session description is, with the W3C's names as {@link #toString()}. */
public enum SdpType {
  /** Proposes a session. */
  OFFER,
  /** Accepts an offer for good. */
  ANSWER,
  /** Answers an offer for now; a final answer follows. */
  PRANSWER,
  /** Takes back the offer that is under negotiation; its SDP is empty. */
  ROLLBACK;

  /** The type of that W3C name. */
  public static SdpType of(String name) {
    for (SdpType type : values()) {
      if (type.toString().equals(name)) {
        return type;
      }
    }
    throw new IllegalArgumentException(
        "a description's type is offer, answer, pranswer or rollback, not \"" + name + '"');
  }

  /** The W3C's name: offer, answer, pranswer, rollback. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
