package dev.tautline.datachannel.loopback;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.tautline.datachannel.DataChannel;
import dev.tautline.datachannel.DataChannelMessage;
import dev.tautline.datachannel.IceConnectionState;
import dev.tautline.datachannel.PeerConnectionState;
import dev.tautline.datachannel.Tautline;
import dev.tautline.testkit.Direction;
import dev.tautline.testkit.Fate;
import dev.tautline.testkit.UdpLink;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufAllocatorMetricProvider;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.io.IOException;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.awaitility.core.ConditionTimeoutException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/**
 * Processes are killed (SIGKILL) in each phase of a connection; this process, the survivor, has to
 * report the end within 32 s and, once it has closed what failed, to have given everything back
 * within 5 s. By default one process with one connection in each phase; {@code
 * -Dtautline.kills.pairs=100 -Dtautline.kills.atOnce=25 -Dtautline.kills.perProcess=1
 * -Dio.netty.allocator.type=unpooled} is the full proof. The last line says how it ended and goes
 * to {@code target/kills.txt}, too.
 */
@EnabledOnOs(value = OS.LINUX, disabledReason = "sockets are counted in /proc/self/fd")
class KilledPeersIT {
  private static final int PAIRS = Integer.getInteger("tautline.kills.pairs", 5);
  private static final int AT_ONCE = Integer.getInteger("tautline.kills.atOnce", 5);
  private static final int PER_PROCESS = Integer.getInteger("tautline.kills.perProcess", 5);

  /**
   * What Netty's pool may keep from the highest load so far. With {@code
   * -Dio.netty.allocator.type=unpooled} each byte in use is counted, and none may be left.
   */
  private static final long POOL_BYTES =
      ByteBufAllocator.DEFAULT instanceof UnpooledByteBufAllocator ? 0 : 8 << 20;

  private static final Duration REPORT_LIMIT = Duration.ofSeconds(32);
  private static final Duration RELEASE_LIMIT = Duration.ofSeconds(5);
  private static final Duration PHASE_LIMIT = Duration.ofSeconds(60);
  private static final int MESSAGE_BYTES = 16 << 10;
  private static final long MUCH = 1 << 20;

  /** Too little for a ClientHello, enough for a check. */
  private static final int CHECKS_ONLY_BYTES = 130;

  private static final long BULK_BITS_PER_SECOND = 16_000_000;

  /** Where in its life the connection is when the other process is killed. */
  private enum Phase {
    IDLE,
    BULK,
    DTLS,
    CHECKS,
    GATHERING
  }

  /** What this process holds. */
  private record Held(long threads, long sockets, long directBytes) {
    static Held now() {
      // The links' buffers are the test's own and go with a collection only.
      System.gc();
      return new Held(threadCount(), socketCount(), directMemory());
    }

    boolean isNoMoreThan(Held before) {
      return threads <= before.threads
          && sockets <= before.sockets
          && directBytes <= before.directBytes + POOL_BYTES;
    }

    private static long threadCount() {
      // The JDK keeps the thread that waited for a process for a minute.
      return Thread.getAllStackTraces().keySet().stream()
          .map(Thread::getName)
          .filter(name -> !name.startsWith("process reaper"))
          .count();
    }

    private static long socketCount() {
      try (Stream<Path> descriptors = Files.list(Path.of("/proc/self/fd"))) {
        return descriptors.filter(Held::isSocket).count();
      } catch (IOException e) {
        throw new IllegalStateException(e);
      }
    }

    private static boolean isSocket(Path descriptor) {
      try {
        return Files.readSymbolicLink(descriptor).toString().startsWith("socket:");
      } catch (NoSuchFileException e) {
        // Closed since it was listed.
        return false;
      } catch (IOException e) {
        throw new IllegalStateException(e);
      }
    }

    private static long directMemory() {
      long bytes =
          ((ByteBufAllocatorMetricProvider) ByteBufAllocator.DEFAULT).metric().usedDirectMemory();
      for (BufferPoolMXBean pool : ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class)) {
        if (pool.getName().equals("direct")) {
          bytes += pool.getMemoryUsed();
        }
      }
      return bytes;
    }
  }

  /** A connection whose other end will be killed. */
  private static final class Pair {
    final Phase phase;
    final LinkedConnection connection;
    final boolean weSend;
    final CompletableFuture<Long> endedAt = new CompletableFuture<>();
    volatile long received;

    Pair(Tautline runtime, OtherProcess other, Phase phase, int number) throws IOException {
      this.phase = phase;
      this.weSend = number % 2 == 0;
      UdpLink link = UdpLink.seeded(number);
      switch (phase) {
        case CHECKS -> link.only(Direction.BACKWARD).cut();
        case DTLS -> link.mtu(CHECKS_ONLY_BYTES);
        case BULK -> link.bottleneck(BULK_BITS_PER_SECOND, 128 << 10);
        default -> link.oneWayDelay(Duration.ZERO);
      }
      connection =
          new LinkedConnection(
              runtime, ManyPeers.options().build(), other, "pair" + number, link, "pair");
      connection.ours.onConnectionStateChange(
          state -> {
            if (state == PeerConnectionState.FAILED) {
              endedAt.complete(System.nanoTime());
            }
          });
      connection.channel.onMessage(
          message -> received += ((DataChannelMessage.Binary) message).data().length);
    }

    void reachPhase(int silentStunPort, Executor senders) {
      connection.offer();
      if (phase == Phase.GATHERING) {
        connection.exchangeWithoutCandidates(silentStunPort);
      } else {
        connection.exchange();
      }
      if (phase == Phase.IDLE || phase == Phase.BULK) {
        LinkedConnection.get(connection.opened());
      }
      if (phase == Phase.BULK && weSend) {
        send(connection.channel, senders);
      } else if (phase == Phase.BULK) {
        connection.other.say("bulk", connection.id);
      }
      await()
          .atMost(PHASE_LIMIT)
          .pollInterval(Duration.ofMillis(20))
          .until(() -> isInPhase() && theyAreInPhase());
    }

    private void send(DataChannel channel, Executor senders) {
      channel
          .sendAsync(new byte[MESSAGE_BYTES])
          .whenCompleteAsync(
              (v, failure) -> {
                if (failure == null) {
                  send(channel, senders);
                }
              },
              senders);
    }

    private boolean isInPhase() {
      IceConnectionState ice = connection.ours.iceConnectionState();
      PeerConnectionState state = connection.ours.connectionState();
      return switch (phase) {
        case GATHERING ->
            connection.link.statistics(Direction.FORWARD).sentPackets() == 0
                && state != PeerConnectionState.CONNECTED;
        case CHECKS ->
            ice == IceConnectionState.CHECKING
                && connection.link.statistics(Direction.FORWARD).arrivedPackets() > 0
                && connection.link.statistics(Direction.BACKWARD).of(Fate.OUTAGE) > 0;
        case DTLS ->
            works(ice)
                && state == PeerConnectionState.CONNECTING
                && connection.link.statistics(Direction.BACKWARD).of(Fate.TOO_BIG) > 0;
        case IDLE -> state == PeerConnectionState.CONNECTED;
        case BULK ->
            state == PeerConnectionState.CONNECTED
                && connection.other.told("bulk", connection.id).isDone()
                && (weSend || received >= MUCH);
      };
    }

    private static boolean works(IceConnectionState ice) {
      return ice == IceConnectionState.CONNECTED || ice == IceConnectionState.COMPLETED;
    }

    /** Asks the other process. */
    private boolean theyAreInPhase() {
      connection.other.say("state", connection.id);
      String[] states = connection.other.await("state", connection.id).split(" ", -1);
      String gathering = states[0];
      IceConnectionState ice = IceConnectionState.valueOf(states[1]);
      PeerConnectionState state = PeerConnectionState.valueOf(states[2]);
      return switch (phase) {
        case GATHERING -> gathering.equals("GATHERING") && !works(ice);
        case CHECKS -> ice == IceConnectionState.CHECKING;
        case DTLS -> works(ice) && state == PeerConnectionState.CONNECTING;
        case IDLE, BULK -> state == PeerConnectionState.CONNECTED;
      };
    }
  }

  /** Its thread is there from the warm-up on. */
  private final ExecutorService senders = Executors.newSingleThreadExecutor();

  private final List<String> faults = new ArrayList<>();
  private final Map<Phase, List<Long>> reported = new EnumMap<>(Phase.class);

  @Test
  void survivorsReportTheEndAndGiveEverythingBack() throws Exception {
    int processes = Math.max(1, AT_ONCE / PER_PROCESS);
    var workers = (ThreadPoolExecutor) Executors.newFixedThreadPool(processes);
    workers.prestartAllCoreThreads();
    String release = "";
    long killed = 0;
    try (var silent =
            new DatagramSocket(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        Tautline runtime = Tautline.create()) {
      warmUp(runtime);
      Held before = Held.now();
      System.out.println("after warm-up: " + before);
      for (int first = 0; first < PAIRS; first += processes * PER_PROCESS) {
        List<CompletableFuture<Void>> running = new ArrayList<>();
        for (int p = 0; p < processes && first + p * PER_PROCESS < PAIRS; p++) {
          int firstOfProcess = first + p * PER_PROCESS;
          killed++;
          running.add(
              CompletableFuture.runAsync(
                  () -> kill(runtime, firstOfProcess, silent.getLocalPort()), workers));
        }
        running.forEach(CompletableFuture::join);
        release = awaitRelease(before);
        System.out.println(release);
      }
    } finally {
      workers.shutdown();
      senders.shutdown();
    }
    close(killed, release);
  }

  private void close(long killed, String release) throws IOException {
    var text = new StringBuilder();
    long within = 0;
    long longest = 0;
    for (Map.Entry<Phase, List<Long>> entry : reported.entrySet()) {
      List<Long> millis = entry.getValue();
      long longestOfPhase = millis.stream().mapToLong(m -> m).max().orElse(0);
      longest = Math.max(longest, longestOfPhase);
      within += millis.stream().filter(m -> m <= REPORT_LIMIT.toMillis()).count();
      text.append(
          String.format(
              Locale.ROOT,
              ", %s %d (longest %.1f s)",
              entry.getKey().name().toLowerCase(Locale.ROOT),
              millis.size(),
              longestOfPhase / 1e3));
    }
    String line =
        String.format(
            Locale.ROOT,
            "kills: %d processes killed, %d of %d ends reported within 32 s%s; %s",
            killed,
            within,
            PAIRS,
            text,
            release);
    System.out.println(line);
    Path target = Path.of("target");
    Files.createDirectories(target);
    Files.writeString(target.resolve("kills.txt"), line + "\n");
    assertThat(faults).isEmpty();
    assertThat(within).isEqualTo(PAIRS);
  }

  /** As many connections as later, each carries bulk data for a while and ends politely. */
  private void warmUp(Tautline runtime) throws Exception {
    try (var other = new OtherProcess("-Xmx128m")) {
      List<Pair> pairs = new ArrayList<>();
      for (int i = 0; i < AT_ONCE; i++) {
        var pair = new Pair(runtime, other, Phase.BULK, i);
        pairs.add(pair);
        pair.reachPhase(0, senders);
      }
      for (Pair pair : pairs) {
        pair.connection.close();
      }
    }
  }

  /** Starts a process, brings its connections into their phases, kills it and waits. */
  private void kill(Tautline runtime, int first, int silentStunPort) {
    List<Pair> pairs = new ArrayList<>();
    AtomicReference<String> fault = new AtomicReference<>();
    try (var other = new OtherProcess("-Xmx64m", "-Xshare:auto")) {
      for (int i = first; i < first + PER_PROCESS && i < PAIRS; i++) {
        var pair = new Pair(runtime, other, Phase.values()[i % Phase.values().length], i);
        pairs.add(pair);
        pair.reachPhase(silentStunPort, senders);
      }
      for (Pair pair : pairs) {
        if (!pair.isInPhase() || !pair.theyAreInPhase()) {
          fault.set(pair.phase + " was left before the kill");
        }
      }
      other.kill();
      long killedAt = System.nanoTime();
      for (Pair pair : pairs) {
        Long ended =
            pair.endedAt
                .completeOnTimeout(
                    Long.MAX_VALUE, 2 * REPORT_LIMIT.toMillis(), TimeUnit.MILLISECONDS)
                .join();
        report(pair.phase, ended == Long.MAX_VALUE ? ended : (ended - killedAt) / 1_000_000);
        // As an application does with what failed.
        pair.connection.close();
      }
    } catch (IOException e) {
      throw new CompletionException(e);
    } finally {
      if (fault.get() != null) {
        synchronized (faults) {
          faults.add(fault.get());
        }
      }
    }
  }

  private void report(Phase phase, long millis) {
    synchronized (reported) {
      reported.computeIfAbsent(phase, key -> new ArrayList<>()).add(millis);
    }
    System.out.println(phase + ": the end was reported after " + millis + " ms");
  }

  private String awaitRelease(Held before) {
    var last = new AtomicReference<Held>();
    long start = System.nanoTime();
    try {
      await()
          .pollInSameThread()
          .atMost(RELEASE_LIMIT)
          .pollInterval(Duration.ofMillis(250))
          .until(
              () -> {
                last.set(Held.now());
                return last.get().isNoMoreThan(before);
              });
    } catch (ConditionTimeoutException e) {
      faults.add("after warm-up " + before + ", 5 s after the last end " + last.get());
      System.out.println(names(Thread.getAllStackTraces().keySet()));
    }
    Held now = last.get();
    return String.format(
        Locale.ROOT,
        "%d threads, %d sockets, %d KiB of direct memory after warm-up, %d, %d and %d KiB %.1f s"
            + " after the end",
        before.threads,
        before.sockets,
        before.directBytes >> 10,
        now.threads,
        now.sockets,
        now.directBytes >> 10,
        (System.nanoTime() - start) / 1e9);
  }

  private static List<String> names(Collection<Thread> threads) {
    return threads.stream().map(Thread::getName).sorted().toList();
  }
}
