package dev.tautline.signalling.protocol;

import java.util.Locale;

/** Why a member is no longer there. */
public enum LeaveReason {
  /** It said so. */
  LEFT,
  /** It gave no sign of life for too long. */
  EXPIRED,
  /** Its owner claimed the slot anew with the old token: a page was reloaded. */
  REPLACED,
  /** A word that this version does not know. */
  OTHER;

  /** The word on the wire. */
  public String wireName() {
    return name().toLowerCase(Locale.ROOT);
  }

  static LeaveReason ofWireName(String word) {
    for (LeaveReason reason : values()) {
      if (reason.wireName().equals(word)) {
        return reason;
      }
    }
    return OTHER;
  }
}
