package dev.tautline.ice;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class IceCandidateTest {
  @Test
  void readsWhatChromiumWrites() throws IceParseException {
    IceCandidate candidate =
        IceCandidate.parse(
            "candidate:1467250027 1 udp 2122260223 192.0.2.4 46243 typ host generation 0 ufrag"
                + " EsAw network-id 1 network-cost 10");
    assertThat(candidate.foundation()).isEqualTo("1467250027");
    assertThat(candidate.priority()).isEqualTo(2122260223L);
    assertThat(candidate.address()).isEqualTo("192.0.2.4");
    assertThat(candidate.port()).isEqualTo(46243);
    assertThat(candidate.type()).isEqualTo(IceCandidateType.HOST);
    assertThat(candidate.ufrag()).contains("EsAw");
  }

  @Test
  void readsRelatedAddressTcpTypeAndUpperCase() throws IceParseException {
    IceCandidate candidate =
        IceCandidate.parse(
            "a=candidate:2 1 TCP 1694498815 2001:db8::9 9 typ srflx raddr 0.0.0.0 rport 0 tcptype"
                + " active\r\n");
    assertThat(candidate.transport()).isEqualTo("tcp");
    assertThat(candidate.tcpType()).contains("active");
    assertThat(candidate.related()).contains(new IceCandidate.RelatedAddress("0.0.0.0", 0));
  }

  @Test
  void readsMulticastDnsNames() throws IceParseException {
    IceCandidate candidate =
        IceCandidate.parse(
            "candidate:0 1 UDP 2122252543 3a7f1c8e-66f6-4b3a-9f33-9a4f2cd7d1c2.local 56040 typ"
                + " host");
    assertThat(candidate.isMulticastDnsName()).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "candidate:",
        "candidate:1 1 udp 1 192.0.2.1 5 typ",
        "candidate:1 1 udp 1 192.0.2.1 5 tip host",
        "candidate:1 0 udp 1 192.0.2.1 5 typ host",
        "candidate:1 257 udp 1 192.0.2.1 5 typ host",
        "candidate:1 1 udp 4294967296 192.0.2.1 5 typ host",
        "candidate:1 1 udp -1 192.0.2.1 5 typ host",
        "candidate:1 1 udp 1 192.0.2.1 65536 typ host",
        "candidate:1 1 udp 1 192.0.2.1 5 typ other",
        "candidate:1 1 udp 99999999999 192.0.2.1 5 typ host",
        "candidate:ä 1 udp 1 192.0.2.1 5 typ host",
        "candidate:123456789012345678901234567890123 1 udp 1 192.0.2.1 5 typ host",
        "candidate:1 1 udp 1 19\u001b[2J2.1 5 typ host",
        "candidate:1 1 u\u0007dp 1 192.0.2.1 5 typ host",
        "candidate:1 1 udp 1 192.0.2.1 5 typ host tcptype \u001b",
        "candidate:1 1 udp 1 192.0.2.1 5 typ host raddr \u001b",
        "candidate:1 1 udp 1 192.0.2.1 5 typ host ufrag a:b",
        "candidate:1 1 udp 1 192.0.2.1 5 typ srflx raddr 192.0.2.2 rport x"
      })
  void refusesWhatIsMalformed(String line) {
    assertThatThrownBy(() -> IceCandidate.parse(line)).isInstanceOf(IceParseException.class);
  }

  @Test
  void refusesALineThatIsTooLong() {
    String line = "candidate:1 1 udp 1 192.0.2.1 5 typ host" + " x y".repeat(1000);
    assertThatThrownBy(() -> IceCandidate.parse(line)).hasMessageContaining("longer than");
  }

  @Test
  void whatIsWrittenIsReadBackTheSame() throws IceParseException {
    var random = new Random(8839);
    for (int i = 0; i < 2000; i++) {
      var candidate =
          new IceCandidate(
              Integer.toHexString(random.nextInt()),
              1 + random.nextInt(256),
              random.nextBoolean() ? "udp" : "tcp",
              random.nextInt() & 0xffff_ffffL,
              random.nextBoolean() ? "192.0.2." + random.nextInt(256) : "2001:db8::1",
              random.nextInt(65_536),
              IceCandidateType.values()[random.nextInt(4)],
              random.nextBoolean()
                  ? Optional.empty()
                  : Optional.of(new IceCandidate.RelatedAddress("192.0.2.9", random.nextInt(9))),
              random.nextBoolean() ? Optional.empty() : Optional.of("passive"),
              random.nextBoolean() ? Optional.empty() : Optional.of("uFrag/+1"));
      assertThat(IceCandidate.parse(candidate.toLine())).isEqualTo(candidate);
      assertThat(IceCandidate.parse("a=" + candidate.toLine() + "\n")).isEqualTo(candidate);
    }
  }

  @Test
  void randomTextOnlyThrowsTheOneException() {
    var random = new Random(1);
    String[] words = {"candidate:1", "1", "udp", "5", "192.0.2.1", "typ", "host", "raddr", "", "x"};
    int read = 0;
    for (int i = 0; i < 20_000; i++) {
      var line = new StringBuilder(random.nextInt(8) == 0 ? "" : "candidate:1 1 udp 5 ");
      for (int n = random.nextInt(12); n > 0; n--) {
        line.append(words[random.nextInt(words.length)]).append(' ');
      }
      try {
        IceCandidate.parse(line.toString());
        read++;
      } catch (IceParseException e) {
        assertThat(e.getMessage()).isNotBlank();
      }
    }
    assertThat(read).isNotNegative();
  }
}
