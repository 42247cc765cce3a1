package dev.tautline.ice;

/**
 * A server that gave no candidate; the other candidates go on. The fields of {@code
 * RTCPeerConnectionIceErrorEvent}.
 *
 * @param address our address the server was asked from; empty when it was not asked at all
 * @param port our port, 0 when it was not asked
 * @param url the server as it was configured
 * @param errorCode the STUN error code 300 to 699, or 701 when the server could not be reached
 * @param errorText what happened, in plain words
 */
public record IceCandidateError(
    String address, int port, String url, int errorCode, String errorText) {
  /** The code for a server that could not be reached or did not answer. */
  public static final int UNREACHABLE = 701;
}
