package dev.tautline.benchmarks.server;

import dev.tautline.datachannel.DataChannel;
import dev.tautline.datachannel.DataChannelMessage;
import dev.tautline.datachannel.PeerConnection;
import dev.tautline.datachannel.PeerConnectionOptions;
import dev.tautline.datachannel.SessionDescription;
import dev.tautline.datachannel.Tautline;
import io.netty.util.internal.PlatformDependent;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Many connections over one UDP port of one JVM, their clients in a second process: all open, the
 * number of threads does not follow the number of connections, one message a second each way on
 * each connection arrives. Ends with one line of figures; the exit status is 1 when something of
 * that does not hold.
 */
public final class ServerMode {
  private static final long OPEN_SECONDS = 300;
  private static final long LATE_SECONDS = 30;

  /** What one run found. */
  public record Result(
      int connections,
      int open,
      int threadsBefore,
      int threadsAfter,
      double setUpSeconds,
      double heapKilobytes,
      double directKilobytes,
      long expected,
      long toServer,
      long toClients,
      long outOfOrder,
      int ports,
      double talkSeconds,
      double cpuSeconds) {
    /** Whether everything holds. */
    public boolean passed() {
      return open == connections
          && threadsAfter == threadsBefore
          && toServer == expected
          && toClients == expected
          && outOfOrder == 0
          && ports == 1;
    }

    /** One line. */
    public String line() {
      return String.format(
          Locale.ROOT,
          "%s: %d of %d connections open over %d UDP port in %.1f s, threads %d before and %d"
              + " after, per connection %.1f kB heap and %.2f kB direct memory, %d of %d messages"
              + " to the server and %d of %d to the clients, %d out of order, talked for %.1f s,"
              + " %.1f s of CPU in all",
          passed() ? "passed" : "FAILED",
          open,
          connections,
          ports,
          setUpSeconds,
          threadsBefore,
          threadsAfter,
          heapKilobytes,
          directKilobytes,
          toServer,
          expected,
          toClients,
          expected,
          outOfOrder,
          talkSeconds,
          cpuSeconds);
    }
  }

  private final int count;
  private final int seconds;
  private final DataInputStream in;
  private final DataOutputStream out;
  private final List<Served> served = new CopyOnWriteArrayList<>();
  private final AtomicLong received = new AtomicLong();
  private final AtomicLong outOfOrder = new AtomicLong();
  private double talkSeconds;

  private ServerMode(int count, int seconds, Socket control) throws IOException {
    this.count = count;
    this.seconds = seconds;
    this.in = new DataInputStream(control.getInputStream());
    this.out = new DataOutputStream(control.getOutputStream());
  }

  /** Arguments: connections (1000), seconds (60). */
  public static void main(String[] args) throws Exception {
    int count = args.length > 0 ? Integer.parseInt(args[0]) : 1_000;
    int seconds = args.length > 1 ? Integer.parseInt(args[1]) : 60;
    Result result = run(count, seconds);
    System.out.println(result.line());
    System.exit(result.passed() ? 0 : 1);
  }

  /** Runs with clients in a process of their own. */
  public static Result run(int count, int seconds) throws Exception {
    try (var listener = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      Process clients =
          new ProcessBuilder(
                  Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                  "-cp",
                  System.getProperty("java.class.path"),
                  ServerClients.class.getName(),
                  Integer.toString(listener.getLocalPort()))
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.INHERIT)
              .start();
      try (Socket control = listener.accept()) {
        control.setTcpNoDelay(true);
        var mode = new ServerMode(count, seconds, control);
        return mode.measure();
      } finally {
        if (!clients.waitFor(10, TimeUnit.SECONDS)) {
          clients.destroyForcibly();
        }
      }
    }
  }

  private Result measure() throws Exception {
    int port;
    try (var socket = new DatagramSocket(0)) {
      port = socket.getLocalPort();
    }
    ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor();
    try (Tautline tautline = Tautline.builder().udpPort(port).build()) {
      // The first ones load classes, compile and start what a runtime has once.
      int warm = Math.min(Math.max(count / 20, 4), 50);
      Set<Integer> ports = new TreeSet<>();
      for (int i = 0; i < warm; i++) {
        connect(tautline, i, ports);
      }
      awaitOpen(warm);
      // They stay open: a runtime with connections has a thread that watches the network.
      served.clear();
      quiet();
      int threadsBefore = threads();
      Set<String> namesBefore = names();
      long heapBefore = heap();
      long directBefore = direct();

      long start = System.nanoTime();
      for (int i = 0; i < count; i++) {
        connect(tautline, warm + i, ports);
      }
      awaitOpen(warm + count);
      awaitChannels();
      double setUp = (System.nanoTime() - start) / 1e9;
      quiet();
      int threadsAfter = threads();
      Set<String> grown = names();
      grown.removeAll(namesBefore);
      if (threadsAfter != threadsBefore) {
        System.out.println("threads that were not there before: " + grown);
      }
      double heap = (heap() - heapBefore) / 1e3 / count;
      double direct = (direct() - directBefore) / 1e3 / count;
      int open = (int) served.stream().filter(Served::isOpen).count();

      talk(clock, warm);
      Result result =
          new Result(
              count,
              open,
              threadsBefore,
              threadsAfter,
              setUp,
              heap,
              direct,
              (long) count * seconds,
              received.get(),
              ask("received"),
              outOfOrder.get() + ask("disorder"),
              ports.size(),
              talkSeconds,
              ProcessHandle.current().info().totalCpuDuration().orElse(Duration.ZERO).toMillis()
                  / 1e3);
      say("end");
      return result;
    } finally {
      clock.shutdownNow();
    }
  }

  private void connect(Tautline tautline, int number, Set<Integer> ports) throws Exception {
    say("offer");
    SessionDescription offer = SessionDescription.offer(in.readUTF());
    var one =
        new Served(
            tautline.createPeerConnection(
                PeerConnectionOptions.builder().includeLoopback(true).build()));
    served.add(one);
    one.connection.setRemoteDescription(offer).get();
    one.connection.setLocalDescription().get();
    one.connection.gatheringComplete().get();
    String answer = one.connection.localDescription().orElseThrow().sdp();
    answer
        .lines()
        .filter(line -> line.startsWith("a=candidate:"))
        .forEach(line -> ports.add(Integer.parseInt(line.split(" ", -1)[5])));
    out.writeUTF("answer");
    out.writeInt(number);
    out.writeUTF(answer);
    out.flush();
  }

  /** One message a second each way, then a while for what is late. */
  private void talk(ScheduledExecutorService clock, int warm) throws Exception {
    // The clients that were there to warm up are closed by now; they do not send.
    out.writeUTF("send");
    out.writeInt(warm);
    out.writeInt(seconds);
    out.flush();
    long start = System.nanoTime();
    long gap = 1_000_000_000L / served.size();
    for (int second = 0; second < seconds; second++) {
      for (int i = 0; i < served.size(); i++) {
        clock.schedule(
            served.get(i)::send, second * 1_000_000_000L + i * gap, TimeUnit.NANOSECONDS);
      }
    }
    long expected = (long) count * seconds;
    long arrived = 0;
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds + LATE_SECONDS);
    // On a machine with other work all of it is late; what does not move any more is lost.
    while (arrived < 2 * expected && System.nanoTime() < end) {
      long now = received.get() + ask("received");
      if (now > arrived) {
        arrived = now;
        end = Math.max(end, System.nanoTime() + TimeUnit.SECONDS.toNanos(LATE_SECONDS));
      }
      pause();
    }
    talkSeconds = (System.nanoTime() - start) / 1e9;
  }

  private void awaitOpen(int number) throws Exception {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(OPEN_SECONDS);
    while (ask("open") < number && System.nanoTime() < end) {
      pause();
    }
  }

  /** The client's channel opens first; ours is announced a moment later. */
  private void awaitChannels() throws InterruptedException {
    for (Served one : served) {
      if (!one.announced.await(LATE_SECONDS, TimeUnit.SECONDS)) {
        return;
      }
    }
  }

  private static void pause() throws InterruptedException {
    new CountDownLatch(1).await(20, TimeUnit.MILLISECONDS);
  }

  /** Handshake threads end when they have been idle; what is garbage goes. */
  private static void quiet() throws InterruptedException {
    int before = -1;
    for (int i = 0; i < 30; i++) {
      System.gc();
      new CountDownLatch(1).await(500, TimeUnit.MILLISECONDS);
      int now = threads();
      if (now == before && i >= 4) {
        return;
      }
      before = now;
    }
  }

  private static int threads() {
    return ManagementFactory.getThreadMXBean().getThreadCount();
  }

  private static Set<String> names() {
    Set<String> names = new TreeSet<>();
    Thread.getAllStackTraces().keySet().forEach(thread -> names.add(thread.getName()));
    return names;
  }

  private static long heap() {
    return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
  }

  /** The JDK's and Netty's, which keeps an account of its own. */
  private static long direct() {
    return Math.max(0, PlatformDependent.usedDirectMemory())
        + ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
            .filter(pool -> pool.getName().equals("direct"))
            .mapToLong(BufferPoolMXBean::getMemoryUsed)
            .sum();
  }

  private void say(String command) throws IOException {
    out.writeUTF(command);
    out.flush();
  }

  private long ask(String command) throws IOException {
    say(command);
    return in.readLong();
  }

  private final class Served {
    final PeerConnection connection;
    final CountDownLatch announced = new CountDownLatch(1);
    private volatile @Nullable DataChannel channel;
    private long nextOut;
    private long nextIn;

    Served(PeerConnection connection) {
      this.connection = connection;
      connection.onDataChannel(this::opened);
    }

    private void opened(DataChannel announcedChannel) {
      channel = announcedChannel;
      announcedChannel.onMessage(
          message -> {
            received.incrementAndGet();
            long number = Long.parseLong(((DataChannelMessage.Text) message).text());
            if (number != nextIn++) {
              outOfOrder.incrementAndGet();
            }
          });
      announced.countDown();
    }

    boolean isOpen() {
      return announced.getCount() == 0;
    }

    void send() {
      DataChannel to = channel;
      if (to != null) {
        to.send(Long.toString(nextOut++));
      }
    }
  }
}
