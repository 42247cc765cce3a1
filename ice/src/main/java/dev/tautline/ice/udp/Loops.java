package dev.tautline.ice.udp;

import dev.tautline.ice.IceRuntimeOptions;
import dev.tautline.ice.IceTransport;
import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollDatagramChannel;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.ChannelGroupFuture;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.DatagramChannel;
import io.netty.channel.socket.ServerSocketChannel;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.SocketProtocolFamily;
import io.netty.channel.socket.nio.NioDatagramChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.ImmediateEventExecutor;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.nio.channels.spi.SelectorProvider;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** The event loops of a runtime and which transport they run. */
public final class Loops {
  private static final long SHUTDOWN_SECONDS = 5;
  private static final long JOIN_MILLIS = 1_000;

  private final EventLoopGroup group;
  private static final String NATIVE_LIBRARY = "META-INF/native/libnetty_transport_native_epoll_";

  private final List<Thread> threads;
  private final boolean epoll;

  /**
   * What is open. A loop of Netty may end without a look at its channels, and their sockets would
   * stay open and bound.
   */
  private final ChannelGroup channels =
      new DefaultChannelGroup(ImmediateEventExecutor.INSTANCE, true);

  private final int socketBufferBytes;

  private Loops(EventLoopGroup group, List<Thread> threads, boolean epoll, int socketBufferBytes) {
    this.group = group;
    this.threads = threads;
    this.epoll = epoll;
    this.socketBufferBytes = socketBufferBytes;
  }

  /**
   * Starts loops.
   *
   * @throws IllegalStateException if EPOLL is asked for and its native library does not load
   */
  public static Loops create(IceRuntimeOptions options) {
    boolean epoll =
        switch (options.transport()) {
          case NIO -> false;
          case EPOLL -> Epoll.isAvailable();
          // Asking Netty makes it try to load a native library, of which newer JDKs warn: not where
          // no jar brings one.
          case AUTO -> nativeLibraryIsPacked() && Epoll.isAvailable();
        };
    if (options.transport() == IceTransport.EPOLL && !epoll) {
      throw new IllegalStateException(
          "epoll is not available here: netty-transport-native-epoll for this platform must be on"
              + " the class path",
          Epoll.unavailabilityCause());
    }
    List<Thread> threads = new CopyOnWriteArrayList<>();
    var factory =
        new DefaultThreadFactory(options.threadNamePrefix(), true) {
          @Override
          protected Thread newThread(Runnable task, String name) {
            Thread thread = super.newThread(task, name);
            threads.add(thread);
            return thread;
          }
        };
    var group =
        new MultiThreadIoEventLoopGroup(
            options.loops(),
            factory,
            epoll ? EpollIoHandler.newFactory() : NioIoHandler.newFactory());
    return new Loops(group, threads, epoll, options.socketBufferBytes());
  }

  private static boolean nativeLibraryIsPacked() {
    ClassLoader loader = Epoll.class.getClassLoader();
    return Stream.of("x86_64", "aarch_64", "riscv64")
        .anyMatch(arch -> loader.getResource(NATIVE_LIBRARY + arch + ".so") != null);
  }

  /** {@code epoll} or {@code nio}. */
  public String transportName() {
    return epoll ? "epoll" : "nio";
  }

  /** The next loop in turn. */
  public NettyLoop next() {
    return new NettyLoop(group.next(), this);
  }

  /** The same loop for another connection, whose time begins now. */
  public NettyLoop sibling(NettyLoop loop) {
    return new NettyLoop(loop.netty(), this);
  }

  /** All of them, each once. */
  public List<NettyLoop> all() {
    List<NettyLoop> all = new ArrayList<>();
    for (EventExecutor loop : group) {
      all.add(new NettyLoop((EventLoop) loop, this));
    }
    return all;
  }

  boolean isEpoll() {
    return epoll;
  }

  int socketBufferBytes() {
    return socketBufferBytes;
  }

  /** A TCP channel that listens, not bound yet. */
  public ServerSocketChannel newTcpServerChannel() {
    return epoll ? new EpollServerSocketChannel() : new NioServerSocketChannel();
  }

  /** The loops as Netty has them, for accepted channels. */
  public EventLoopGroup group() {
    return group;
  }

  /** A TCP channel, not connected yet. */
  public SocketChannel newTcpChannel() {
    return epoll ? new EpollSocketChannel() : new NioSocketChannel();
  }

  /**
   * Takes a channel that a loop has registered: it is closed before the loops end, at once when
   * they are ending.
   */
  public void own(Channel channel) {
    channels.add(channel);
  }

  DatagramChannel newChannel(InetAddress address) {
    boolean v6 = address instanceof Inet6Address;
    SocketProtocolFamily family = v6 ? SocketProtocolFamily.INET6 : SocketProtocolFamily.INET;
    return epoll
        ? new EpollDatagramChannel(family)
        : new NioDatagramChannel(SelectorProvider.provider(), family);
  }

  /**
   * Closes all channels, after what waits for the loops, and stops the loops; completes when their
   * threads have ended. Netty's own {@code globalEventExecutor}, one for the whole JVM, ends by
   * itself a second later.
   */
  public CompletableFuture<Void> close() {
    var closed = new CompletableFuture<Void>();
    channels
        .close()
        .addListener(
            (ChannelGroupFuture done) ->
                group
                    .shutdownGracefully(0, SHUTDOWN_SECONDS, TimeUnit.SECONDS)
                    .addListener(
                        (Future<Object> ended) -> {
                          joinAll();
                          closed.complete(null);
                        }));
    return closed;
  }

  /** The loops have ended, their threads are about to: this takes no time worth naming. */
  private void joinAll() {
    for (Thread thread : threads) {
      try {
        thread.join(JOIN_MILLIS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
    }
  }
}
