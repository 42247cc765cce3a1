package dev.tautline.datachannel.sdp;

/**
 * The value of an {@code a=fingerprint} line (RFC 8122 section 5).
 *
 * @param algorithm the hash's name in lower case
 * @param value upper-case hex pairs with colons between them
 */
public record SdpFingerprint(String algorithm, String value) {
  /** As it stands in SDP, behind {@code a=fingerprint:}. */
  @Override
  public String toString() {
    return algorithm + ' ' + value;
  }
}
