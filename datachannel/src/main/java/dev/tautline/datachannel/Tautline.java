package dev.tautline.datachannel;

import dev.tautline.dtls.DtlsCertificate;
import dev.tautline.dtls.DtlsEngines;
import dev.tautline.dtls.DtlsHandshakes;
import dev.tautline.ice.IceAgent;
import dev.tautline.ice.IceAgentOptions;
import dev.tautline.ice.IceListener;
import dev.tautline.ice.IceRuntime;
import dev.tautline.ice.IceRuntimeOptions;
import dev.tautline.ice.IceTransport;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The runtime: event loops, handshake threads and the certificate that its connections share.
 * Several may live in one JVM. Closing it closes its connections and leaves no thread behind.
 *
 * <p>Thread rule: any thread.
 */
public final class Tautline implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Tautline.class);

  private final IceRuntime ice;
  private final DtlsHandshakes handshakes;
  private final @Nullable Executor callbackExecutor;
  private final Optional<HttpProxy> httpProxy;
  private final String threadNamePrefix;
  private final CompletableFuture<DtlsCertificate> certificate = new CompletableFuture<>();
  private final CompletableFuture<Void> warm;
  private final Set<PeerConnection> connections = ConcurrentHashMap.newKeySet();
  private final AtomicBoolean closing = new AtomicBoolean();
  private final CompletableFuture<Void> closed = new CompletableFuture<>();

  private Tautline(Builder builder) {
    this.threadNamePrefix = builder.threadNamePrefix;
    this.callbackExecutor = builder.callbackExecutor;
    this.httpProxy = builder.ports.httpProxy();
    IceRuntimeOptions options =
        IceRuntimeOptions.defaults()
            .withTransport(IceTransport.valueOf(builder.transport.name()))
            .withThreadNamePrefix(threadNamePrefix + "-loop")
            .withPorts(builder.ports.resolve());
    this.ice = IceRuntime.create(builder.loops > 0 ? options.withLoops(builder.loops) : options);
    this.handshakes =
        DtlsHandshakes.create(
            threadNamePrefix + "-dtls",
            DtlsHandshakes.DEFAULT_MAX_RUNNING,
            DtlsHandshakes.DEFAULT_MAX_QUEUED);
    DtlsCertificate given = builder.certificate;
    if (given != null) {
      certificate.complete(given);
    } else {
      handshakes.execute(this::makeCertificate);
    }
    this.warm = DtlsEngines.warmUp();
  }

  private void makeCertificate() {
    try {
      certificate.complete(DtlsCertificate.generate());
    } catch (RuntimeException | Error e) {
      certificate.completeExceptionally(e);
    }
  }

  /** Which sockets the loops use. */
  public enum Transport {
    /** Epoll where its native library loads, else NIO. */
    AUTO,
    /** Epoll; making the runtime fails where its native library does not load. */
    EPOLL,
    /** The JDK's own selectors: everywhere. */
    NIO
  }

  /** A runtime with all defaults. */
  public static Tautline create() {
    return builder().build();
  }

  /** Starts from the defaults. */
  public static Builder builder() {
    return new Builder();
  }

  /** A connection with default options. */
  public PeerConnection createPeerConnection() {
    return createPeerConnection(PeerConnectionOptions.defaults());
  }

  /**
   * A connection.
   *
   * @throws IllegalArgumentException if an ICE server's URL cannot be used
   * @throws IllegalStateException after {@link #close}
   */
  public PeerConnection createPeerConnection(PeerConnectionOptions options) {
    Objects.requireNonNull(options);
    if (closing.get()) {
      throw new IllegalStateException("the runtime is closed");
    }
    var connection = new PeerConnection(this, options);
    connections.add(connection);
    if (closing.get()) {
      // It was closed meanwhile and may not have seen this one.
      connection.closeAsync();
      throw new IllegalStateException("the runtime is closed");
    }
    return connection;
  }

  /** The sockets in use: {@code epoll} or {@code nio}. */
  public String transportName() {
    return ice.transportName();
  }

  // ---- What connections ask for

  IceAgent createAgent(String id, PeerConnectionOptions options, IceListener listener) {
    List<dev.tautline.ice.IceServer> servers = new ArrayList<>();
    for (IceServer server : options.iceServers()) {
      Optional<dev.tautline.ice.IceServer.Credentials> credentials = credentials(server);
      for (String url : server.urls()) {
        servers.add(dev.tautline.ice.IceServer.parse(url, credentials));
      }
    }
    IceAgentOptions.Loopback loopback =
        switch (options.loopback()) {
          case EXCLUDE ->
              servers.stream().anyMatch(dev.tautline.ice.IceServer::isOnThisHost)
                  ? IceAgentOptions.Loopback.INCLUDE
                  : IceAgentOptions.Loopback.EXCLUDE;
          case INCLUDE -> IceAgentOptions.Loopback.INCLUDE;
          case ONLY -> IceAgentOptions.Loopback.ONLY;
        };
    Set<IceAgentOptions.Family> families =
        switch (options.ipFamilies()) {
          case ANY -> EnumSet.allOf(IceAgentOptions.Family.class);
          case IPV4 -> EnumSet.of(IceAgentOptions.Family.IPV4);
          case IPV6 -> EnumSet.of(IceAgentOptions.Family.IPV6);
        };
    IceAgentOptions.Builder agent =
        IceAgentOptions.builder()
            .id(id)
            .servers(servers)
            .loopback(loopback)
            .families(families)
            .candidatePolicy(
                switch (options.iceTransportPolicy()) {
                  case ALL -> IceAgentOptions.CandidatePolicy.ALL;
                  case RELAY -> IceAgentOptions.CandidatePolicy.RELAY;
                })
            .hostCandidates(
                switch (options.hostCandidates()) {
                  case OFFERED -> IceAgentOptions.HostCandidates.OFFERED;
                  case MDNS_NAMES -> IceAgentOptions.HostCandidates.MDNS_NAMES;
                  case HIDDEN -> IceAgentOptions.HostCandidates.HIDDEN;
                })
            .addressFilter(options.addressFilter())
            .patience(options.icePatience());
    options.interfaceFilter().ifPresent(agent::interfaceFilter);
    options.turnTrustStore().ifPresent(agent::turnTrustStore);
    options.httpProxy().or(() -> httpProxy).ifPresent(proxy -> agent.httpProxy(forIce(proxy)));
    return ice.createAgent(agent.build(), listener);
  }

  private static Optional<dev.tautline.ice.IceServer.Credentials> credentials(IceServer server) {
    String username = server.username();
    String credential = server.credential();
    return username == null || credential == null
        ? Optional.empty()
        : Optional.of(new dev.tautline.ice.IceServer.Credentials(username, credential));
  }

  private static dev.tautline.ice.HttpProxy forIce(HttpProxy proxy) {
    String user = proxy.user();
    String password = proxy.password();
    return new dev.tautline.ice.HttpProxy(
        proxy.host(),
        proxy.port(),
        user == null
            ? Optional.empty()
            : Optional.of(
                new dev.tautline.ice.HttpProxy.Login(user, password == null ? "" : password)));
  }

  @Nullable Executor callbackExecutor() {
    return callbackExecutor;
  }

  DtlsHandshakes handshakes() {
    return handshakes;
  }

  CompletableFuture<DtlsCertificate> certificate() {
    return certificate;
  }

  void closed(PeerConnection connection) {
    connections.remove(connection);
  }

  // ---- The end

  /** Closes all connections and ends all threads. Calling it again gives the same future. */
  public CompletableFuture<Void> closeAsync() {
    if (closing.compareAndSet(false, true)) {
      List<CompletableFuture<Void>> ends = new ArrayList<>();
      for (PeerConnection connection : connections) {
        ends.add(connection.closeAsync());
      }
      // The warm-up, where it still runs, is part of what this runtime began.
      ends.add(warm.exceptionally(e -> null));
      CompletableFuture.allOf(ends.toArray(new CompletableFuture<?>[0]))
          .whenComplete((none, fault) -> handshakes.close())
          .thenCompose(none -> ice.closeAsync())
          .whenComplete(
              (none, fault) -> {
                if (fault != null) {
                  LOG.warn("closing the runtime failed", fault);
                  closed.completeExceptionally(fault);
                } else {
                  closed.complete(null);
                }
              });
    }
    return closed;
  }

  /** {@link #closeAsync}, waited for. Not to be called from a handler. */
  @Override
  public void close() {
    try {
      closeAsync().join();
    } catch (CompletionException e) {
      throw new IllegalStateException("closing the runtime failed", e.getCause());
    }
  }

  /** Collects settings. Not for several threads at once. */
  public static final class Builder {
    private Transport transport = Transport.AUTO;
    private int loops;
    private String threadNamePrefix = "tautline";
    private @Nullable Executor callbackExecutor;
    private @Nullable DtlsCertificate certificate;
    private final Ports ports = new Ports();

    private Builder() {}

    /**
     * One UDP port, 1 to 65535, for all connections of the runtime: for servers, which open one
     * port to the world. By default what the environment variable {@code TAUTLINE_UDP_PORT} says,
     * else each connection has sockets of its own.
     */
    public Builder udpPort(int value) {
      ports.udpPort = Ports.checked("the UDP port", value);
      return this;
    }

    /**
     * A TCP port, 1 to 65535, that listens for all connections (RFC 6544), so that browsers whose
     * UDP is blocked still get through. By default what {@code TAUTLINE_TCP_PORT} says, else none.
     */
    public Builder tcpPort(int value) {
      ports.tcpPort = Ports.checked("the TCP port", value);
      return this;
    }

    /**
     * How many TCP connections from one address (of IPv6: one /64) may wait on {@link #tcpPort} for
     * their first authenticated check, 1 to 256; more are closed as they come, so that one address
     * cannot take all 256 places. By default what {@code TAUTLINE_TCP_PENDING_PER_ADDRESS} says,
     * else 16. More are needed behind a balancer that hides its clients' addresses.
     */
    public Builder tcpPendingPerAddress(int value) {
      if (value < 1 || value > 256) {
        throw new IllegalArgumentException(
            value + " TCP connections of one address are not within 1 and 256");
      }
      ports.tcpPendingPerAddress = value;
      return this;
    }

    /**
     * The UDP ports, 1 to 65535, that the connections' sockets are bound to. By default what {@code
     * TAUTLINE_PORT_RANGE} says ({@code 50000-50100}), else the system chooses.
     */
    public Builder portRange(int min, int max) {
      Ports.checked("the lowest port", min);
      Ports.checked("the highest port", max);
      ports.range = min + "-" + max;
      return this;
    }

    /**
     * The address that peers are told where a NAT maps it one to one, as around containers: an IPv4
     * or IPv6 literal, with {@code :port} where one UDP port is published under another number;
     * several with commas between. It takes the place of our addresses, with a plus sign before it
     * is told beside them. {@code stun:host:port} has that server tell it, from the start and again
     * every 5 minutes and after a change of the network; while it does not, our addresses are told.
     * By default what {@code TAUTLINE_ANNOUNCED_ADDRESS} says, else our addresses are told.
     */
    public Builder announcedAddress(String value) {
      ports.announced = Objects.requireNonNull(value);
      return this;
    }

    /**
     * Through what TURN servers are reached over TCP and TLS, for connections whose options name no
     * proxy of their own ({@link PeerConnectionOptions.Builder#httpProxy}). By default what {@code
     * TAUTLINE_HTTP_PROXY} says, in the form of {@link HttpProxy#parse}, else they are reached
     * directly.
     */
    public Builder httpProxy(HttpProxy value) {
      ports.httpProxy = Objects.requireNonNull(value);
      return this;
    }

    /** For tests: what stands in place of the environment. */
    Builder environment(Function<String, @Nullable String> value) {
      ports.environment = value;
      return this;
    }

    /** Which sockets the loops use; {@link Transport#AUTO} by default. */
    public Builder transport(Transport value) {
      transport = Objects.requireNonNull(value);
      return this;
    }

    /** How many event loops, 1 to 256; by default the number of cores, at most 4. */
    public Builder loops(int value) {
      if (value < 1 || value > 256) {
        throw new IllegalArgumentException(value + " loops are not within 1 and 256");
      }
      loops = value;
      return this;
    }

    /** What thread names start with; {@code tautline} by default. */
    public Builder threadNamePrefix(String value) {
      threadNamePrefix = Objects.requireNonNull(value);
      return this;
    }

    /**
     * Where handlers run, in order for each connection; by default the connection's loop. The
     * executor belongs to the caller and is not shut down.
     */
    public Builder callbackExecutor(Executor value) {
      callbackExecutor = Objects.requireNonNull(value);
      return this;
    }

    /** The certificate that peers see; by default one is made for each runtime. */
    public Builder certificate(DtlsCertificate value) {
      certificate = Objects.requireNonNull(value);
      return this;
    }

    /**
     * The runtime.
     *
     * @throws IllegalArgumentException if a port, an address or a proxy, of the builder or of an
     *     environment variable, has not the form it needs; the message names it
     * @throws IllegalStateException if a port is taken
     */
    public Tautline build() {
      return new Tautline(this);
    }
  }
}
