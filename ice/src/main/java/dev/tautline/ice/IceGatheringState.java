package dev.tautline.ice;

/** How far gathering is; the names and meanings of {@code RTCIceGatheringState}. */
public enum IceGatheringState {
  /** Gathering has not begun. */
  NEW,
  /** Candidates are being gathered. */
  GATHERING,
  /** Every candidate there will be was reported. */
  COMPLETE
}
