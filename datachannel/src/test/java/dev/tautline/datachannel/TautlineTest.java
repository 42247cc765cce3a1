package dev.tautline.datachannel;

import static dev.tautline.datachannel.PeerPair.LOOPBACK;
import static dev.tautline.datachannel.PeerPair.get;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.tautline.examples.TwoPeers;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@Timeout(60)
class TautlineTest {
  private static Set<Thread> threads(String prefix) {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(t -> t.getName().startsWith(prefix))
        .collect(Collectors.toSet());
  }

  @ParameterizedTest
  @EnumSource(Tautline.Transport.class)
  void connectsOverEachTransportAndLeavesNoThread(Tautline.Transport transport) {
    String prefix = "leak-test-" + transport;
    Tautline tautline =
        Tautline.builder().transport(transport).threadNamePrefix(prefix).loops(2).build();
    try (tautline) {
      assertThat(tautline.transportName())
          .isEqualTo(transport == Tautline.Transport.NIO ? "nio" : "epoll");
      var pair = new PeerPair(tautline);
      DataChannel channel = pair.a.createDataChannel("x");
      pair.connect();
      get(channel.opened());
      assertThat(threads(prefix)).isNotEmpty();
    }

    await().atMost(Duration.ofSeconds(5)).until(() -> threads(prefix).isEmpty());
    assertThatThrownBy(tautline::createPeerConnection).isInstanceOf(IllegalStateException.class);
    assertThat(tautline.closeAsync()).isCompleted();
  }

  @Test
  void closingTheRuntimeClosesItsConnections() {
    Tautline tautline = Tautline.create();
    var pair = new PeerPair(tautline);
    DataChannel channel = pair.a.createDataChannel("x");
    pair.connect();
    get(channel.opened());
    PeerConnection idle = tautline.createPeerConnection(LOOPBACK);

    tautline.close();

    assertThat(pair.a.connectionState()).isEqualTo(PeerConnectionState.CLOSED);
    assertThat(idle.signalingState()).isEqualTo(SignalingState.CLOSED);
    assertThat(channel.closed()).isCompleted();
    assertThatThrownBy(() -> get(idle.connected()))
        .hasCauseInstanceOf(PeerConnectionException.class);
  }

  @Test
  void aRuntimeThatWasNeverUsedCloses() {
    Tautline.create().close();
  }

  @Test
  void callbacksRunOnTheExecutorInOrder() throws InterruptedException {
    ExecutorService executor = Executors.newFixedThreadPool(4);
    try (Tautline tautline = Tautline.builder().callbackExecutor(executor).build()) {
      try (var pair = new PeerPair(tautline)) {
        List<String> received = new ArrayList<>();
        Set<String> names = java.util.concurrent.ConcurrentHashMap.newKeySet();
        var done = new CompletableFuture<Void>();
        pair.b.onDataChannel(
            c ->
                c.onMessage(
                    m -> {
                      names.add(Thread.currentThread().getName());
                      received.add(m.toString());
                      if (received.size() == 1000) {
                        done.complete(null);
                      }
                    }));
        DataChannel channel = pair.a.createDataChannel("x");
        pair.connect();
        get(channel.opened());
        for (int i = 0; i < 1000; i++) {
          channel.send("m" + i);
        }
        get(done);

        for (int i = 0; i < 1000; i++) {
          assertThat(received.get(i)).isEqualTo("m" + i);
        }
        assertThat(names).allMatch(n -> n.startsWith("pool-"));
      }
    } finally {
      executor.shutdown();
      assertThat(executor.awaitTermination(10, TimeUnit.SECONDS)).isTrue();
    }
  }

  @Test
  void aConnectionMayBeClosedByItsOwnHandler() {
    try (Tautline tautline = Tautline.create()) {
      var pair = new PeerPair(tautline);
      DataChannel channel = pair.a.createDataChannel("x");
      channel.onOpen(pair.a::close);
      pair.negotiate();

      get(channel.closed());
      await().until(() -> pair.b.connectionState() == PeerConnectionState.FAILED);
    }
  }

  @Test
  void theProgramOfTheReadmeRuns() {
    var out = new ByteArrayOutputStream();
    PrintStream before = System.out;
    System.setOut(new PrintStream(out, true, StandardCharsets.UTF_8));
    try {
      TwoPeers.main(new String[0]);
    } finally {
      System.setOut(before);
    }

    assertThat(out.toString(StandardCharsets.UTF_8)).contains("you said hello");
  }
}
