package dev.tautline.datachannel.sdp;

import java.util.List;
import java.util.OptionalInt;

/**
 * What a peer's description says, as far as data channels need it.
 *
 * @param bundleMids the tags in {@code a=group:BUNDLE}; empty when there is no such line
 * @param iceLite whether the peer is an ICE-lite agent
 * @param icePacingMillis the pacing it proposes, from {@code a=ice-pacing}
 * @param sections its m-sections in order
 */
public record RemoteSdp(
    List<String> bundleMids,
    IceMode iceLite,
    OptionalInt icePacingMillis,
    List<RemoteSection> sections) {
  /** The largest text that is read, in characters. */
  public static final int MAX_CHARACTERS = 256 << 10;

  /** The most lines that are read. */
  public static final int MAX_LINES = 4096;

  /** The most candidates that one description may hold. */
  public static final int MAX_CANDIDATES = 128;

  /** Which kind of agent the peer is. */
  public enum IceMode {
    /** It sends checks. */
    FULL,
    /** It only answers checks (RFC 8445 section 2.5). */
    LITE
  }

  /** The lists are immutable. */
  public RemoteSdp {
    bundleMids = List.copyOf(bundleMids);
    sections = List.copyOf(sections);
  }

  /**
   * Reads a description.
   *
   * @throws SdpParseException if it is too large or a line that matters is malformed
   */
  public static RemoteSdp parse(String sdp) throws SdpParseException {
    return new SdpParser(sdp).parse();
  }

  /** The index of the section with that tag, or -1. */
  public int indexOfMid(String mid) {
    for (int i = 0; i < sections.size(); i++) {
      if (mid.equals(sections.get(i).mid())) {
        return i;
      }
    }
    return -1;
  }

  /** The index of the first section that is a live data section, or -1. */
  public int dataSectionIndex() {
    for (int i = 0; i < sections.size(); i++) {
      if (sections.get(i).isData() && !sections.get(i).isRejected()) {
        return i;
      }
    }
    return -1;
  }
}
