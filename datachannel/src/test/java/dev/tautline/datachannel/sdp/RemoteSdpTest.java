package dev.tautline.datachannel.sdp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RemoteSdpTest {
  private static final String MINIMAL =
      """
      v=0
      o=- 1 2 IN IP4 127.0.0.1
      s=-
      t=0 0
      m=application 9 UDP/DTLS/SCTP webrtc-datachannel
      c=IN IP4 0.0.0.0
      a=ice-ufrag:abcd
      a=ice-pwd:0123456789012345678901
      a=fingerprint:sha-256 AA:BB
      a=setup:actpass
      a=mid:0
      a=sctp-port:5000
      """;

  static String sample(String name) {
    try (var in = RemoteSdpTest.class.getResourceAsStream("/sdp/" + name + ".sdp")) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new IllegalStateException("no sample " + name, e);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "aiortc-offer, YkYn, ACTPASS, 65536, 1, old, false",
    "aiortc-answer, 6eRt, ACTIVE, 65536, 1, old, false",
    "chromium-offer, 3i7/, ACTPASS, 262144, 1, new, true",
    "chromium-answer, ncfT, ACTIVE, 262144, 1, new, true",
    "chromium-mdns-offer, ej9d, ACTPASS, 262144, 1, new, true",
    "chromium-mdns-answer, i3/M, ACTIVE, 262144, 1, new, true",
    "firefox-offer, 3db19289, ACTPASS, 1073741823, 2, new, true",
    "firefox-answer, d4913a00, ACTIVE, 1073741823, 2, new, true",
    "node-datachannel-offer, hye7, ACTPASS, 262144, 1, new, true",
    "node-datachannel-answer, 8d91, ACTIVE, 262144, 1, new, true",
    "pion-offer, nPyvShfUlikjqTCb, ACTPASS, 65536, 2, new, false",
    "pion-answer, BJFHFixEAGobrxTj, ACTIVE, 65536, 2, new, false",
    "webrtc-java-offer, Nbjd, ACTPASS, 262144, 2, new, true",
    "webrtc-java-answer, ECAb, ACTIVE, 262144, 1, new, true",
    "werift-offer, bad1, ACTPASS, 65536, 1, new, true",
    "werift-answer, 4f23, ACTIVE, 65536, 1, new, true",
    "wrtc-offer, A1wz, ACTPASS, 262144, 4, new, true",
    "wrtc-answer, D2vM, ACTIVE, 262144, 2, new, true",
  })
  void readsWhatOtherStacksWrite(
      String name,
      String ufrag,
      SdpSetup setup,
      long maxMessageSize,
      int candidates,
      String form,
      boolean trickles)
      throws SdpParseException {
    RemoteSdp sdp = RemoteSdp.parse(sample(name));

    assertThat(sdp.sections()).hasSize(1);
    assertThat(sdp.bundleMids()).containsExactly("0");
    assertThat(sdp.iceLite()).isEqualTo(RemoteSdp.IceMode.FULL);
    assertThat(sdp.dataSectionIndex()).isZero();
    RemoteSection data = sdp.sections().get(0);
    assertThat(data.isData()).isTrue();
    assertThat(data.isRejected()).isFalse();
    assertThat(data.mid()).isEqualTo("0");
    assertThat(data.ufrag()).isEqualTo(ufrag);
    assertThat(data.pwd()).hasSizeGreaterThanOrEqualTo(22);
    assertThat(data.setup()).isEqualTo(setup);
    assertThat(data.sctpPort()).isEqualTo(5000);
    assertThat(data.maxMessageSize()).isEqualTo(maxMessageSize);
    assertThat(data.candidates()).hasSize(candidates).allMatch(c -> c.startsWith("candidate:"));
    assertThat(data.fingerprints()).hasSize(1);
    assertThat(data.fingerprints().get(0).algorithm()).isEqualTo("sha-256");
    assertThat(data.fingerprints().get(0).value()).matches("([0-9A-F]{2}:){31}[0-9A-F]{2}");
    assertThat(data.isOldForm()).isEqualTo(form.equals("old"));
    assertThat(data.trickles()).isEqualTo(trickles);
  }

  @Test
  void linesMayEndWithLfOrCrLf() throws SdpParseException {
    RemoteSdp lf = RemoteSdp.parse(MINIMAL);
    RemoteSdp crLf = RemoteSdp.parse(MINIMAL.replace("\n", "\r\n"));

    assertThat(lf.sections().get(0).ufrag()).isEqualTo("abcd");
    assertThat(crLf.sections().get(0).ufrag()).isEqualTo("abcd");
    assertThat(crLf.sections().get(0).formats()).isEqualTo("webrtc-datachannel");
  }

  @Test
  void withoutMaxMessageSizeThePeerTakes65536() throws SdpParseException {
    assertThat(RemoteSdp.parse(MINIMAL).sections().get(0).maxMessageSize()).isEqualTo(65_536);
  }

  @Test
  void maxMessageSizeZeroMeansAny() throws SdpParseException {
    RemoteSdp sdp = RemoteSdp.parse(MINIMAL + "a=max-message-size:0\n");

    assertThat(sdp.sections().get(0).maxMessageSize()).isZero();
  }

  @Test
  void maxMessageSizeMayBeLargerThanAnyNumberOfOurs() throws SdpParseException {
    RemoteSdp sdp = RemoteSdp.parse(MINIMAL + "a=max-message-size:18446744073709551615\n");

    assertThat(sdp.sections().get(0).maxMessageSize()).isEqualTo(Long.MAX_VALUE);
  }

  @Test
  void sessionLevelValuesCountWhereTheSectionHasNoneOfItsOwn() throws SdpParseException {
    RemoteSdp sdp =
        RemoteSdp.parse(
            """
            v=0
            o=- 1 2 IN IP4 127.0.0.1
            s=-
            t=0 0
            a=ice-lite
            a=ice-pacing:50
            a=ice-ufrag:sess
            a=ice-pwd:sessionsessionsessionx
            a=fingerprint:SHA-512 aa:bb
            a=setup:passive
            a=ice-options:ice2,trickle
            m=application 9 UDP/DTLS/SCTP webrtc-datachannel
            a=mid:data
            m=application 9 UDP/DTLS/SCTP webrtc-datachannel
            a=mid:own
            a=ice-ufrag:ownx
            a=ice-pwd:ownownownownownownownown
            a=fingerprint:sha-256 CC:DD
            a=fingerprint:sha-1 EE:FF
            a=setup:active
            """);

    RemoteSection first = sdp.sections().get(0);
    assertThat(first.ufrag()).isEqualTo("sess");
    assertThat(first.pwd()).isEqualTo("sessionsessionsessionx");
    assertThat(first.fingerprints()).containsExactly(new SdpFingerprint("sha-512", "AA:BB"));
    assertThat(first.setup()).isEqualTo(SdpSetup.PASSIVE);
    assertThat(first.trickles()).isTrue();
    RemoteSection second = sdp.sections().get(1);
    assertThat(second.ufrag()).isEqualTo("ownx");
    assertThat(second.fingerprints())
        .containsExactly(
            new SdpFingerprint("sha-256", "CC:DD"), new SdpFingerprint("sha-1", "EE:FF"));
    assertThat(second.setup()).isEqualTo(SdpSetup.ACTIVE);
    assertThat(sdp.iceLite()).isEqualTo(RemoteSdp.IceMode.LITE);
    assertThat(sdp.icePacingMillis()).hasValue(50);
  }

  @Test
  void portZeroRejectsUnlessItOnlyMeansInTheBundle() throws SdpParseException {
    String rejected = MINIMAL.replace("m=application 9 ", "m=application 0 ");

    assertThat(RemoteSdp.parse(rejected).sections().get(0).isRejected()).isTrue();
    assertThat(RemoteSdp.parse(rejected + "a=bundle-only\n").sections().get(0).isRejected())
        .isFalse();
  }

  @Test
  void audioAndVideoAreReadAndAreNoData() throws SdpParseException {
    RemoteSdp sdp =
        RemoteSdp.parse(
            """
            v=0
            o=- 1 2 IN IP4 127.0.0.1
            s=-
            t=0 0
            m=audio 9 UDP/TLS/RTP/SAVPF 111 63 9
            a=mid:a
            a=rtpmap:111 opus/48000/2
            m=video 9/2 UDP/TLS/RTP/SAVPF 96
            a=mid:v
            m=application 9 TCP/DTLS/SCTP webrtc-datachannel
            a=mid:d
            """);

    assertThat(sdp.sections())
        .extracting(RemoteSection::isData)
        .containsExactly(false, false, true);
    assertThat(sdp.dataSectionIndex()).isEqualTo(2);
    assertThat(sdp.indexOfMid("v")).isEqualTo(1);
    assertThat(sdp.indexOfMid("x")).isEqualTo(-1);
    assertThat(sdp.sections().get(0).formats()).isEqualTo("111 63 9");
  }

  @Test
  void unknownLinesAreSkipped() throws SdpParseException {
    RemoteSdp sdp =
        RemoteSdp.parse(
            MINIMAL.replace("s=-\n", "s=-\nz=what\nb=AS:30\na=some-new:thing\n")
                + "a=candidate-ish:1\na=x\n");

    assertThat(sdp.dataSectionIndex()).isZero();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "v=1\n",
        "o=- 1 2 IN IP4 127.0.0.1\n",
        "v=0\no=- 1 2\n",
        "v=0\nrubbish\n",
        "v=0\nm=application\n",
        "v=0\nm=application 70000 UDP/DTLS/SCTP webrtc-datachannel\n",
        "v=0\nm=application 9 DTLS/SCTP five\n",
        "v=0\na=ice-ufrag:abc\n",
        "v=0\na=ice-ufrag:ab d\n",
        "v=0\na=ice-pwd:short\n",
        "v=0\na=setup:later\n",
        "v=0\na=fingerprint:sha-256\n",
        "v=0\na=fingerprint:sha-256 AA:B\n",
        "v=0\na=fingerprint:sha-256 AA-BB\n",
        "v=0\na=sctp-port:99999\n",
        "v=0\na=sctp-port:-1\n",
        "v=0\na=max-message-size:many\n",
        "v=0\na=max-message-size:\n",
        "v=0\na=mid:\n",
        "v=0\na=ice-pacing:x\n",
        "v=0\nm=application 9 UDP/DTLS/SCTP x\na=mid:0\nm=audio 9 RTP/AVP 0\na=mid:0\n",
      })
  void malformedKnownLinesAreErrors(String sdp) {
    assertThatThrownBy(() -> RemoteSdp.parse(sdp)).isInstanceOf(SdpParseException.class);
  }

  @Test
  void theErrorNamesTheLine() {
    assertThatThrownBy(() -> RemoteSdp.parse(MINIMAL + "a=setup:later\n"))
        .isInstanceOfSatisfying(
            SdpParseException.class, e -> assertThat(e.lineNumber()).isEqualTo(13))
        .hasMessageContaining("line 13");
  }

  @Test
  void tooLargeDescriptionsAreRejected() {
    String candidate = "a=candidate:1 1 udp 1 192.0.2.1 9 typ host\n";

    assertThatThrownBy(() -> RemoteSdp.parse(MINIMAL + candidate.repeat(129)))
        .isInstanceOf(SdpParseException.class);
    assertThatThrownBy(() -> RemoteSdp.parse(MINIMAL + "a=x\n".repeat(4096)))
        .isInstanceOf(SdpParseException.class);
    assertThatThrownBy(() -> RemoteSdp.parse(MINIMAL + "a=" + "x".repeat(256 << 10)))
        .isInstanceOf(SdpParseException.class);
  }

  @Test
  void allowsAsManyCandidatesAsTheLimit() throws SdpParseException {
    String candidate = "a=candidate:1 1 udp 1 192.0.2.1 9 typ host\n";

    assertThat(RemoteSdp.parse(MINIMAL + candidate.repeat(128)).sections().get(0).candidates())
        .hasSize(128);
  }

  /** Every cut and every changed character of each sample gives a description or our exception. */
  @ParameterizedTest
  @ValueSource(strings = {"aiortc-offer", "chromium-offer", "firefox-offer", "wrtc-offer"})
  void damagedSamplesNeverThrowAnythingElse(String name) {
    String sample = sample(name);
    int refused = 0;
    for (int i = 0; i < sample.length(); i++) {
      for (String damaged :
          new String[] {
            sample.substring(0, i),
            sample.substring(i),
            sample.substring(0, i) + (char) (sample.charAt(i) ^ 1) + sample.substring(i + 1),
            sample.substring(0, i) + '\n' + sample.substring(i + 1),
            sample.substring(0, i) + '\0' + sample.substring(i + 1)
          }) {
        try {
          RemoteSdp.parse(damaged);
        } catch (SdpParseException e) {
          refused++;
        }
      }
    }
    assertThat(refused).isPositive();
  }
}
