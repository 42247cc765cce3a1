package dev.tautline.datachannel;

import dev.tautline.base.Words;
import dev.tautline.datachannel.sdp.GatheredCandidates;
import dev.tautline.ice.IceCandidate;
import dev.tautline.ice.IceCandidateType;
import dev.tautline.ice.IceParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Candidates between their lines, ICE's records and the API's. */
final class Candidates {
  private Candidates() {}

  /**
   * Reads a line; empty when its type is one that nobody knew when this was written: RFC 8839
   * section 5.1 wants those skipped.
   */
  static Optional<IceCandidate> parse(String line) throws IceParseException {
    String[] words = Words.of(line.strip(), " \t");
    if (words.length >= 8 && words[6].equalsIgnoreCase("typ")) {
      boolean known = false;
      for (IceCandidateType type : IceCandidateType.values()) {
        known |= type.token().equalsIgnoreCase(words[7]);
      }
      if (!known) {
        return Optional.empty();
      }
    }
    return Optional.of(IceCandidate.parse(line));
  }

  /** For the API. */
  static SelectedCandidatePair.Candidate describe(IceCandidate candidate) {
    return new SelectedCandidatePair.Candidate(
        candidate.type().token(),
        candidate.transport().toLowerCase(Locale.ROOT),
        candidate.address(),
        candidate.port());
  }

  /** For our description. */
  static GatheredCandidates gathered(
      List<IceCandidate> candidates, GatheredCandidates.Progress progress) {
    List<String> lines = new ArrayList<>(candidates.size());
    IceCandidate best = null;
    for (IceCandidate candidate : candidates) {
      lines.add(candidate.toLine());
      if (candidate.isUdp()
          && !candidate.isMulticastDnsName()
          && (best == null || defaultRank(candidate) > defaultRank(best))) {
        best = candidate;
      }
    }
    // The default candidate is named once all are known; until then the address says "trickle".
    return best == null || progress == GatheredCandidates.Progress.RUNNING
        ? new GatheredCandidates(lines, progress, "0.0.0.0", 9)
        : new GatheredCandidates(lines, progress, best.address(), best.port());
  }

  /** RFC 8445 section 5.1.4: relayed before reflexive before host; IPv4 as the likelier to work. */
  private static int defaultRank(IceCandidate candidate) {
    int kind =
        switch (candidate.type()) {
          case RELAYED -> 4;
          case SERVER_REFLEXIVE, PEER_REFLEXIVE -> 2;
          case HOST -> 0;
        };
    return kind + (candidate.address().indexOf(':') < 0 ? 1 : 0);
  }
}
