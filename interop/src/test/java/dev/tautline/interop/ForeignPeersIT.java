package dev.tautline.interop;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tautline.interop.browser.Browser;
import dev.tautline.interop.browser.Browser.LocalAddresses;
import dev.tautline.interop.browser.Chromium;
import dev.tautline.interop.browser.Firefox;
import dev.tautline.interop.peer.ForeignPeer;
import dev.tautline.interop.peer.ProcessPeers;
import dev.tautline.interop.peer.ProcessPeers.Stack;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Foreign stacks among themselves, without ours: when this fails, the harness is at fault. */
@Timeout(60)
class ForeignPeersIT {
  private static void relayCandidates(ForeignPeer from, ForeignPeer to) {
    from.onCandidate(
        line -> {
          Map<String, Object> candidate = new HashMap<>();
          line.properties().forEach(field -> candidate.put(field.getKey(), field.getValue()));
          candidate.remove("event");
          to.submit("candidate", candidate);
        });
  }

  private static void connectAndTalk(ForeignPeer offerer, ForeignPeer answerer) {
    offerer.channel("talk", Map.of());
    String offer = offerer.call("offer").get("sdp").asText();
    String answer = answerer.call("answer", Map.of("sdp", offer)).get("sdp").asText();
    offerer.call("accept", Map.of("sdp", answer));
    relayCandidates(offerer, answerer);
    relayCandidates(answerer, offerer);
    offerer.await("open", "talk");
    answerer.await("open", "talk");
    offerer.send("talk", "grüße");
    assertThat(answerer.awaitText("talk")).isEqualTo("grüße");
    answerer.send("talk", new byte[] {0, 1, (byte) 255});
    assertThat(offerer.awaitBytes("talk")).containsExactly(0, 1, 255);
  }

  private static void twoTabsTalk(Browser browser) {
    try (browser;
        ForeignPeer offerer = browser.openPeer();
        ForeignPeer answerer = browser.openPeer()) {
      connectAndTalk(offerer, answerer);
    }
  }

  @Test
  void twoTabsOfChromiumTalk() {
    twoTabsTalk(Chromium.start(LocalAddresses.MDNS_NAMES));
  }

  @Test
  void twoTabsOfFirefoxTalk() {
    twoTabsTalk(Firefox.start(LocalAddresses.MDNS_NAMES));
  }

  @Test
  void twoProcessesTalk() {
    try (ForeignPeer offerer = ProcessPeers.start(Stack.NODE_DATACHANNEL);
        ForeignPeer answerer = ProcessPeers.start(Stack.WERIFT)) {
      connectAndTalk(offerer, answerer);
    }
  }

  @Test
  void pythonTalks() {
    try (ForeignPeer offerer = ProcessPeers.start(Stack.AIORTC);
        ForeignPeer answerer = ProcessPeers.start(Stack.NODE_DATACHANNEL)) {
      connectAndTalk(offerer, answerer);
    }
  }
}
