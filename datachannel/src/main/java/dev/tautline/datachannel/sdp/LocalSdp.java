package dev.tautline.datachannel.sdp;

import java.util.List;
import java.util.stream.Collectors;

/**
 * A description of ours, RFC 9429 sections 5.2.1 and 5.3.1.
 *
 * @param sessionId a random number of 63 bits that stays for the life of the connection
 * @param version grows by one with every description that differs from the one before
 * @param icePacingMillis the pacing that we propose (RFC 8839 section 5.5)
 * @param bundleMids the tags in {@code a=group:BUNDLE}; no line when empty
 * @param sections the m-sections in the session's order
 */
public record LocalSdp(
    long sessionId,
    long version,
    int icePacingMillis,
    List<String> bundleMids,
    List<LocalSection> sections) {
  /** The lists are immutable. */
  public LocalSdp {
    bundleMids = List.copyOf(bundleMids);
    sections = List.copyOf(sections);
  }

  /** The same description with another version. */
  public LocalSdp withVersion(long newVersion) {
    return new LocalSdp(sessionId, newVersion, icePacingMillis, bundleMids, sections);
  }

  /** The same description, its data section with what was gathered so far. */
  public LocalSdp withCandidates(GatheredCandidates gathered) {
    List<LocalSection> changed =
        sections.stream()
            .map(s -> s instanceof LocalSection.Data d ? d.withCandidates(gathered) : s)
            .collect(Collectors.toList());
    return new LocalSdp(sessionId, version, icePacingMillis, bundleMids, changed);
  }

  /** The text, each line ended by CR LF. */
  public String toSdp() {
    var out = new StringBuilder(768);
    line(out, "v=0");
    line(out, "o=- " + sessionId + ' ' + version + " IN IP4 127.0.0.1");
    line(out, "s=-");
    line(out, "t=0 0");
    if (!bundleMids.isEmpty()) {
      line(out, "a=group:BUNDLE " + String.join(" ", bundleMids));
    }
    line(out, "a=ice-pacing:" + icePacingMillis);
    for (LocalSection section : sections) {
      section.write(out);
    }
    return out.toString();
  }

  static void line(StringBuilder out, String line) {
    out.append(line).append("\r\n");
  }
}
