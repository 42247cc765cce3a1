package dev.tautline.datachannel.sdp;

import java.util.List;

/**
 * Local candidates as they go into a description.
 *
 * @param lines each from "candidate:" on, in the order they were found
 * @param progress whether more may follow
 * @param defaultAddress the address in {@code c=}: the default candidate's, or 0.0.0.0
 * @param defaultPort the port in {@code m=}: the default candidate's, or 9
 */
public record GatheredCandidates(
    List<String> lines, Progress progress, String defaultAddress, int defaultPort) {
  /** None yet: the address and port that RFC 8840 section 4.1.1 prescribes. */
  public static final GatheredCandidates NONE =
      new GatheredCandidates(List.of(), Progress.RUNNING, "0.0.0.0", 9);

  /** Whether more may follow. */
  public enum Progress {
    /** More may follow. */
    RUNNING,
    /** These are all: the description says end-of-candidates. */
    COMPLETE
  }

  /** The list is immutable. */
  public GatheredCandidates {
    lines = List.copyOf(lines);
  }
}
