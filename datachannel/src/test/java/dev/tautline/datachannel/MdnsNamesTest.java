package dev.tautline.datachannel;

import static dev.tautline.datachannel.PeerPair.get;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Connections whose own addresses are told as names, over real multicast on loopback. */
class MdnsNamesTest {
  private static PeerConnectionOptions options(HostCandidates hostCandidates) {
    return PeerConnectionOptions.builder()
        .loopback(Loopback.ONLY)
        .hostCandidates(hostCandidates)
        .build();
  }

  @ParameterizedTest
  @EnumSource(HostCandidates.class)
  void aConnectionWithNamesOpensWhateverThePeerTells(HostCandidates ofB) throws Exception {
    try (Tautline tautline = Tautline.create();
        var pair = new PeerPair(tautline, options(HostCandidates.MDNS_NAMES), options(ofB))) {
      DataChannel channel = pair.a.createDataChannel("x");
      var message = new CompletableFuture<DataChannelMessage>();
      pair.b.onDataChannel(c -> c.onMessage(message::complete));
      pair.connect();
      get(channel.opened());
      channel.send("by name");
      assertThat(message.get(10, TimeUnit.SECONDS))
          .isEqualTo(new DataChannelMessage.Text("by name", 7));

      get(pair.a.gatheringComplete());
      String sdp = pair.a.localDescription().orElseThrow().sdp();
      assertThat(sdp).contains("m=application 9 ").contains("c=IN IP4 0.0.0.0");
      assertThat(sdp.lines().filter(line -> line.startsWith("a=candidate:")))
          .isNotEmpty()
          .allMatch(line -> line.matches("a=candidate:.* [0-9a-f-]{36}\\.local \\d+ typ host.*"));
      assertThat(sdp.replaceAll("(?m)^o=.*$", ""))
          .doesNotContain("127.0.0.1")
          .doesNotContain("::1");
      SelectedCandidatePair selected = get(pair.a.getStats()).selectedPair().orElseThrow();
      assertThat(selected.local().address()).endsWith(".local");
    }
  }

  @Test
  void namesAreNotTheDefault() {
    assertThat(PeerConnectionOptions.defaults().hostCandidates()).isEqualTo(HostCandidates.OFFERED);
  }
}
