package dev.tautline.rpc;

/** Known faults of peers that this side may work around. */
public enum PeerQuirks {
  /** None; right for the module that Tautline ships. */
  NONE,
  /**
   * The experimental string channel adapter of 2020 to 2021: on ports that the page made it loses
   * {@code null} and typed arrays, so {@code null} is left out and bytes go as {@code ArrayBuffer}.
   */
  STRING_CHANNEL_2020
}
