package dev.tautline.ice;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.time.Duration;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class OptionsTest {
  @Test
  void credentialsAreLongEnoughAndDiffer() {
    var random = new Random(3);
    IceCredentials first = IceCredentials.generate(random);
    assertThat(first.ufrag()).hasSizeGreaterThanOrEqualTo(4);
    assertThat(first.pwd()).hasSizeGreaterThanOrEqualTo(22);
    assertThat(IceCredentials.generate(random)).isNotEqualTo(first);
    assertThat(first.toString()).doesNotContain(first.pwd());
  }

  @ParameterizedTest
  @CsvSource({
    "abc, 1234567890123456789012",
    "abcd, 123456789012345678901",
    "ab:d, 1234567890123456789012"
  })
  void badCredentialsAreRefused(String ufrag, String pwd) {
    assertThatIllegalArgumentException().isThrownBy(() -> new IceCredentials(ufrag, pwd));
  }

  @ParameterizedTest
  @CsvSource({
    "stun:stun.example.org, stun.example.org, 3478",
    "STUN:192.0.2.1:19302, 192.0.2.1, 19302",
    "stun:[2001:db8::1]:5000, 2001:db8::1, 5000",
    "stun:[2001:db8::1], 2001:db8::1, 3478"
  })
  void stunUrlsAreRead(String url, String host, int port) {
    IceServer server = IceServer.parse(url);
    assertThat(server.host()).isEqualTo(host);
    assertThat(server.port()).isEqualTo(port);
  }

  @ParameterizedTest
  @CsvSource({
    "turn:turn.example.org, TURN_UDP, turn.example.org, 3478",
    "turn:turn.example.org?transport=udp, TURN_UDP, turn.example.org, 3478",
    "TURN:192.0.2.1:1?transport=TCP, TURN_TCP, 192.0.2.1, 1",
    "turns:[2001:db8::1], TURN_TLS, 2001:db8::1, 5349",
    "turns:turn.example.org:443?transport=tcp, TURN_TLS, turn.example.org, 443"
  })
  void turnUrlsAreRead(String url, IceServer.Kind kind, String host, int port) {
    var credentials = Optional.of(new IceServer.Credentials("user", "secret"));
    IceServer server = IceServer.parse(url, credentials);
    assertThat(server).isEqualTo(new IceServer(url, kind, host, port, credentials));
    assertThat(server.toString()).doesNotContain("secret");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "turn:",
        "turns:x?transport=udp",
        "stuns:x",
        "stun:x?transport=tcp",
        "turn:x?transport=sctp",
        "turn:x?y=z"
      })
  void turnUrlsThatAreNotSpokenAreRefused(String url) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> IceServer.parse(url))
        .withMessageContaining(url);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "stun:", "http://x", "stun:x:0", "stun:x:65536", "stun:x:y", "stun:a b"})
  void otherUrlsAreRefused(String url) {
    assertThatIllegalArgumentException().isThrownBy(() -> IceServer.parse(url));
  }

  @ParameterizedTest
  @CsvSource({
    "stun:localhost, true",
    "turn:LocalHost:1, true",
    "turns:turn.localhost, true",
    "stun:127.0.0.1:19302, true",
    "stun:127.1.2.3, true",
    "turn:[::1]?transport=tcp, true",
    "turn:[0:0:0:0:0:0:0:1], true",
    "stun:localhost.example.org, false",
    "stun:127.example.org, false",
    "stun:192.0.2.1, false",
    "stun:[2001:db8::1], false",
    "stun:[::2], false"
  })
  void aServerIsOnThisHostWhenItsUrlSaysSo(String url, boolean here) {
    assertThat(IceServer.parse(url).isOnThisHost()).isEqualTo(here);
  }

  @Test
  void optionsOutOfRangeAreRefused() {
    var builder = IceAgentOptions.builder();
    assertThatIllegalArgumentException().isThrownBy(() -> builder.pacingMillis(4));
    assertThatIllegalArgumentException().isThrownBy(() -> builder.patience(Duration.ZERO));
    assertThatIllegalArgumentException().isThrownBy(() -> builder.families(Set.of()));
    assertThatIllegalArgumentException().isThrownBy(() -> builder.maxPayload(9001));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> IceRuntimeOptions.defaults().withLoops(0));
  }

  @Test
  void virtualBridgesAreLeftOutByDefault() {
    var filter = IceAgentOptions.defaults().interfaceFilter();
    assertThat(filter.test("eth0")).isTrue();
    assertThat(filter.test("wlp3s0")).isTrue();
    assertThat(filter.test("docker0")).isFalse();
    assertThat(filter.test("br-1a2b3c")).isFalse();
    assertThat(filter.test("veth12")).isFalse();
  }
}
