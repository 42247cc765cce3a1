package dev.tautline.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * A bad path in real time between two UDP sockets, without privileges: it has a port for each end,
 * to which the other end sends, and passes datagrams on with delay, loss and the rest. The first
 * end must be told {@link #addressOfSecond()} as the other's address, the second {@link
 * #addressOfFirst()}; with ICE, by putting these into the candidates.
 *
 * <pre>{@code
 * try (var link = UdpLink.seeded(1).oneWayDelay(ofMillis(50)).loss(0.01).start()) {
 *   link.first(socketA).second(socketZ);
 *   ...
 * }
 * }</pre>
 *
 * <p>A datagram leaves up to a millisecond late: that is how exactly a selector waits. The same
 * seed gives the same chances to the same sequence of datagrams; when they come is up to the
 * machine.
 *
 * <p>Thread rule: may be used by any thread.
 */
public final class UdpLink extends Conditions<UdpLink> implements AutoCloseable {
  private static final int SOCKET_BUFFER_BYTES = 4 << 20;
  private static final int MAX_DATAGRAM_BYTES = 65_536;
  private static final int READS_PER_TURN = 64;
  private static final long NANOS_PER_MILLI = 1_000_000;

  /** How many datagrams may be under way; what comes beyond is lost. Bounds the memory. */
  private static final int MAX_UNDER_WAY = 1 << 17;

  private static final long CLOSE_LIMIT_MILLIS = 5_000;

  /** A datagram that leaves later. */
  private record Pending(long atNanos, long order, Direction direction, ByteBuffer bytes)
      implements Comparable<Pending> {
    @Override
    public int compareTo(Pending other) {
      int byTime = Long.compare(atNanos, other.atNanos);
      return byTime != 0 ? byTime : Long.compare(order, other.order);
    }
  }

  /** One port of the link. */
  private static final class End {
    final DatagramChannel channel;
    final InetSocketAddress address;
    @Nullable InetSocketAddress peer;
    boolean peerGiven;

    End(DatagramChannel channel) throws IOException {
      this.channel = channel;
      this.address = (InetSocketAddress) channel.getLocalAddress();
    }
  }

  private final Object lock = new Object();
  private final Map<Direction, PathModel> paths = new EnumMap<>(Direction.class);
  private final Map<Direction, End> ends = new EnumMap<>(Direction.class);
  private final PriorityQueue<Pending> pending = new PriorityQueue<>();
  private final ByteBuffer scratch = ByteBuffer.allocateDirect(MAX_DATAGRAM_BYTES);
  private InetAddress bindAddress = InetAddress.getLoopbackAddress();
  private @Nullable Selector selector;
  private @Nullable Thread thread;
  private volatile boolean closed;
  private volatile @Nullable IOException failure;
  private long startNanos;
  private long orders;

  private UdpLink(long seed) {
    RandomGenerator random = new SplittableRandom(seed);
    for (Direction direction : Direction.values()) {
      paths.put(direction, new PathModel(random));
    }
  }

  /** A link whose chances follow from {@code seed}; {@link #start()} opens it. */
  public static UdpLink seeded(long seed) {
    return new UdpLink(seed);
  }

  /** The local address of both ports. Default: the loopback address. Before {@link #start()}. */
  public UdpLink bindAddress(InetAddress address) {
    synchronized (lock) {
      if (thread != null) {
        throw new IllegalStateException("the link was started, its address stays " + bindAddress);
      }
      bindAddress = address;
    }
    return this;
  }

  /** The settings of one direction alone. */
  public OneWay only(Direction direction) {
    return new OneWay(
        change -> {
          synchronized (lock) {
            change.accept(path(direction));
          }
        });
  }

  /**
   * Says where the first end is. Default: wherever the latest datagram to {@link
   * #addressOfSecond()} came from.
   */
  public UdpLink first(InetSocketAddress address) {
    return given(Direction.FORWARD, address);
  }

  /**
   * Says where the second end is. Default: wherever the latest datagram to {@link
   * #addressOfFirst()} came from.
   */
  public UdpLink second(InetSocketAddress address) {
    return given(Direction.BACKWARD, address);
  }

  /**
   * Opens the two ports and begins to pass datagrams on.
   *
   * @throws IOException when a port cannot be opened
   * @throws IllegalStateException when it was started before
   */
  public UdpLink start() throws IOException {
    synchronized (lock) {
      if (thread != null) {
        throw new IllegalStateException("the link was started before");
      }
      Selector opened = Selector.open();
      selector = opened;
      try {
        for (Direction direction : Direction.values()) {
          ends.put(direction, open(opened));
        }
      } catch (IOException e) {
        closeAll(opened);
        throw e;
      }
      startNanos = System.nanoTime();
      var runner = new Thread(() -> run(opened), "udp-link");
      runner.setDaemon(true);
      thread = runner;
      runner.start();
    }
    return this;
  }

  /** Where the second end finds the first. */
  public InetSocketAddress addressOfFirst() {
    return end(Direction.BACKWARD).address;
  }

  /** Where the first end finds the second. */
  public InetSocketAddress addressOfSecond() {
    return end(Direction.FORWARD).address;
  }

  /** The counts of one direction so far; {@link Direction#FORWARD} is from the first end. */
  public LinkStatistics statistics(Direction direction) {
    synchronized (lock) {
      return path(direction).statistics();
    }
  }

  /** The time since {@link #start()}, in which outages are given. */
  public Duration now() {
    return Duration.ofNanos(nowNanos());
  }

  /**
   * Closes both ports and ends the thread; what is under way is lost. May be called more than once.
   *
   * @throws UncheckedIOException when a port failed while the link ran
   */
  @Override
  public void close() {
    closed = true;
    Thread runner;
    synchronized (lock) {
      runner = thread;
      if (selector != null) {
        selector.wakeup();
      }
    }
    if (runner != null) {
      try {
        runner.join(CLOSE_LIMIT_MILLIS);
      } catch (InterruptedException e) {
        // The thread ends on its own; the caller wants to end too.
        Thread.currentThread().interrupt();
      }
    }
    IOException reason = failure;
    if (reason != null) {
      failure = null;
      throw new UncheckedIOException("the link ended while it ran", reason);
    }
  }

  @Override
  void apply(Consumer<PathModel> change) {
    synchronized (lock) {
      paths.values().forEach(change);
    }
  }

  @Override
  UdpLink self() {
    return this;
  }

  private UdpLink given(Direction arriving, InetSocketAddress address) {
    synchronized (lock) {
      End end = end(arriving);
      end.peer = address;
      end.peerGiven = true;
    }
    return this;
  }

  private PathModel path(Direction direction) {
    PathModel path = paths.get(direction);
    if (path == null) {
      throw new IllegalStateException("no path " + direction);
    }
    return path;
  }

  /** The port at which datagrams of this direction arrive. */
  private End end(Direction arriving) {
    synchronized (lock) {
      End end = ends.get(arriving);
      if (end == null) {
        throw new IllegalStateException("start() opens the ports: call it first");
      }
      return end;
    }
  }

  private End open(Selector opened) throws IOException {
    DatagramChannel channel = DatagramChannel.open();
    try {
      channel.setOption(StandardSocketOptions.SO_RCVBUF, SOCKET_BUFFER_BYTES);
      channel.setOption(StandardSocketOptions.SO_SNDBUF, SOCKET_BUFFER_BYTES);
      channel.bind(new InetSocketAddress(bindAddress, 0));
      channel.configureBlocking(false);
      channel.register(opened, SelectionKey.OP_READ);
      return new End(channel);
    } catch (IOException e) {
      channel.close();
      throw e;
    }
  }

  private void run(Selector opened) {
    try (opened) {
      while (!closed) {
        boolean stuck = sendDue();
        long waitMillis = stuck ? 1 : untilNextMillis();
        if (waitMillis == 0) {
          opened.selectNow();
        } else {
          opened.select(Math.max(waitMillis, 0));
        }
        opened.selectedKeys().clear();
        for (Direction direction : Direction.values()) {
          read(direction);
        }
      }
    } catch (IOException e) {
      failure = e;
    } finally {
      closeAll(opened);
    }
  }

  private void closeAll(Selector opened) {
    synchronized (lock) {
      try (opened) {
        for (End end : ends.values()) {
          end.channel.close();
        }
      } catch (IOException e) {
        failure = e;
      }
    }
  }

  private long nowNanos() {
    return System.nanoTime() - startNanos;
  }

  /** 0 when something is due, -1 when nothing waits. */
  private long untilNextMillis() {
    Pending next = pending.peek();
    if (next == null) {
      return -1;
    }
    long nanos = next.atNanos() - nowNanos();
    // Rounded up: rounded down, the last millisecond would be spent asking again and again.
    return nanos <= 0 ? 0 : TimeUnit.NANOSECONDS.toMillis(nanos + NANOS_PER_MILLI - 1);
  }

  private void read(Direction direction) throws IOException {
    End end = end(direction);
    for (int i = 0; i < READS_PER_TURN; i++) {
      scratch.clear();
      var source = (InetSocketAddress) end.channel.receive(scratch);
      if (source == null) {
        return;
      }
      scratch.flip();
      byte[] bytes = new byte[scratch.remaining()];
      scratch.get(bytes);
      synchronized (lock) {
        if (!end.peerGiven) {
          end.peer = source;
        }
        admit(direction, bytes);
      }
    }
  }

  private void admit(Direction direction, byte[] bytes) {
    PathModel path = path(direction);
    path.countSent(bytes.length);
    PathModel.Passage passage =
        pending.size() >= MAX_UNDER_WAY
            ? PathModel.Passage.ends(Fate.QUEUE_FULL)
            : path.pass(nowNanos(), bytes, 0);
    path.countFate(passage.fate());
    enqueue(direction, passage.arrivalNanos(), bytes);
    enqueue(direction, passage.copyArrivalNanos(), bytes);
  }

  private void enqueue(Direction direction, long atNanos, byte[] bytes) {
    if (atNanos != PathModel.Passage.NEVER) {
      pending.add(new Pending(atNanos, orders++, direction, ByteBuffer.wrap(bytes)));
    }
  }

  /** Sends what is due; returns whether the socket buffer was full before all of it was sent. */
  private boolean sendDue() throws IOException {
    long now = nowNanos();
    for (Pending next = pending.peek();
        next != null && next.atNanos() <= now;
        next = pending.peek()) {
      // It leaves by the port that stands for its sender, so that the receiver can answer there.
      End stands = end(next.direction().opposite());
      InetSocketAddress target;
      synchronized (lock) {
        target = stands.peer;
      }
      if (target == null) {
        synchronized (lock) {
          path(next.direction()).countFate(Fate.NO_RECEIVER);
        }
      } else {
        int length = next.bytes().remaining();
        if (stands.channel.send(next.bytes(), target) == 0 && length > 0) {
          return true;
        }
        synchronized (lock) {
          path(next.direction()).countArrival(length);
        }
      }
      pending.remove();
    }
    return false;
  }
}
