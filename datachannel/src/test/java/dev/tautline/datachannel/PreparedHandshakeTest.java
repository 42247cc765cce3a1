package dev.tautline.datachannel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class PreparedHandshakeTest {
  private static final Pattern HANDSHAKES = Pattern.compile("tautline-dtls-[0-9]+");

  private static long handshakeThreads() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.isAlive() && HANDSHAKES.matcher(thread.getName()).matches())
        .count();
  }

  @Test
  void aConnectionThatNeverFoundAPathGivesItsThreadBack() {
    // Loopback is left out and no candidate is handed on: there is no path.
    try (Tautline tautline = Tautline.create()) {
      PeerConnection a = tautline.createPeerConnection();
      PeerConnection b = tautline.createPeerConnection();
      a.createDataChannel("x");
      SessionDescription offer = withoutCandidates(a.createOffer().join());
      a.setLocalDescription(offer).join();
      b.setRemoteDescription(offer).join();
      b.setLocalDescription().join();
      a.setRemoteDescription(withoutCandidates(b.localDescription().orElseThrow())).join();
      await().until(() -> handshakeThreads() >= 2);

      a.close();
      b.close();

      await()
          .atMost(Duration.ofSeconds(5))
          .untilAsserted(() -> assertThat(handshakeThreads()).isZero());
    }
  }

  private static SessionDescription withoutCandidates(SessionDescription description) {
    return new SessionDescription(
        description.type(), description.sdp().replaceAll("a=candidate:[^\r\n]*\r\n", ""));
  }
}
