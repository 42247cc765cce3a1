package dev.tautline.datachannel.sdp;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** One m-section of a description of ours. */
public sealed interface LocalSection {
  /** Appends its lines. */
  void write(StringBuilder out);

  /** Its identification tag, or null where the peer's offer has none. */
  @Nullable String mid();

  /**
   * A section that we refuse or that was refused: port 0, with the media, protocol, formats and tag
   * that it has in the session (RFC 9429 section 5.3.1).
   */
  record Rejected(String kind, String protocol, String formats, @Nullable String mid)
      implements LocalSection {
    @Override
    public void write(StringBuilder out) {
      LocalSdp.line(out, "m=" + kind + " 0 " + protocol + ' ' + formats);
      LocalSdp.line(out, "c=IN IP4 0.0.0.0");
      if (mid != null) {
        LocalSdp.line(out, "a=mid:" + mid);
      }
      if (kind.equals("audio") || kind.equals("video")) {
        LocalSdp.line(out, "a=inactive");
      }
    }
  }

  /**
   * The section that carries the data channels, RFC 8841.
   *
   * @param protocol {@code UDP/DTLS/SCTP}, or what the peer's offer says
   * @param formats {@code webrtc-datachannel}, or SCTP's port in the old form
   * @param mid the identification tag, or null where the peer's offer has none
   * @param ufrag ICE user name fragment
   * @param pwd ICE password
   * @param fingerprints of our certificate
   * @param setup our part in the DTLS handshake
   * @param sctpPort SCTP's port
   * @param maxMessageSize the largest message in bytes that we take
   * @param gathered our candidates
   */
  record Data(
      String protocol,
      String formats,
      @Nullable String mid,
      String ufrag,
      String pwd,
      List<SdpFingerprint> fingerprints,
      SdpSetup setup,
      int sctpPort,
      long maxMessageSize,
      GatheredCandidates gathered)
      implements LocalSection {
    /** The list is immutable. */
    public Data {
      fingerprints = List.copyOf(fingerprints);
    }

    Data withCandidates(GatheredCandidates candidates) {
      return new Data(
          protocol,
          formats,
          mid,
          ufrag,
          pwd,
          fingerprints,
          setup,
          sctpPort,
          maxMessageSize,
          candidates);
    }

    @Override
    public void write(StringBuilder out) {
      String address = gathered.defaultAddress();
      LocalSdp.line(
          out, "m=application " + gathered.defaultPort() + ' ' + protocol + ' ' + formats);
      LocalSdp.line(out, "c=IN " + (address.indexOf(':') >= 0 ? "IP6 " : "IP4 ") + address);
      for (String candidate : gathered.lines()) {
        LocalSdp.line(out, "a=" + candidate);
      }
      if (gathered.progress() == GatheredCandidates.Progress.COMPLETE) {
        LocalSdp.line(out, "a=end-of-candidates");
      }
      LocalSdp.line(out, "a=ice-ufrag:" + ufrag);
      LocalSdp.line(out, "a=ice-pwd:" + pwd);
      LocalSdp.line(out, "a=ice-options:trickle ice2");
      for (SdpFingerprint fingerprint : fingerprints) {
        LocalSdp.line(out, "a=fingerprint:" + fingerprint);
      }
      LocalSdp.line(out, "a=setup:" + setup);
      if (mid != null) {
        LocalSdp.line(out, "a=mid:" + mid);
      }
      if (protocol.equalsIgnoreCase("DTLS/SCTP")) {
        // The peer's stack is older than RFC 8841: answer in its form.
        LocalSdp.line(out, "a=sctpmap:" + sctpPort + " webrtc-datachannel 65535");
      } else {
        LocalSdp.line(out, "a=sctp-port:" + sctpPort);
      }
      LocalSdp.line(out, "a=max-message-size:" + maxMessageSize);
    }
  }
}
