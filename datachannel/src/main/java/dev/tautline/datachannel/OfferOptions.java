package dev.tautline.datachannel;

/**
 * How an offer is made.
 *
 * @param iceRestart whether it brings new ICE credentials, so that both sides look for a way to
 *     each other anew; the channels stay as they are. Without effect before the first answer
 */
public record OfferOptions(boolean iceRestart) {
  /** No restart, unless {@link PeerConnection#restartIce} asked for one. */
  public static OfferOptions defaults() {
    return new OfferOptions(false);
  }

  /** A restart of ICE. */
  public static OfferOptions restartingIce() {
    return new OfferOptions(true);
  }
}
