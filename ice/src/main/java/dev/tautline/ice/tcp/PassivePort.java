package dev.tautline.ice.tcp;

import dev.tautline.ice.candidate.AddressText;
import dev.tautline.ice.endpoint.Endpoint;
import dev.tautline.ice.endpoint.EndpointListener;
import dev.tautline.ice.udp.Loops;
import dev.tautline.ice.udp.NettyLoop;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.WriteBufferWaterMark;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The TCP port that listens for all connections of a runtime: passive candidates of RFC 6544, with
 * the framing of RFC 4571. A TCP connection belongs to the agent whose ufrag its first frame names,
 * which has to be a check; one whose check was not authenticated within {@value #SECONDS} seconds
 * is closed. May be used from any thread.
 */
public final class PassivePort {
  private static final Logger LOG = LoggerFactory.getLogger(PassivePort.class);

  /** How long a TCP connection may last without an authenticated check. */
  static final int SECONDS = 5;

  /** TCP connections without an authenticated check at the same time. */
  static final int MAX_PENDING = 256;

  private static final int IPV4_BYTES = 4;
  private static final int IPV6_NETWORK_BYTES = 8;

  /** TCP connections in all. */
  static final int MAX_CONNECTIONS = 8_192;

  /** Netty's queue of a connection; the path is not writable above it. */
  private static final WriteBufferWaterMark WATER_MARK =
      new WriteBufferWaterMark(32 * 1024, 128 * 1024);

  private final Loops loops;
  private final int port;
  private final Map<String, Member> members = new ConcurrentHashMap<>();
  private final Map<InetAddress, CompletableFuture<Channel>> listening = new ConcurrentHashMap<>();
  private final Set<PassiveConnection> connections = ConcurrentHashMap.newKeySet();
  private final AtomicInteger pending = new AtomicInteger();
  private final int pendingPerAddress;

  /** How many of the pending ones come from where; none with 0. */
  private final Map<InetAddress, Integer> pendingFrom = new ConcurrentHashMap<>();

  private final AtomicLong refused = new AtomicLong();

  private PassivePort(Loops loops, int port, int pendingPerAddress) {
    this.loops = loops;
    this.port = port;
    this.pendingPerAddress = pendingPerAddress;
  }

  /**
   * Takes the port.
   *
   * @param pendingPerAddress TCP connections of one address without an authenticated check
   * @throws IllegalStateException if it is taken, or may not be bound
   */
  public static PassivePort open(Loops loops, int port, int pendingPerAddress) {
    try (var probe = new ServerSocket(port)) {
      LOG.trace("TCP port {} is free", probe.getLocalPort());
    } catch (IOException e) {
      throw new IllegalStateException(
          "TCP port " + port + " cannot be used for all connections: " + e.getMessage(), e);
    }
    return new PassivePort(loops, port, pendingPerAddress);
  }

  /** The TCP connections that are there. */
  public int connections() {
    return connections.size();
  }

  /** Those of them without an authenticated check. */
  public int pendingConnections() {
    return pending.get();
  }

  /** From how many addresses these come. */
  public int pendingAddresses() {
    return pendingFrom.size();
  }

  /** TCP connections that were closed as they were too many, or did not begin with a check. */
  public long refused() {
    return refused.get();
  }

  /** A connection on its loop. */
  public Member member(NettyLoop loop) {
    return new Member(loop);
  }

  @Nullable Member memberOf(String ufrag) {
    return members.get(ufrag);
  }

  private CompletableFuture<Channel> listen(InetAddress address) {
    var opened = new CompletableFuture<Channel>();
    new ServerBootstrap()
        .group(loops.group())
        .channelFactory(loops::newTcpServerChannel)
        .handler(
            new ChannelInitializer<>() {
              @Override
              protected void initChannel(Channel channel) {
                loops.own(channel);
              }
            })
        .option(ChannelOption.SO_BACKLOG, 256)
        .option(ChannelOption.SO_REUSEADDR, true)
        .childOption(ChannelOption.TCP_NODELAY, true)
        .childOption(ChannelOption.WRITE_BUFFER_WATER_MARK, WATER_MARK)
        .childHandler(
            new ChannelInitializer<>() {
              @Override
              protected void initChannel(Channel channel) {
                accepted(channel, address);
              }
            })
        .bind(new InetSocketAddress(address, port))
        .addListener(
            (ChannelFuture done) -> {
              if (done.isSuccess()) {
                opened.complete(done.channel());
              } else {
                LOG.warn(
                    "no TCP socket on {} port {}: {}",
                    AddressText.of(address),
                    port,
                    String.valueOf(done.cause()));
                listening.remove(address);
                opened.completeExceptionally(done.cause());
              }
            });
    return opened;
  }

  private void accepted(Channel channel, InetAddress at) {
    loops.own(channel);
    var from = (InetSocketAddress) channel.remoteAddress();
    if (from == null
        || pending.get() >= MAX_PENDING
        || connections.size() >= MAX_CONNECTIONS
        || !mayWait(from.getAddress())) {
      refused.incrementAndGet();
      channel.close();
      return;
    }
    var connection = new PassiveConnection(this, channel, at);
    connections.add(connection);
    pending.incrementAndGet();
    channel.pipeline().addLast(connection);
    channel.eventLoop().schedule(connection::closeUnlessAuthenticated, SECONDS, TimeUnit.SECONDS);
  }

  /** One address cannot take all places of those that are not known yet. */
  private boolean mayWait(InetAddress from) {
    boolean[] room = {true};
    pendingFrom.merge(
        network(from),
        1,
        (before, one) -> {
          room[0] = before < pendingPerAddress;
          return room[0] ? before + one : before;
        });
    return room[0];
  }

  private void waitsNoMore(PassiveConnection connection) {
    pending.decrementAndGet();
    pendingFrom.computeIfPresent(
        network(connection.remote().getAddress()), (from, count) -> count == 1 ? null : count - 1);
  }

  /** An IPv6 host has all addresses of its /64. */
  private static InetAddress network(InetAddress address) {
    byte[] bytes = address.getAddress();
    if (bytes.length == IPV4_BYTES) {
      return address;
    }
    Arrays.fill(bytes, IPV6_NETWORK_BYTES, bytes.length, (byte) 0);
    try {
      return InetAddress.getByAddress(bytes);
    } catch (UnknownHostException e) {
      throw new IllegalStateException("an address has 4 or 16 bytes", e);
    }
  }

  void refusedOne() {
    refused.incrementAndGet();
  }

  void authenticatedOne(PassiveConnection connection) {
    waitsNoMore(connection);
  }

  void ended(PassiveConnection connection, boolean wasPending) {
    if (connections.remove(connection) && wasPending) {
      waitsNoMore(connection);
    }
  }

  /** One connection's part of the port. */
  public final class Member {
    private final NettyLoop loop;
    private final Set<String> ufrags = ConcurrentHashMap.newKeySet();
    private final Map<InetAddress, PassiveEndpoint> endpoints = new ConcurrentHashMap<>();

    private Member(NettyLoop loop) {
      this.loop = loop;
    }

    NettyLoop loop() {
      return loop;
    }

    /** Checks with this ufrag come here from now on. */
    public void add(String ufrag) {
      if (members.putIfAbsent(ufrag, this) == null) {
        ufrags.add(ufrag);
      }
    }

    /** Checks with this ufrag come here no more. */
    public void remove(String ufrag) {
      if (ufrags.remove(ufrag)) {
        members.remove(ufrag, this);
      }
    }

    /** The connection is closed; its endpoints were. */
    public void close() {
      ufrags.forEach(ufrag -> members.remove(ufrag, this));
      ufrags.clear();
    }

    /**
     * Listens on a local address.
     *
     * @param listener gets what comes for the connection
     * @param done gets its endpoint, or the reason why there is none; on the connection's loop
     */
    public void open(
        InetAddress address,
        EndpointListener listener,
        BiConsumer<@Nullable Endpoint, @Nullable Throwable> done) {
      // Not computeIfAbsent: a bind that fails at once would remove it from within.
      CompletableFuture<Channel> opened = listening.get(address);
      if (opened == null) {
        synchronized (listening) {
          opened = listening.get(address);
          if (opened == null) {
            opened = listen(address);
            listening.put(address, opened);
          }
        }
      }
      opened.whenComplete(
          (channel, why) ->
              loop.execute(
                  () -> {
                    if (channel == null) {
                      done.accept(null, why);
                    } else {
                      var endpoint =
                          new PassiveEndpoint(
                              loop,
                              (InetSocketAddress) channel.localAddress(),
                              listener,
                              () -> endpoints.remove(address));
                      endpoints.put(address, endpoint);
                      done.accept(endpoint, null);
                    }
                  }));
    }

    @Nullable PassiveEndpoint endpoint(InetAddress address) {
      return endpoints.get(address);
    }
  }
}
