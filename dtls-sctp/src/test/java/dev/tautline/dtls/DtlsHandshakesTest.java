package dev.tautline.dtls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.tautline.dtls.engine.ComputeGate;
import dev.tautline.dtls.engine.GatedTask;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Tag("dtls")
@Timeout(20)
class DtlsHandshakesTest {
  private static Runnable waiting(CountDownLatch started, CountDownLatch go) {
    return () -> {
      started.countDown();
      try {
        go.await();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    };
  }

  @Test
  void manyMayWait() throws Exception {
    try (var handshakes = DtlsHandshakes.create()) {
      var started = new CountDownLatch(500);
      var go = new CountDownLatch(1);
      for (int i = 0; i < 500; i++) {
        handshakes.execute(waiting(started, go));
      }
      assertThat(started.await(10, TimeUnit.SECONDS)).isTrue();
      go.countDown();
    }
  }

  @Test
  void handshakesStartAheadOnlyWhileFewRun() throws Exception {
    try (var handshakes = DtlsHandshakes.create()) {
      var started = new CountDownLatch(DtlsHandshakes.AHEAD_LIMIT);
      var go = new CountDownLatch(1);
      for (int i = 0; i < DtlsHandshakes.AHEAD_LIMIT; i++) {
        assertThat(handshakes.mayStartAhead()).isTrue();
        handshakes.execute(waiting(started, go));
      }
      assertThat(started.await(10, TimeUnit.SECONDS)).isTrue();
      assertThat(handshakes.mayStartAhead()).isFalse();
      go.countDown();
    }
  }

  @Test
  void theQueueIsFairByPeer() throws Exception {
    try (var handshakes = DtlsHandshakes.create("test", 1, 100)) {
      var started = new CountDownLatch(1);
      var go = new CountDownLatch(1);
      handshakes.execute(waiting(started, go));
      started.await();
      List<String> order = new CopyOnWriteArrayList<>();
      var done = new CountDownLatch(6);
      for (String name : List.of("a1", "a2", "a3", "a4", "b1", "c1")) {
        handshakes
            .forPeer(name.charAt(0))
            .execute(
                () -> {
                  order.add(name);
                  done.countDown();
                });
      }
      go.countDown();
      done.await();

      assertThat(order).containsExactly("a1", "b1", "c1", "a2", "a3", "a4");
    }
  }

  @Test
  void refusesAboveItsLimits() throws Exception {
    try (var handshakes = DtlsHandshakes.create("test", 1, 1)) {
      var started = new CountDownLatch(1);
      var go = new CountDownLatch(1);
      handshakes.execute(waiting(started, go));
      started.await();
      handshakes.execute(() -> {});

      assertThatExceptionOfType(RejectedExecutionException.class)
          .isThrownBy(() -> handshakes.execute(() -> {}));
      go.countDown();
    }
  }

  @Test
  void anEngineWithoutAThreadFails() {
    var handshakes = DtlsHandshakes.create();
    handshakes.close();
    DtlsEngine engine =
        DtlsEngines.bouncyCastle(
            DtlsOptions.defaults(),
            DtlsRole.CLIENT,
            DtlsPair.CLIENT_CERTIFICATE,
            handshakes,
            () -> {},
            (now, buffer, offset, length) -> {});
    engine.start(0);

    assertThat(engine.pollEvent())
        .isInstanceOfSatisfying(
            DtlsEvent.Failed.class,
            failed -> assertThat(failed.code()).isEqualTo(DtlsFailure.OVERLOADED));
  }

  @Test
  void computesAsManyAsThereAreCores() throws Exception {
    int cores = Runtime.getRuntime().availableProcessors();
    try (var handshakes = DtlsHandshakes.create()) {
      var computing = new AtomicInteger();
      var most = new AtomicInteger();
      var done = new CountDownLatch(50);
      for (int i = 0; i < 50; i++) {
        handshakes.execute(
            new GatedTask() {
              @Override
              public void run(ComputeGate gate) {
                for (int turn = 0; turn < 20; turn++) {
                  gate.enter();
                  most.accumulateAndGet(computing.incrementAndGet(), Math::max);
                  Thread.yield();
                  computing.decrementAndGet();
                  gate.leave();
                }
                done.countDown();
              }
            });
      }
      done.await();

      assertThat(most.get()).isBetween(1, cores);
    }
  }

  @Test
  void closeInterruptsWhatWaits() throws Exception {
    var handshakes = DtlsHandshakes.create();
    var started = new CountDownLatch(1);
    var interrupted = new CountDownLatch(1);
    handshakes.execute(
        () -> {
          started.countDown();
          try {
            new CountDownLatch(1).await();
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            interrupted.countDown();
          }
        });
    started.await();
    handshakes.close();

    assertThat(interrupted.await(10, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void warmsUpOnce() throws Exception {
    var first = DtlsEngines.warmUp();
    assertThat(DtlsEngines.warmUp()).isSameAs(first);
    first.get(15, TimeUnit.SECONDS);
  }
}
