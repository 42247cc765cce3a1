package dev.tautline.datachannel.loopback;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tautline.datachannel.Tautline;
import dev.tautline.dtls.DtlsCertificate;
import dev.tautline.dtls.DtlsEngine;
import dev.tautline.dtls.DtlsEngines;
import dev.tautline.dtls.DtlsHandshakes;
import dev.tautline.dtls.DtlsOptions;
import dev.tautline.dtls.DtlsRole;
import dev.tautline.testkit.Direction;
import dev.tautline.testkit.UdpLink;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/**
 * Whole stacks in two processes over a bad path in real time: how many of a number of connections
 * open, and how soon, counted from {@code createOffer} until the channel is open at both ends. By
 * default three at 30 % loss; {@code -Dtautline.lossy=loss30:100,loss10:100,slow:10} names the
 * paths and how many connections each gets. The last line says how it ended and goes to {@code
 * target/lossy-opens.txt}, too.
 */
class LossyOpensIT {
  private static final String RUNS = System.getProperty("tautline.lossy", "loss30:3");
  private static final int AT_ONCE = Integer.getInteger("tautline.lossy.parallel", 10);
  private static final long SEED = Long.getLong("tautline.lossy.seed", 1);
  private static final Duration LIMIT = Duration.ofSeconds(30);
  private static final int HELLOS = 10_000;
  private static final int HELLOS_PER_TICK = 100;

  /** A path and what is asked of connections over it. */
  private enum Bad {
    LOSS30("30 % loss", LIMIT) {
      @Override
      void set(UdpLink link) {
        link.loss(0.3);
      }
    },
    LOSS10("10 % loss", Duration.ofSeconds(2)) {
      @Override
      void set(UdpLink link) {
        link.loss(0.1);
      }
    },
    SLOW("500 ms each way", Duration.ofSeconds(10)) {
      @Override
      void set(UdpLink link) {
        link.oneWayDelay(Duration.ofMillis(500));
      }
    },
    TWICE("30 % duplicates", Duration.ofSeconds(2)) {
      @Override
      void set(UdpLink link) {
        link.oneWayDelay(Duration.ofMillis(20)).duplicate(0.3);
      }
    },
    MIXED("30 % overtaken", Duration.ofSeconds(4)) {
      @Override
      void set(UdpLink link) {
        link.oneWayDelay(Duration.ofMillis(20)).reorder(0.3, Duration.ofMillis(60));
      }
    },
    /** To compare {@link #FLOOD} with. */
    CALM("50 ms each way", Duration.ofSeconds(4)) {
      @Override
      void set(UdpLink link) {
        link.oneWayDelay(Duration.ofMillis(50));
      }
    },
    FLOOD("the same and 10000 ClientHellos of a stranger", Duration.ofSeconds(4)) {
      @Override
      void set(UdpLink link) {
        link.oneWayDelay(Duration.ofMillis(50));
      }
    };

    final String text;
    final Duration medianLimit;

    Bad(String text, Duration medianLimit) {
      this.text = text;
      this.medianLimit = medianLimit;
    }

    abstract void set(UdpLink link);
  }

  private final List<String> faults = new ArrayList<>();
  private final ScheduledExecutorService ticks = Executors.newScheduledThreadPool(1);
  private final byte[] clientHello;

  LossyOpensIT() throws InterruptedException {
    clientHello = clientHello();
  }

  @Test
  void connectionsOpen() throws IOException {
    var text = new StringBuilder("lossy opens:");
    ExecutorService workers = Executors.newFixedThreadPool(AT_ONCE);
    try (Tautline runtime = Tautline.create();
        var other = new OtherProcess()) {
      // Classes are loaded and compiled before anything is measured.
      for (int i = 0; i < 3; i++) {
        open(runtime, other, Bad.TWICE, -1 - i);
      }
      for (String run : RUNS.split(",", -1)) {
        String[] parts = run.split(":", -1);
        Bad path = Bad.valueOf(parts[0].toUpperCase(Locale.ROOT));
        int count = Integer.parseInt(parts[1]);
        text.append(text.charAt(text.length() - 1) == ':' ? " " : "; ");
        text.append(
            path == Bad.FLOOD
                ? flooded(runtime, other, count)
                : judge(path, measure(runtime, other, path, count, workers)));
      }
    } finally {
      workers.shutdown();
      ticks.shutdown();
    }
    text.append(" (seed ").append(SEED).append(')');
    System.out.println(text);
    Path target = Path.of("target");
    Files.createDirectories(target);
    Files.writeString(target.resolve("lossy-opens.txt"), text + "\n");
    assertThat(faults).isEmpty();
  }

  /** With and without the stranger in turn, one at a time: only the difference counts. */
  private String flooded(Tautline runtime, OtherProcess other, int count) {
    long[] calm = new long[count];
    long[] flooded = new long[count];
    for (int i = 0; i < count; i++) {
      calm[i] = open(runtime, other, Bad.CALM, i);
      flooded[i] = open(runtime, other, Bad.FLOOD, i);
    }
    Arrays.sort(calm);
    Arrays.sort(flooded);
    String text = judge(Bad.CALM, calm) + "; " + judge(Bad.FLOOD, flooded);
    double ratio = (double) flooded[count / 2] / calm[count / 2];
    if (ratio > 1.1) {
      faults.add("a stranger's ClientHellos make it slower by more than a tenth");
    }
    return text + String.format(Locale.ROOT, " (%+.1f %%)", 100 * (ratio - 1));
  }

  /** The milliseconds of each, sorted; {@link Long#MAX_VALUE} for one that did not open in time. */
  private long[] measure(
      Tautline runtime, OtherProcess other, Bad path, int count, ExecutorService workers) {
    List<CompletableFuture<Long>> running = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      int number = i;
      running.add(CompletableFuture.supplyAsync(() -> open(runtime, other, path, number), workers));
    }
    return running.stream().mapToLong(CompletableFuture::join).sorted().toArray();
  }

  private String judge(Bad path, long[] millis) {
    long open = Arrays.stream(millis).filter(m -> m <= LIMIT.toMillis()).count();
    long median = millis[millis.length / 2];
    long ninth = millis[millis.length * 9 / 10];
    long longest = millis[millis.length - 1];
    if (open < millis.length) {
      faults.add(path.text + ": " + (millis.length - open) + " did not open within 30 s");
    }
    if (median > path.medianLimit.toMillis()) {
      faults.add(path.text + ": the median is above " + path.medianLimit.toMillis() + " ms");
    }
    return String.format(
        Locale.ROOT,
        "%s %d of %d open, median %.2f s, 90 %% %.2f s, longest %.2f s",
        path.text,
        open,
        millis.length,
        median / 1e3,
        ninth / 1e3,
        longest / 1e3);
  }

  private long open(Tautline runtime, OtherProcess other, Bad path, int number) {
    UdpLink link = UdpLink.seeded(SEED * 100_000 + path.ordinal() * 1000L + number);
    path.set(link);
    try (var pair =
        new LinkedConnection(
            runtime, ManyPeers.options().build(), other, path.name() + number, link, "lossy")) {
      long start = System.nanoTime();
      pair.offer();
      CompletableFuture<Void> flood = null;
      if (path == Bad.FLOOD) {
        flood = flood(pair.ourAddress());
        start = System.nanoTime();
      }
      pair.exchange();
      boolean inTime = true;
      try {
        pair.opened().copy().orTimeout(LIMIT.toMillis(), TimeUnit.MILLISECONDS).join();
      } catch (CompletionException e) {
        inTime = false;
        synchronized (System.out) {
          System.out.println(path.text + " " + number + " did not open: " + e.getCause());
          System.out.println(LinkedConnection.get(pair.ours.iceReport()));
        }
      }
      long millis = (System.nanoTime() - start) / 1_000_000;
      System.out.printf(
          Locale.ROOT,
          "%s %d: %d ms, %s, %d of %d lost%n",
          path.text,
          number,
          millis,
          pair.ours.timings(),
          link.statistics(Direction.FORWARD).lostPackets()
              + link.statistics(Direction.BACKWARD).lostPackets(),
          link.statistics(Direction.FORWARD).sentPackets()
              + link.statistics(Direction.BACKWARD).sentPackets());
      other.say("close", pair.id);
      if (flood != null) {
        flood.join();
      }
      return inTime ? millis : Long.MAX_VALUE;
    } catch (IOException e) {
      throw new CompletionException(e);
    }
  }

  // ---- A stranger ------------------------------------------------------------------------------

  /** Half of the hellos before this returns, the others at an even pace over 600 ms. */
  private CompletableFuture<Void> flood(InetSocketAddress target) throws IOException {
    ByteBuffer hello = ByteBuffer.wrap(clientHello);
    DatagramChannel stranger = DatagramChannel.open();
    stranger.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    stranger.configureBlocking(false);
    for (int i = 0; i < HELLOS / 2; i++) {
      stranger.send(hello.duplicate(), target);
    }
    var done = new CompletableFuture<Void>();
    var left = new AtomicInteger(HELLOS / 2);
    ScheduledFuture<?> ticking =
        ticks.scheduleAtFixedRate(
            () -> {
              try {
                for (int i = 0; i < HELLOS_PER_TICK && left.get() > 0; i++) {
                  stranger.send(hello.duplicate(), target);
                  left.decrementAndGet();
                }
                if (stranger.receive(ByteBuffer.allocate(2000)) != null) {
                  throw new IOException("a stranger's ClientHello was answered");
                }
                if (left.get() == 0) {
                  done.complete(null);
                }
              } catch (IOException e) {
                done.completeExceptionally(e);
              }
            },
            0,
            12,
            TimeUnit.MILLISECONDS);
    return done.whenComplete(
        (v, failure) -> {
          ticking.cancel(false);
          try {
            stranger.close();
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        });
  }

  /** The first datagram of a real handshake. */
  private static byte[] clientHello() throws InterruptedException {
    var woken = new Semaphore(0);
    try (DtlsHandshakes handshakes = DtlsHandshakes.create()) {
      DtlsEngine engine =
          DtlsEngines.bouncyCastle(
              DtlsOptions.defaults(),
              DtlsRole.CLIENT,
              DtlsCertificate.generate(),
              handshakes,
              woken::release,
              (nowNanos, buffer, offset, length) -> {});
      long start = System.nanoTime();
      engine.start(0);
      byte[] buffer = new byte[2000];
      int length = engine.pollPacket(0, buffer, 0, buffer.length);
      while (length == 0) {
        if (!woken.tryAcquire(10, TimeUnit.SECONDS)) {
          throw new IllegalStateException("no ClientHello came");
        }
        long now = System.nanoTime() - start;
        engine.advanceTo(now);
        length = engine.pollPacket(now, buffer, 0, buffer.length);
      }
      engine.close(System.nanoTime() - start);
      return Arrays.copyOf(buffer, length);
    }
  }
}
