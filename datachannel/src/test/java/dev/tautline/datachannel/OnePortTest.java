package dev.tautline.datachannel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.net.DatagramSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A small sample of {@code benchmarks/server-mode}: 20 connections over one UDP port for 3 s. */
class OnePortTest {
  private static final int CONNECTIONS = 20;
  private static final int MESSAGES = 3;

  @ParameterizedTest
  @EnumSource(
      value = Tautline.Transport.class,
      names = {"EPOLL", "NIO"})
  void everyMessageOfManyConnectionsArrives(Tautline.Transport transport) throws Exception {
    int port;
    try (var socket = new DatagramSocket(0)) {
      port = socket.getLocalPort();
    }
    PeerConnectionOptions options = PeerConnectionOptions.builder().includeLoopback(true).build();
    Map<String, List<String>> toServer = new ConcurrentHashMap<>();
    Map<String, List<String>> toClient = new ConcurrentHashMap<>();
    ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor();
    try (Tautline server = Tautline.builder().udpPort(port).transport(transport).build();
        Tautline client = Tautline.create()) {
      List<DataChannel> channels = new ArrayList<>();
      for (int i = 0; i < CONNECTIONS; i++) {
        PeerConnection ours = server.createPeerConnection(options);
        PeerConnection theirs = client.createPeerConnection(options);
        DataChannel channel = theirs.createDataChannel("channel " + i);
        channels.add(channel);
        channel.onMessage(m -> keep(toClient, channel.label(), m));
        ours.onDataChannel(
            c ->
                c.onMessage(
                    m -> {
                      keep(toServer, c.label(), m);
                      c.send(((DataChannelMessage.Text) m).text());
                    }));
        theirs.setLocalDescription().get(20, TimeUnit.SECONDS);
        theirs.gatheringComplete().get(20, TimeUnit.SECONDS);
        ours.setRemoteDescription(theirs.localDescription().orElseThrow())
            .get(20, TimeUnit.SECONDS);
        ours.setLocalDescription().get(20, TimeUnit.SECONDS);
        ours.gatheringComplete().get(20, TimeUnit.SECONDS);
        theirs
            .setRemoteDescription(ours.localDescription().orElseThrow())
            .get(20, TimeUnit.SECONDS);
      }
      for (DataChannel channel : channels) {
        channel.opened().get(30, TimeUnit.SECONDS);
      }
      for (int k = 0; k < MESSAGES; k++) {
        String text = "message " + k;
        clock.schedule(() -> channels.forEach(c -> c.send(text)), k, TimeUnit.SECONDS);
      }

      List<String> all = List.of("message 0", "message 1", "message 2");
      await()
          .atMost(Duration.ofSeconds(30))
          .untilAsserted(
              () -> {
                assertThat(toServer).hasSize(CONNECTIONS);
                assertThat(toClient).hasSize(CONNECTIONS);
                assertThat(toServer.values()).allSatisfy(l -> assertThat(l).isEqualTo(all));
                assertThat(toClient.values()).allSatisfy(l -> assertThat(l).isEqualTo(all));
              });
    } finally {
      clock.shutdownNow();
    }
  }

  private static void keep(
      Map<String, List<String>> kept, String label, DataChannelMessage message) {
    kept.computeIfAbsent(label, k -> new java.util.concurrent.CopyOnWriteArrayList<>())
        .add(((DataChannelMessage.Text) message).text());
  }
}
