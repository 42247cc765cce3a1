package dev.tautline.datachannel;

import java.util.Locale;

/** How far the search for local candidates is, with the W3C's names as {@link #toString()}. */
public enum IceGatheringState {
  /** Not started. */
  NEW,
  /** Candidates are being gathered. */
  GATHERING,
  /** All candidates are known. */
  COMPLETE;

  /** The W3C's name, for example {@code gathering}. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
