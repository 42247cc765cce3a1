package dev.tautline.datachannel;

import java.util.Locale;

/**
 * How channels share the path when it is busy (RFC 8831 section 6.4), with the W3C's names as
 * {@link #toString()}.
 */
public enum DataChannelPriority {
  /** Half the share of {@link #LOW}. */
  VERY_LOW,
  /** The default. */
  LOW,
  /** Twice the share of {@link #LOW}. */
  MEDIUM,
  /** Four times the share of {@link #LOW}. */
  HIGH;

  /** The W3C's name, for example {@code very-low}. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
