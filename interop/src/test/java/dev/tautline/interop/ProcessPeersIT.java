package dev.tautline.interop;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tautline.datachannel.PeerConnectionOptions;
import dev.tautline.datachannel.Tautline;
import dev.tautline.interop.peer.ForeignPeer;
import dev.tautline.interop.peer.Links;
import dev.tautline.interop.peer.OurChannel;
import dev.tautline.interop.peer.OurPeer;
import dev.tautline.interop.peer.OurPeer.Candidates;
import dev.tautline.interop.peer.OurPeer.Offerer;
import dev.tautline.interop.peer.ProcessPeers;
import dev.tautline.interop.peer.ProcessPeers.Stack;
import dev.tautline.interop.peer.SentOnce;
import dev.tautline.testkit.UdpLink;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Data channels with other stacks, in both roles. */
@Timeout(240) // the first of each kind installs or compiles it
class ProcessPeersIT {
  private static Tautline runtime;

  @BeforeAll
  static void start() {
    runtime = Tautline.create();
  }

  @AfterAll
  static void stop() {
    runtime.close();
  }

  private static byte[] random(int length) {
    byte[] bytes = new byte[length];
    new Random(length).nextBytes(bytes);
    return bytes;
  }

  private static OurChannel connect(
      OurPeer ours, ForeignPeer foreign, Stack stack, Offerer offerer) {
    // aiortc neither trickles nor takes the end of candidates on its own.
    Candidates candidates = stack == Stack.AIORTC ? Candidates.IN_DESCRIPTION : Candidates.TRICKLED;
    OurChannel channel;
    if (offerer == Offerer.OURS) {
      channel = ours.channel("talk");
      ours.connect(foreign, offerer, candidates);
    } else {
      foreign.channel("talk", Map.of());
      ours.connect(foreign, offerer, candidates);
      channel = ours.awaitChannel();
    }
    channel.awaitOpen();
    foreign.await("open", "talk");
    return channel;
  }

  @ParameterizedTest
  @CsvSource({
    "WERIFT,OURS",
    "WERIFT,FOREIGN",
    "NODE_DATACHANNEL,OURS",
    "NODE_DATACHANNEL,FOREIGN",
    "AIORTC,OURS",
    "AIORTC,FOREIGN",
    "PION,OURS",
    "PION,FOREIGN"
  })
  void messagesGoBothWaysAndTheChannelCloses(Stack stack, Offerer offerer) {
    try (ForeignPeer foreign = ProcessPeers.start(stack);
        OurPeer ours = new OurPeer(runtime, PeerConnectionOptions.defaults())) {
      OurChannel channel = connect(ours, foreign, stack, offerer);

      assertThat(foreign.call("state").get("connection").asText()).isEqualTo("connected");

      channel.channel().send("grüße");
      assertThat(foreign.awaitText("talk")).isEqualTo("grüße");
      foreign.send("talk", "🎉");
      assertThat(channel.awaitText()).isEqualTo("🎉");
      for (int length : new int[] {1, 1_200, 30_000, largest(stack)}) {
        byte[] bytes = random(length);
        channel.channel().send(bytes);
        assertThat(foreign.awaitBytes("talk")).isEqualTo(bytes);
        foreign.send("talk", bytes);
        assertThat(channel.awaitBytes()).isEqualTo(bytes);
      }

      OurChannel second = ours.channel("second").awaitOpen();
      foreign.await("open", "second");
      if (offerer == Offerer.OURS) {
        second.channel().close();
      } else {
        foreign.call("closeChannel", Map.of("label", "second"));
      }
      second.awaitClosed();
      foreign.await("close", "second");
      channel.channel().send("alive");
      assertThat(foreign.awaitText("talk")).isEqualTo("alive");
    }
  }

  @ParameterizedTest
  @EnumSource(Stack.class)
  void messagesThatAreSentOnceComeInOrderOverAPathThatLoses(Stack stack) throws IOException {
    try (UdpLink link = Links.start(17).oneWayDelay(Duration.ofMillis(30));
        ForeignPeer foreign = ProcessPeers.start(stack);
        OurPeer ours = new OurPeer(runtime, PeerConnectionOptions.defaults())) {
      connect(Links.lead(ours, link), foreign, stack, Offerer.OURS);
      SentOnce.overLoss(link, ours, foreign);
    }
  }

  private static int largest(Stack stack) {
    return switch (stack) {
      case NODE_DATACHANNEL -> 262_144;
      // Reads into 65535 bytes, and its channel ends with the first message that is larger.
      case PION -> 65_535;
      case WERIFT, AIORTC -> 65_536;
    };
  }
}
