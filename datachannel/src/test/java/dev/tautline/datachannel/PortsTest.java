package dev.tautline.datachannel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tautline.ice.IcePorts;
import java.net.DatagramSocket;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Ports by builder and by environment, and a connection over them. */
class PortsTest {
  private static Ports with(Map<String, String> environment) {
    var ports = new Ports();
    ports.environment = environment::get;
    return ports;
  }

  @Test
  void theEnvironmentCounts() {
    IcePorts ports =
        with(Map.of(
                "TAUTLINE_UDP_PORT", "4000",
                "TAUTLINE_TCP_PORT", " 4001 ",
                "TAUTLINE_TCP_PENDING_PER_ADDRESS", "5",
                "TAUTLINE_ANNOUNCED_ADDRESS", "203.0.113.5:40000"))
            .resolve();

    assertThat(ports.udpPort()).hasValue(4000);
    assertThat(ports.tcpPort()).hasValue(4001);
    assertThat(ports.tcpPendingPerAddress()).isEqualTo(5);
    assertThat(ports.announced()).hasSize(1);
    assertThat(with(Map.of("TAUTLINE_PORT_RANGE", "5000-5010")).resolve().range())
        .contains(new IcePorts.Range(5000, 5010));
    assertThat(with(Map.of()).resolve()).isEqualTo(IcePorts.defaults());
  }

  @Test
  void theBuilderCountsMore() {
    Ports port = with(Map.of("TAUTLINE_UDP_PORT", "rubbish", "TAUTLINE_PORT_RANGE", "5000-5010"));
    port.udpPort = 4000;
    assertThat(port.resolve()).isEqualTo(IcePorts.defaults().withUdpPort(4000));

    Ports range = with(Map.of("TAUTLINE_UDP_PORT", "4000"));
    range.range = "5000-5010";
    assertThat(range.resolve())
        .isEqualTo(IcePorts.defaults().withRange(new IcePorts.Range(5000, 5010)));
  }

  @ParameterizedTest
  @CsvSource({
    "TAUTLINE_UDP_PORT,rubbish",
    "TAUTLINE_UDP_PORT,0",
    "TAUTLINE_TCP_PORT,65536",
    "TAUTLINE_TCP_PENDING_PER_ADDRESS,0",
    "TAUTLINE_TCP_PENDING_PER_ADDRESS,257",
    "TAUTLINE_PORT_RANGE,9-8",
    "TAUTLINE_ANNOUNCED_ADDRESS,example.org",
    "TAUTLINE_ANNOUNCED_ADDRESS,203.0.113.5:4000",
    "TAUTLINE_ANNOUNCED_ADDRESS,stun:",
    "TAUTLINE_HTTP_PROXY,proxy.example",
    "TAUTLINE_HTTP_PROXY,https://proxy.example:3128",
    "TAUTLINE_HTTP_PROXY,http://proxy.example:0",
    "TAUTLINE_HTTP_PROXY,http://proxy.example:3128/path",
    "TAUTLINE_HTTP_PROXY,socks5://proxy.example:1080"
  })
  void aBadVariableIsNamed(String name, String value) {
    assertThatThrownBy(() -> Tautline.builder().environment(Map.of(name, value)::get).build())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(name);
  }

  @Test
  void aChannelOpensOverTheOnePort() throws Exception {
    int udp;
    int tcp;
    try (var a = new DatagramSocket(0);
        var b = new ServerSocket(0)) {
      udp = a.getLocalPort();
      tcp = b.getLocalPort();
    }
    PeerConnectionOptions options = PeerConnectionOptions.builder().includeLoopback(true).build();
    try (Tautline server = Tautline.builder().udpPort(udp).tcpPort(tcp).build();
        Tautline client = Tautline.create()) {
      assertThatThrownBy(() -> Tautline.builder().udpPort(udp).build())
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("UDP port " + udp);
      PeerConnection ours = server.createPeerConnection(options);
      PeerConnection theirs = client.createPeerConnection(options);
      ours.onDataChannel(
          channel ->
              channel.onMessage(m -> channel.send(((DataChannelMessage.Text) m).text() + "!")));
      DataChannel channel = theirs.createDataChannel("one port");
      var answer = new CompletableFuture<String>();
      channel.onMessage(m -> answer.complete(((DataChannelMessage.Text) m).text()));
      theirs.setLocalDescription().get(10, TimeUnit.SECONDS);
      theirs.gatheringComplete().get(10, TimeUnit.SECONDS);
      ours.setRemoteDescription(theirs.localDescription().orElseThrow()).get(10, TimeUnit.SECONDS);
      ours.setLocalDescription().get(10, TimeUnit.SECONDS);
      ours.gatheringComplete().get(10, TimeUnit.SECONDS);
      String sdp = ours.localDescription().orElseThrow().sdp();
      assertThat(sdp).contains(" " + udp + " typ host", " " + tcp + " typ host tcptype passive");
      theirs.setRemoteDescription(ours.localDescription().orElseThrow()).get(10, TimeUnit.SECONDS);
      channel.opened().get(30, TimeUnit.SECONDS);
      channel.send("hello");

      assertThat(answer).succeedsWithin(Duration.ofSeconds(20)).isEqualTo("hello!");
      assertThat(theirs.selectedCandidatePair().orElseThrow().remote().port()).isEqualTo(udp);
    }
  }
}
