package dev.tautline.ice;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.tautline.ice.IceAgentOptions.Loopback;
import dev.tautline.ice.gather.HostInterface;
import dev.tautline.ice.gather.NetworkWatch;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Restarts on real sockets, and addresses of this host that come and go as the test says. */
@Timeout(60)
class RestartSocketsTest {
  private final AtomicReference<List<String>> addresses =
      new AtomicReference<>(List.of("127.0.0.1"));
  private final AtomicInteger questions = new AtomicInteger();
  private final IceRuntime runtime =
      IceRuntime.create(IceRuntimeOptions.defaults(), this::interfaces, Duration.ofMillis(20));

  /** 127.0.0.0/8 is all on the loopback interface: any of its addresses can be bound. */
  private List<HostInterface> interfaces() {
    questions.incrementAndGet();
    List<InetAddress> list = new ArrayList<>();
    for (String address : addresses.get()) {
      try {
        list.add(InetAddress.getByName(address));
      } catch (UnknownHostException e) {
        throw new IllegalStateException(e);
      }
    }
    return List.of(new HostInterface("lo", true, list));
  }

  @AfterEach
  void close() {
    runtime.close();
  }

  private RecordingPeer peer() {
    return new RecordingPeer(runtime, IceAgentOptions.builder().loopback(Loopback.ONLY).build());
  }

  private static void connect(RecordingPeer a, RecordingPeer z) {
    a.trickleTo(z);
    z.trickleTo(a);
    a.start(IceRole.CONTROLLING, z);
    z.start(IceRole.CONTROLLED, a);
    a.run(a.agent::gather);
    z.run(z.agent::gather);
    a.awaitState(IceState.COMPLETED);
    z.awaitState(IceState.COMPLETED);
  }

  private static int generation(RecordingPeer peer) {
    return peer.on(peer.agent::generation).orElseThrow().number();
  }

  private static IceCredentials prepare(RecordingPeer peer) {
    IceCredentials credentials = IceCredentials.generate(new SecureRandom());
    peer.run(
        () -> {
          peer.agent.prepareRestart(credentials);
          peer.agent.gather();
        });
    return credentials;
  }

  @Test
  void theSameSocketsAreOfferedAgainAndThePathStays() {
    try (RecordingPeer a = peer();
        RecordingPeer z = peer()) {
      connect(a, z);
      // A generation's candidates are told to the other side with its description.
      a.trickleTo(a);
      IceCredentials ofA = prepare(a);
      z.trickleTo(z);
      IceCredentials ofZ = prepare(z);
      List<IceCandidate> again = ofGeneration(a, ofA);
      assertThat(again).hasSize(1);
      assertThat(again.get(0).port()).isEqualTo(a.candidates.get(0).port());
      assertThat(generation(a)).isEqualTo(1);

      z.run(
          () -> {
            z.agent.restart(IceRemote.of(ofA));
            again.forEach(z.agent::addRemoteCandidate);
          });
      a.run(
          () -> {
            a.agent.restart(IceRemote.of(ofZ));
            ofGeneration(z, ofZ).forEach(a.agent::addRemoteCandidate);
          });

      a.awaitThat(() -> generation(a) == 2 && a.state() == IceState.COMPLETED);
      z.awaitThat(() -> generation(z) == 2 && z.state() == IceState.COMPLETED);
      a.send("over the second generation");
      z.awaitThat(() -> z.texts().contains("over the second generation"));
      assertThat(a.pathChanges).hasValue(0);
      assertThat(a.on(a.agent::localCredentials)).isEqualTo(ofA);
      assertThat(a.report().toString()).contains("generation 2 carries the data");
    }
  }

  private static List<IceCandidate> ofGeneration(RecordingPeer peer, IceCredentials credentials) {
    return peer.candidates.stream()
        .filter(c -> c.ufrag().filter(credentials.ufrag()::equals).isPresent())
        .toList();
  }

  @Test
  void anAbandonedRestartLeavesNoTrace() {
    try (RecordingPeer a = peer();
        RecordingPeer z = peer()) {
      connect(a, z);
      IceCredentials before = a.agent.localCredentials();
      prepare(a);
      a.run(a.agent::abandonRestart);
      assertThat(a.on(a.agent::localCredentials)).isEqualTo(before);
      assertThatThrownBy(
              () -> a.run(() -> a.agent.restart(IceRemote.of(z.agent.localCredentials()))))
          .hasCauseInstanceOf(IllegalStateException.class);
      a.send("still here");
      z.awaitThat(() -> z.texts().contains("still here"));
      assertThat(a.report().localCandidates())
          .allMatch(c -> c.ufrag().filter(before.ufrag()::equals).isPresent());
    }
  }

  @Test
  void aNewAddressIsOfferedInTheRunningGeneration() {
    try (RecordingPeer a = peer();
        RecordingPeer z = peer()) {
      connect(a, z);
      addresses.set(List.of("127.0.0.1", "127.0.0.2"));
      a.awaitThat(() -> a.candidates.stream().anyMatch(c -> c.address().equals("127.0.0.2")));
      assertThat(a.candidates.get(1).ufrag()).isEqualTo(a.candidates.get(0).ufrag());
      assertThat(a.gathering)
          .containsExactly(IceGatheringState.GATHERING, IceGatheringState.COMPLETE);
    }
  }

  @Test
  void whenTheAddressInUseVanishesTheOtherOneCarriesOn() {
    addresses.set(List.of("127.0.0.1", "127.0.0.2"));
    try (IceRuntime far = IceRuntime.create();
        RecordingPeer a = peer();
        var z = new RecordingPeer(far, IceAgentOptions.builder().loopback(Loopback.ONLY).build())) {
      connect(a, z);
      String used = a.on(a.agent::selectedPair).orElseThrow().local().address();
      addresses.set(List.of(used.equals("127.0.0.1") ? "127.0.0.2" : "127.0.0.1"));

      a.awaitThat(() -> a.addressesLost.get() > 0);
      a.awaitThat(
          () ->
              a.on(a.agent::selectedPair)
                  .filter(p -> !p.local().address().equals(used))
                  .isPresent());
      z.awaitThat(
          () -> {
            a.send("by another way");
            return z.texts().contains("by another way");
          });
      assertThat(a.report().localCandidates()).noneMatch(c -> c.address().equals(used));
    }
  }

  @Test
  void whoDoesNotFollowChangesIsNotDisturbed() {
    var options =
        IceAgentOptions.builder()
            .loopback(Loopback.ONLY)
            .networkChanges(IceAgentOptions.NetworkChanges.IGNORE)
            .build();
    try (var a = new RecordingPeer(runtime, options)) {
      a.gatherAll();
      assertThat(questions).as("asked once, to gather").hasValue(1);
    }
  }

  @Test
  void theWatchHasAThreadWhileSomebodyListensOnly() throws InterruptedException {
    var looks = new CountDownLatch(3);
    var watch =
        new NetworkWatch(
            "watch-under-test",
            () -> {
              looks.countDown();
              return interfaces();
            },
            Duration.ofMillis(1));
    assertThat(threads()).isZero();
    NetworkWatch.Listener listener = now -> {};
    watch.add(listener);
    assertThat(looks.await(5, TimeUnit.SECONDS)).isTrue();
    assertThat(threads()).isEqualTo(1);
    watch.remove(listener);
    watch.join();
    // The pool has ended a moment before its thread.
    await().untilAsserted(() -> assertThat(threads()).isZero());
    watch.close();
    watch.add(listener);
    assertThat(threads()).isZero();
  }

  private static long threads() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(t -> t.getName().equals("watch-under-test") && t.isAlive())
        .count();
  }
}
