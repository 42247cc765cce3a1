package dev.tautline.ice;

import dev.tautline.ice.agent.Announcements;
import dev.tautline.ice.agent.DefaultIceAgent;
import dev.tautline.ice.agent.HostPorts;
import dev.tautline.ice.agent.ProcessPacer;
import dev.tautline.ice.gather.HostAddresses;
import dev.tautline.ice.gather.MulticastDnsResponder;
import dev.tautline.ice.gather.NameResolver;
import dev.tautline.ice.gather.NetworkWatch;
import dev.tautline.ice.tcp.PassivePort;
import dev.tautline.ice.udp.Loops;
import dev.tautline.ice.udp.NettyLoop;
import dev.tautline.ice.udp.SharedPort;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Owns event loops, sockets and the pacer of checks; several may live in one JVM. May be used from
 * any thread.
 */
public final class IceRuntime implements AutoCloseable {
  private final Loops loops;
  private final NameResolver names;
  private final NetworkWatch network;
  private final ProcessPacer pacer = new ProcessPacer();
  private final SecureRandom random = new SecureRandom();
  private final HostPorts ports;
  private final Map<InetSocketAddress, MulticastDnsResponder> responders =
      new ConcurrentHashMap<>();
  private final Set<DefaultIceAgent> agents = ConcurrentHashMap.newKeySet();
  private final CompletableFuture<Void> closed = new CompletableFuture<>();
  private final Optional<DefaultIceAgent> scout;
  private boolean closing;

  private IceRuntime(
      IceRuntimeOptions options, NetworkWatch.Source interfaces, Duration watchInterval) {
    loops = Loops.create(options);
    names = new NameResolver(options.threadNamePrefix());
    ports = open(options.ports());
    network = new NetworkWatch(options.threadNamePrefix() + "-network", interfaces, watchInterval);
    scout = options.ports().announcedBy().map(server -> scout());
  }

  /**
   * Asks under what address this host is reached, over the shared port where there is one, so that
   * the first connection need not wait for it: an agent that gathers and has no peer.
   */
  private DefaultIceAgent scout() {
    var scouting = new Scout();
    var agent =
        new DefaultIceAgent(
            nextLoop(),
            IceAgentOptions.builder()
                .id("announced address")
                .networkChanges(IceAgentOptions.NetworkChanges.IGNORE)
                .build(),
            scouting,
            random,
            pacer,
            names,
            network,
            ports,
            this::responder,
            closed -> {});
    scouting.agent = agent;
    agent.loop().execute(agent::gather);
    return agent;
  }

  private HostPorts open(IcePorts wanted) {
    try {
      Optional<SharedPort> udp =
          wanted.udpPort().isPresent()
              ? Optional.of(SharedPort.open(loops, wanted.udpPort().getAsInt()))
              : Optional.empty();
      Optional<PassivePort> tcp =
          wanted.tcpPort().isPresent()
              ? Optional.of(
                  PassivePort.open(
                      loops, wanted.tcpPort().getAsInt(), wanted.tcpPendingPerAddress()))
              : Optional.empty();
      return new HostPorts(wanted, udp, tcp, new Announcements(wanted));
    } catch (IllegalStateException e) {
      names.close();
      loops.close().join();
      throw e;
    }
  }

  /** A runtime with default options. */
  public static IceRuntime create() {
    return create(IceRuntimeOptions.defaults());
  }

  /**
   * A runtime; its threads start with its first agents.
   *
   * @throws IllegalStateException if EPOLL is asked for and not available, or if a port that is
   *     asked for is taken
   */
  public static IceRuntime create(IceRuntimeOptions options) {
    return new IceRuntime(options, HostAddresses::interfaces, NetworkWatch.INTERVAL);
  }

  /** For tests of a network that changes. */
  static IceRuntime create(
      IceRuntimeOptions options, NetworkWatch.Source interfaces, Duration watchInterval) {
    return new IceRuntime(options, interfaces, watchInterval);
  }

  /**
   * An agent, bound to one of the loops in turn. It does nothing until it is told to.
   *
   * @throws IllegalStateException if the runtime is closed
   */
  public IceAgent createAgent(IceAgentOptions options, IceListener listener) {
    synchronized (this) {
      if (closing) {
        throw new IllegalStateException("the runtime is closed");
      }
      var agent =
          new DefaultIceAgent(
              nextLoop(),
              options,
              listener,
              random,
              pacer,
              names,
              network,
              ports,
              this::responder,
              agents::remove);
      agents.add(agent);
      return agent;
    }
  }

  /** One for all agents, as it has the port of multicast DNS; made when the first needs it. */
  private MulticastDnsResponder responder(InetSocketAddress group) {
    return responders.computeIfAbsent(group, key -> new MulticastDnsResponder(loops.next(), key));
  }

  /** Where a port is shared, one of the loops that read it. */
  private NettyLoop nextLoop() {
    NettyLoop next = loops.next();
    List<NettyLoop> reading = ports.udp().map(SharedPort::loops).orElse(List.of());
    return reading.size() == 1 ? loops.sibling(reading.get(0)) : next;
  }

  /** For tests of what is shared. */
  HostPorts ports() {
    return ports;
  }

  /** {@code epoll} or {@code nio}. */
  public String transportName() {
    return loops.transportName();
  }

  /** How many agents are not closed. */
  public int openAgents() {
    return agents.size();
  }

  /** Closes all agents, then the loops; completes when their threads have ended. */
  public CompletableFuture<Void> closeAsync() {
    synchronized (this) {
      if (closing) {
        return closed.copy();
      }
      closing = true;
    }
    names.close();
    network.close();
    agents.forEach(DefaultIceAgent::closeFromAnywhere);
    scout.ifPresent(DefaultIceAgent::closeFromAnywhere);
    // A loop that ends closes its sockets before it runs what waits: the names' leave comes first.
    CompletableFuture.allOf(
            responders.values().stream()
                .map(MulticastDnsResponder::close)
                .toArray(CompletableFuture[]::new))
        .thenCompose(left -> loops.close())
        .thenRun(
            () -> {
              names.join();
              network.join();
              closed.complete(null);
            });
    return closed.copy();
  }

  /** Closes and waits; not to be called on a loop. A second call waits too. */
  @Override
  public void close() {
    closeAsync().join();
  }

  /** Closes its agent when all was asked; nothing else matters to it. */
  private static final class Scout implements IceListener {
    private volatile @Nullable DefaultIceAgent agent;

    @Override
    public void gatheringStateChanged(IceGatheringState state) {
      DefaultIceAgent scouting = agent;
      if (state == IceGatheringState.COMPLETE && scouting != null) {
        // Not from within what tells it.
        scouting.closeFromAnywhere();
      }
    }

    @Override
    public void localCandidate(IceCandidate candidate) {}

    @Override
    public void candidateError(IceCandidateError error) {}

    @Override
    public void stateChanged(IceState state) {}

    @Override
    public void selectedPairChanged(SelectedPair pair) {}

    @Override
    public void datagram(byte[] buffer, int offset, int length, long nowNanos) {}

    @Override
    public void turnEnd(long nowNanos) {}

    @Override
    public void pathChanged() {}

    @Override
    public void addressLost() {}

    @Override
    public void writableChanged(boolean writable) {}
  }
}
