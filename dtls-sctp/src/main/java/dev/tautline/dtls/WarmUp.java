package dev.tautline.dtls;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * One handshake of ourselves with ourselves, in memory: loads the classes and computes the curves'
 * tables that the first handshake of a JVM would otherwise pay for with 100 to 300 ms.
 */
final class WarmUp implements Runnable {
  private static final AtomicReference<@Nullable CompletableFuture<Void>> ONCE =
      new AtomicReference<>();
  private static final long LIMIT_NANOS = TimeUnit.SECONDS.toNanos(10);
  private static final Executor THREADS = task -> daemon("tautline-dtls-warm-up-peer", task);

  private final CompletableFuture<Void> done;
  private final Semaphore wakeups = new Semaphore(0);
  private final long startNanos = System.nanoTime();

  private WarmUp(CompletableFuture<Void> done) {
    this.done = done;
  }

  static CompletableFuture<Void> once() {
    var mine = new CompletableFuture<Void>();
    CompletableFuture<Void> earlier = ONCE.compareAndExchange(null, mine);
    if (earlier != null) {
      return earlier;
    }
    daemon("tautline-dtls-warm-up", new WarmUp(mine));
    return mine;
  }

  private static void daemon(String name, Runnable task) {
    var thread = new Thread(null, task, name);
    thread.setDaemon(true);
    thread.start();
  }

  @Override
  public void run() {
    try {
      handshake();
      done.complete(null);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      done.completeExceptionally(e);
    } catch (RuntimeException | LinkageError e) {
      // A class path without one of the libraries shows here first; whoever waits is told.
      done.completeExceptionally(e);
    }
  }

  private void handshake() throws InterruptedException {
    DtlsCertificate certificate = DtlsCertificate.generate();
    // Nothing is lost here, so nothing is sent twice.
    DtlsEngine client = engine(DtlsRole.CLIENT, certificate);
    DtlsEngine server = engine(DtlsRole.SERVER, certificate);
    try {
      byte[] packet = new byte[1500];
      boolean established = false;
      while (!established) {
        long now = now();
        int moved = move(now, client, server, packet) + move(now, server, client, packet);
        if (client.pollEvent() instanceof DtlsEvent.Failed failed) {
          throw new IllegalStateException(failed.toString());
        }
        if (server.pollEvent() instanceof DtlsEvent.Failed failed) {
          throw new IllegalStateException(failed.toString());
        }
        if (now > LIMIT_NANOS) {
          throw new IllegalStateException("the warm-up took longer than 10 s");
        }
        established = client.isEstablished() && server.isEstablished();
        if (!established && moved == 0 && wakeups.tryAcquire(100, TimeUnit.MILLISECONDS)) {
          wakeups.drainPermits();
        }
      }
    } finally {
      client.close(now());
      server.close(now());
    }
  }

  private DtlsEngine engine(DtlsRole role, DtlsCertificate certificate) {
    DtlsEngine engine =
        DtlsEngines.bouncyCastle(
            DtlsOptions.defaults(),
            role,
            certificate,
            THREADS,
            wakeups::release,
            (now, buffer, offset, length) -> {});
    engine.setRemoteFingerprints(List.of(certificate.fingerprint()));
    engine.start(now());
    return engine;
  }

  private static int move(long now, DtlsEngine from, DtlsEngine to, byte[] packet) {
    int moved = 0;
    for (int length = from.pollPacket(now, packet, 0, packet.length);
        length > 0;
        length = from.pollPacket(now, packet, 0, packet.length)) {
      to.receive(now, packet, 0, length);
      moved++;
    }
    return moved;
  }

  private long now() {
    return System.nanoTime() - startNanos;
  }
}
