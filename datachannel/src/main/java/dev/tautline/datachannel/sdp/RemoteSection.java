package dev.tautline.datachannel.sdp;

import java.util.List;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One m-section of a peer's description. Attributes that may stand at session level are resolved:
 * the section's own count, else the session's.
 */
public final class RemoteSection {
  /** What a description without {@code a=max-message-size} means, RFC 8841 section 6.1. */
  public static final long DEFAULT_MAX_MESSAGE_SIZE = 65_536;

  /** SCTP's port when nothing is said. */
  public static final int DEFAULT_SCTP_PORT = 5000;

  private final String kind;
  private final int port;
  private final String protocol;
  private final String formats;
  private final @Nullable String mid;
  private final @Nullable String ufrag;
  private final @Nullable String pwd;
  private final Set<String> iceOptions;
  private final List<SdpFingerprint> fingerprints;
  private final @Nullable SdpSetup setup;
  private final OptionalInt sctpPort;
  private final OptionalLong maxMessageSize;
  private final List<String> candidates;
  private final boolean endOfCandidates;
  private final boolean bundleOnly;

  RemoteSection(SdpParser.Section section, SdpParser.Section session) {
    this.kind = section.kind;
    this.port = section.port;
    this.protocol = section.protocol;
    this.formats = section.formats;
    this.mid = section.mid;
    // RFC 8839 section 5.4: both values of one level, never one of each.
    boolean ownCredentials = section.ufrag != null || section.pwd != null;
    this.ufrag = ownCredentials ? section.ufrag : session.ufrag;
    this.pwd = ownCredentials ? section.pwd : session.pwd;
    this.iceOptions =
        Set.copyOf(section.iceOptions.isEmpty() ? session.iceOptions : section.iceOptions);
    // RFC 8122 section 5: session-level fingerprints count where a section has none of its own.
    this.fingerprints =
        List.copyOf(section.fingerprints.isEmpty() ? session.fingerprints : section.fingerprints);
    this.setup = section.setup != null ? section.setup : session.setup;
    this.sctpPort = section.sctpPort;
    this.maxMessageSize = section.maxMessageSize;
    this.candidates = List.copyOf(section.candidates);
    this.endOfCandidates = section.endOfCandidates || session.endOfCandidates;
    this.bundleOnly = section.bundleOnly;
  }

  /** application, audio, video, … */
  public String kind() {
    return kind;
  }

  /** The port in the m-line. */
  public int port() {
    return port;
  }

  /** The transport in the m-line, for example {@code UDP/DTLS/SCTP}. */
  public String protocol() {
    return protocol;
  }

  /** What follows the transport in the m-line. */
  public String formats() {
    return formats;
  }

  /** The identification tag, or null where the peer gives none. */
  public @Nullable String mid() {
    return mid;
  }

  /** The ICE user name fragment, or null. */
  public @Nullable String ufrag() {
    return ufrag;
  }

  /** The ICE password, or null. */
  public @Nullable String pwd() {
    return pwd;
  }

  /** Whether the peer takes candidates one by one. */
  public boolean trickles() {
    return iceOptions.contains("trickle");
  }

  /** The certificate's fingerprints, all hashes. */
  public List<SdpFingerprint> fingerprints() {
    return fingerprints;
  }

  /** The peer's part in the DTLS handshake, or null where it says nothing. */
  public @Nullable SdpSetup setup() {
    return setup;
  }

  /** SCTP's port; 5000 when nothing is said. */
  public int sctpPort() {
    return sctpPort.orElse(DEFAULT_SCTP_PORT);
  }

  /** The largest message in bytes that the peer takes; 65536 when nothing is said, 0 for any. */
  public long maxMessageSize() {
    return maxMessageSize.orElse(DEFAULT_MAX_MESSAGE_SIZE);
  }

  /** The candidates, each from "candidate:" on. */
  public List<String> candidates() {
    return candidates;
  }

  /** Whether no more candidates follow. */
  public boolean endOfCandidates() {
    return endOfCandidates;
  }

  /** Whether it is refused or stopped: port 0, unless that only means "in the bundle". */
  public boolean isRejected() {
    return port == 0 && !bundleOnly;
  }

  /** Whether data channels can run over it. */
  public boolean isData() {
    return kind.equals("application")
        && (isCurrentForm() && formats.equals("webrtc-datachannel") || isOldForm());
  }

  /** Whether it has the form of drafts before RFC 8841: {@code DTLS/SCTP 5000} and sctpmap. */
  public boolean isOldForm() {
    return protocol.equalsIgnoreCase("DTLS/SCTP");
  }

  private boolean isCurrentForm() {
    return protocol.equalsIgnoreCase("UDP/DTLS/SCTP") || protocol.equalsIgnoreCase("TCP/DTLS/SCTP");
  }
}
