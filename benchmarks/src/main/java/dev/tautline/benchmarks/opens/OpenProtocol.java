package dev.tautline.benchmarks.opens;

/**
 * The lines that a contestant's process speaks on its standard streams. It is started with {@code
 * offer} or {@code answer}.
 *
 * <pre>{@code
 * both     -> READY
 * offerer  <- GO                 makes a connection and a channel, then the offer
 * offerer  -> OFFER <base64 of the SDP>             handed to the answerer
 * answerer -> ANSWER <base64 of the SDP>            handed to the offerer
 * either   -> CANDIDATE <base64 of mid, a space and the candidate>   handed to the other
 * offerer  -> OPEN <microseconds from just before createOffer until its channel was open>
 * either   -> FAILED <why>       ends the comparison
 * both     <- END                closes the connection
 * both     -> ENDED
 * }</pre>
 */
final class OpenProtocol {
  static final String OFFERER = "offer";
  static final String ANSWERER = "answer";
  static final String READY = "READY";
  static final String GO = "GO";
  static final String OFFER = "OFFER";
  static final String ANSWER = "ANSWER";
  static final String CANDIDATE = "CANDIDATE";
  static final String OPEN = "OPEN";
  static final String FAILED = "FAILED";
  static final String END = "END";
  static final String ENDED = "ENDED";

  private OpenProtocol() {}
}
