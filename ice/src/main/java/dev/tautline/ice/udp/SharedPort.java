package dev.tautline.ice.udp;

import dev.tautline.ice.candidate.AddressText;
import dev.tautline.ice.endpoint.Endpoint;
import dev.tautline.ice.endpoint.EndpointListener;
import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One UDP port for all connections of a runtime. For each local address there is one socket per
 * loop (epoll, SO_REUSEPORT) or one in all (NIO), bound when the first connection uses the address.
 *
 * <p>What comes is given to a connection by its source address; a check from an address that is
 * nobody's by its ufrag; a response by its transaction. An address becomes a connection's by a
 * check that the connection authenticated, and stays so while its peer's consent is fresh. For
 * everything else there is neither an answer nor a state.
 *
 * <p>May be used from any thread.
 */
public final class SharedPort {
  private static final Logger LOG = LoggerFactory.getLogger(SharedPort.class);

  private final int port;
  private final List<NettyLoop> loops;
  private final List<LoopQueue> queues = new ArrayList<>();
  private final UdpSocket.Sharing sharing;
  private final Map<String, Member> members = new ConcurrentHashMap<>();
  private final Map<InetAddress, SharedAddress> addresses = new ConcurrentHashMap<>();
  private final AtomicLongArray drops = new AtomicLongArray(PortDrop.values().length);

  private SharedPort(int port, List<NettyLoop> loops, UdpSocket.Sharing sharing) {
    this.port = port;
    this.loops = loops;
    this.sharing = sharing;
    for (NettyLoop loop : loops) {
      queues.add(new LoopQueue(loop, this));
    }
  }

  /**
   * Takes the port. Waits for the bind, so it is not called on a loop.
   *
   * @throws IllegalStateException if the port is taken, or may not be bound
   */
  public static SharedPort open(Loops loops, int port) {
    try (var probe = new DatagramSocket(port)) {
      // A socket that shares nothing: it finds what SO_REUSEPORT would silently share with.
      LOG.trace("UDP port {} is free", probe.getLocalPort());
    } catch (IOException e) {
      throw new IllegalStateException(
          "UDP port " + port + " cannot be used for all connections: " + e.getMessage(), e);
    }
    List<NettyLoop> all = loops.all();
    var shared =
        loops.isEpoll()
            ? new SharedPort(port, all, UdpSocket.Sharing.ONE_PER_LOOP)
            : new SharedPort(port, all.subList(0, 1), UdpSocket.Sharing.ALONE);
    try {
      // Held from now on: whoever looks for the port finds it taken.
      shared.address(InetAddress.getByAddress(new byte[] {127, 0, 0, 1})).opened().join();
    } catch (CompletionException e) {
      throw new IllegalStateException("UDP port " + port + " cannot be bound: " + e.getCause(), e);
    } catch (java.net.UnknownHostException e) {
      throw new IllegalStateException("4 is the length of an address", e);
    }
    return shared;
  }

  /** The port. */
  public int port() {
    return port;
  }

  /** The loops that read it; connections live on these. */
  public List<NettyLoop> loops() {
    return loops;
  }

  /** How often something was dropped for this reason. */
  public long drops(PortDrop reason) {
    return drops.get(reason.ordinal());
  }

  /** How many of the peers' addresses are some connection's. */
  public int knownAddresses() {
    return addresses.values().stream().mapToInt(SharedAddress::knownAddresses).sum();
  }

  /** How many answers are waited for. */
  public int openTransactions() {
    return addresses.values().stream().mapToInt(SharedAddress::openTransactions).sum();
  }

  /** How many datagrams went to another loop than the one that read them. */
  public long hops() {
    return queues.stream().mapToLong(LoopQueue::passed).sum();
  }

  /**
   * A connection.
   *
   * @param loop its loop, one of {@link #loops}
   */
  public Member member(NettyLoop loop) {
    for (int i = 0; i < loops.size(); i++) {
      if (loops.get(i).netty() == loop.netty()) {
        return new Member(loop, i);
      }
    }
    throw new IllegalArgumentException("a connection on a loop that does not read the port");
  }

  void count(PortDrop reason) {
    drops.incrementAndGet(reason.ordinal());
  }

  LoopQueue queue(int loop) {
    return queues.get(loop);
  }

  @Nullable Member memberOf(String ufrag) {
    return members.get(ufrag);
  }

  private SharedAddress address(InetAddress address) {
    return addresses.computeIfAbsent(address, this::bind);
  }

  private SharedAddress bind(InetAddress address) {
    var made = new SharedAddress(this, new InetSocketAddress(address, port), loops.size());
    for (int i = 0; i < loops.size(); i++) {
      int index = i;
      NettyLoop loop = loops.get(i);
      loop.execute(
          () ->
              UdpSocket.bind(
                  loop,
                  made.local(),
                  sharing,
                  made.reader(index),
                  (socket, why) -> made.bound(index, socket, why)));
    }
    made.opened()
        .whenComplete(
            (done, why) -> {
              if (why != null) {
                LOG.warn("no UDP socket on {}: {}", AddressText.of(made.local()), why.toString());
                addresses.remove(address, made);
              }
            });
    return made;
  }

  /** One connection's part of the port. */
  public final class Member {
    private final NettyLoop loop;
    private final int index;
    private final Set<String> ufrags = ConcurrentHashMap.newKeySet();
    private final Map<SharedAddress, SharedEndpoint> endpoints = new ConcurrentHashMap<>();

    private Member(NettyLoop loop, int index) {
      this.loop = loop;
      this.index = index;
    }

    /**
     * Checks with this ufrag come here from now on.
     *
     * @return whether no other connection has it
     */
    public boolean add(String ufrag) {
      if (members.putIfAbsent(ufrag, this) != null) {
        return ufrags.contains(ufrag);
      }
      ufrags.add(ufrag);
      return true;
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
     * Opens the port on a local address.
     *
     * @param listener gets what comes for the connection
     * @param done gets its endpoint, or the reason why there is none; on the connection's loop
     */
    public void open(
        InetAddress address,
        EndpointListener listener,
        BiConsumer<@Nullable Endpoint, @Nullable Throwable> done) {
      SharedAddress shared = address(address);
      shared
          .opened()
          .whenComplete(
              (sockets, why) ->
                  loop.execute(
                      () -> {
                        if (sockets == null) {
                          done.accept(null, why);
                        } else {
                          var endpoint =
                              new SharedEndpoint(shared, sockets.get(index), index, listener, this);
                          endpoints.put(shared, endpoint);
                          done.accept(endpoint, null);
                        }
                      }));
    }

    @Nullable SharedEndpoint endpoint(SharedAddress address) {
      return endpoints.get(address);
    }

    void closed(SharedAddress address) {
      endpoints.remove(address);
    }
  }

  /** Completes with the sockets, one for each loop. */
  static CompletableFuture<List<UdpSocket>> pending() {
    return new CompletableFuture<>();
  }
}
