package dev.tautline.datachannel.sdp;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tautline.datachannel.sdp.GatheredCandidates.Progress;
import java.util.List;
import org.junit.jupiter.api.Test;

class LocalSdpTest {
  private static final LocalSection.Data DATA =
      new LocalSection.Data(
          "UDP/DTLS/SCTP",
          "webrtc-datachannel",
          "0",
          "abcd",
          "0123456789012345678901",
          List.of(new SdpFingerprint("sha-256", "AA:BB")),
          SdpSetup.ACTPASS,
          5000,
          262_144,
          GatheredCandidates.NONE);

  @Test
  void writesAnOfferInTheFormOfRfc9429() {
    String sdp = new LocalSdp(4711, 2, 5, List.of("0"), List.of(DATA)).toSdp();

    assertThat(sdp)
        .isEqualTo(
            """
            v=0
            o=- 4711 2 IN IP4 127.0.0.1
            s=-
            t=0 0
            a=group:BUNDLE 0
            a=ice-pacing:5
            m=application 9 UDP/DTLS/SCTP webrtc-datachannel
            c=IN IP4 0.0.0.0
            a=ice-ufrag:abcd
            a=ice-pwd:0123456789012345678901
            a=ice-options:trickle ice2
            a=fingerprint:sha-256 AA:BB
            a=setup:actpass
            a=mid:0
            a=sctp-port:5000
            a=max-message-size:262144
            """
                .replace("\n", "\r\n"));
  }

  @Test
  void whatIsWrittenCanBeRead() throws SdpParseException {
    var gathered =
        new GatheredCandidates(
            List.of("candidate:1 1 udp 2130706431 2001:db8::1 4000 typ host"),
            Progress.COMPLETE,
            "2001:db8::1",
            4000);
    var sdp = new LocalSdp(1, 3, 5, List.of("0"), List.of(DATA)).withCandidates(gathered);

    RemoteSection data = RemoteSdp.parse(sdp.toSdp()).sections().get(0);

    assertThat(sdp.toSdp()).contains("c=IN IP6 2001:db8::1\r\n");
    assertThat(data.port()).isEqualTo(4000);
    assertThat(data.candidates()).isEqualTo(gathered.lines());
    assertThat(data.endOfCandidates()).isTrue();
    assertThat(data.ufrag()).isEqualTo(DATA.ufrag());
    assertThat(data.fingerprints()).isEqualTo(DATA.fingerprints());
    assertThat(data.setup()).isEqualTo(SdpSetup.ACTPASS);
    assertThat(data.maxMessageSize()).isEqualTo(262_144);
    assertThat(data.trickles()).isTrue();
  }

  @Test
  void aRefusedSectionKeepsItsFormAndTag() throws SdpParseException {
    var audio = new LocalSection.Rejected("audio", "UDP/TLS/RTP/SAVPF", "111 63", "a");
    String sdp = new LocalSdp(1, 2, 5, List.of("0"), List.of(audio, DATA)).toSdp();

    assertThat(sdp).contains("m=audio 0 UDP/TLS/RTP/SAVPF 111 63\r\n").contains("a=mid:a\r\n");
    assertThat(RemoteSdp.parse(sdp).sections().get(0).isRejected()).isTrue();
    assertThat(RemoteSdp.parse(sdp).dataSectionIndex()).isEqualTo(1);
  }

  @Test
  void anOldPeerIsAnsweredInItsForm() throws SdpParseException {
    var old =
        new LocalSection.Data(
            "DTLS/SCTP",
            "5000",
            "0",
            DATA.ufrag(),
            DATA.pwd(),
            DATA.fingerprints(),
            SdpSetup.ACTIVE,
            5000,
            262_144,
            GatheredCandidates.NONE);
    String sdp = new LocalSdp(1, 2, 5, List.of("0"), List.of(old)).toSdp();

    assertThat(sdp)
        .contains("m=application 9 DTLS/SCTP 5000\r\n")
        .contains("a=sctpmap:5000 webrtc-datachannel 65535\r\n")
        .doesNotContain("a=sctp-port");
    assertThat(RemoteSdp.parse(sdp).sections().get(0).sctpPort()).isEqualTo(5000);
  }
}
