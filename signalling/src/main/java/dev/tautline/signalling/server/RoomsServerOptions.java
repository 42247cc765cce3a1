package dev.tautline.signalling.server;

import dev.tautline.signalling.protocol.RoomsProtocol;
import dev.tautline.signalling.room.RoomLimits;
import dev.tautline.signalling.room.RoomStore;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** How a {@link RoomsServer} is to run. Immutable. */
public final class RoomsServerOptions {
  /** Whether the compatibility layer {@code /room/{name}/{slot}} is served. */
  public enum Compatibility {
    /** It is. */
    SERVED,
    /** Its paths are not found. */
    OFF
  }

  private final String bindAddress;
  private final int port;
  private final RoomLimits roomLimits;
  private final @Nullable RoomStore store;
  private final int maxMessageBytes;
  private final int maxConnections;
  private final int maxConnectionsPerAddress;
  private final int messagesPerSecond;
  private final int messageBurst;
  private final Duration requestTimeout;
  private final Duration idleTimeout;
  private final Set<String> allowedOrigins;
  private final Set<String> allowedHosts;
  private final Compatibility compatibility;
  private final int threads;

  private RoomsServerOptions(Builder builder) {
    bindAddress = builder.bindAddress;
    port = builder.port;
    roomLimits = builder.roomLimits;
    store = builder.store;
    maxMessageBytes = builder.maxMessageBytes;
    maxConnections = builder.maxConnections;
    maxConnectionsPerAddress = builder.maxConnectionsPerAddress;
    messagesPerSecond = builder.messagesPerSecond;
    messageBurst = builder.messageBurst;
    requestTimeout = builder.requestTimeout;
    idleTimeout = builder.idleTimeout;
    allowedOrigins = builder.allowedOrigins;
    allowedHosts = builder.allowedHosts;
    compatibility = builder.compatibility;
    threads = builder.threads;
  }

  /** Options with the defaults of {@code docs/rooms-protocol.md}, on a free port of 127.0.0.1. */
  public static RoomsServerOptions defaults() {
    return builder().build();
  }

  /** A builder that holds the defaults. */
  public static Builder builder() {
    return new Builder();
  }

  /** Where to listen. */
  public String bindAddress() {
    return bindAddress;
  }

  /** The port; 0 for a free one. */
  public int port() {
    return port;
  }

  /** Limits of the memory store. */
  public RoomLimits roomLimits() {
    return roomLimits;
  }

  /** The store; empty for one in memory. */
  public Optional<RoomStore> store() {
    return Optional.ofNullable(store);
  }

  /** The largest message and body in bytes. */
  public int maxMessageBytes() {
    return maxMessageBytes;
  }

  /** Connections at the same time. */
  public int maxConnections() {
    return maxConnections;
  }

  /** Connections of one remote address (IPv6: of one /64) at the same time. */
  public int maxConnectionsPerAddress() {
    return maxConnectionsPerAddress;
  }

  /** Messages per second of one WebSocket in the long run. */
  public int messagesPerSecond() {
    return messagesPerSecond;
  }

  /** Messages of one WebSocket at once. */
  public int messageBurst() {
    return messageBurst;
  }

  /** How long a request may take to arrive, from its first byte to its last. */
  public Duration requestTimeout() {
    return requestTimeout;
  }

  /** How long a connection may live without a request, or without taking its answer. */
  public Duration idleTimeout() {
    return idleTimeout;
  }

  /** Origins of other sites whose pages may use the rooms, such as {@code https://example.org}. */
  public Set<String> allowedOrigins() {
    return allowedOrigins;
  }

  /** Host names that a server on a loopback address serves besides those of the loopback. */
  public Set<String> allowedHosts() {
    return allowedHosts;
  }

  /** Whether the compatibility layer is served. */
  public Compatibility compatibility() {
    return compatibility;
  }

  /** Event-loop threads. */
  public int threads() {
    return threads;
  }

  /** Collects options. Not for use by several threads at once. */
  public static final class Builder {
    private String bindAddress = "127.0.0.1";
    private int port;
    private RoomLimits roomLimits = RoomLimits.DEFAULT;
    private @Nullable RoomStore store;
    private int maxMessageBytes = RoomsProtocol.MAX_MESSAGE_BYTES;
    private int maxConnections = 20_000;
    private int maxConnectionsPerAddress = 256;
    private int messagesPerSecond = 50;
    private int messageBurst = 300;
    private Duration requestTimeout = Duration.ofSeconds(10);
    private Duration idleTimeout = Duration.ofSeconds(30);
    private Set<String> allowedOrigins = Set.of();
    private Set<String> allowedHosts = Set.of();
    private Compatibility compatibility = Compatibility.SERVED;
    private int threads = Math.min(2, Runtime.getRuntime().availableProcessors());

    private Builder() {}

    /**
     * Where to listen: an address or a host name. Default 127.0.0.1: what listens on all addresses
     * is open to the whole network, which must be a decision.
     */
    public Builder bindAddress(String value) {
      bindAddress = value;
      return this;
    }

    /** The port, 0 to 65535. Default 0: a free one. */
    public Builder port(int value) {
      port = inRange("port", value, 0, 65_535);
      return this;
    }

    /** Limits of the memory store. Default {@link RoomLimits#DEFAULT}. */
    public Builder roomLimits(RoomLimits value) {
      roomLimits = value;
      return this;
    }

    /** A store to use in place of one in memory; its limits count. The caller closes it. */
    public Builder store(RoomStore value) {
      store = value;
      return this;
    }

    /** The largest message and body in bytes, 1 024 to 1 048 576. Default 65 536. */
    public Builder maxMessageBytes(int value) {
      maxMessageBytes = inRange("maxMessageBytes", value, 1_024, 1_048_576);
      return this;
    }

    /** Connections at the same time. Default 20 000. */
    public Builder maxConnections(int value) {
      maxConnections = inRange("maxConnections", value, 1, Integer.MAX_VALUE);
      return this;
    }

    /** Connections of one remote address at the same time. Default 256. */
    public Builder maxConnectionsPerAddress(int value) {
      maxConnectionsPerAddress = inRange("maxConnectionsPerAddress", value, 1, Integer.MAX_VALUE);
      return this;
    }

    /** Messages per second of one WebSocket in the long run. Default 50. */
    public Builder messagesPerSecond(int value) {
      messagesPerSecond = inRange("messagesPerSecond", value, 1, 1_000_000);
      return this;
    }

    /** Messages of one WebSocket at once. Default 300. */
    public Builder messageBurst(int value) {
      messageBurst = inRange("messageBurst", value, 1, 1_000_000);
      return this;
    }

    /** How long a request may take to arrive. Default 10 s. */
    public Builder requestTimeout(Duration value) {
      requestTimeout = positive("requestTimeout", value);
      return this;
    }

    /** How long a connection may live without a request. Default 30 s. */
    public Builder idleTimeout(Duration value) {
      idleTimeout = positive("idleTimeout", value);
      return this;
    }

    /**
     * Origins whose pages may use the rooms besides the server's own, as browsers write them:
     * scheme, host, and the port unless it is the scheme's. Default none.
     */
    public Builder allowedOrigins(Set<String> value) {
      allowedOrigins = lowerCase(value);
      return this;
    }

    /**
     * Host names (without port) that a server on a loopback address serves besides those of the
     * loopback: those under which a reverse proxy makes it known. Default none.
     */
    public Builder allowedHosts(Set<String> value) {
      allowedHosts = lowerCase(value);
      return this;
    }

    /** Whether {@code /room/{name}/{slot}} is served. Default it is. */
    public Builder compatibility(Compatibility value) {
      compatibility = value;
      return this;
    }

    /** Event-loop threads, 1 to 64. Default 2, or 1 on one processor. */
    public Builder threads(int value) {
      threads = inRange("threads", value, 1, 64);
      return this;
    }

    /** The options. */
    public RoomsServerOptions build() {
      return new RoomsServerOptions(this);
    }

    private static Set<String> lowerCase(Set<String> values) {
      return values.stream()
          .map(value -> value.toLowerCase(Locale.ROOT))
          .collect(Collectors.toUnmodifiableSet());
    }

    private static int inRange(String name, int value, int from, int to) {
      if (value < from || value > to) {
        throw new IllegalArgumentException(
            name + " is " + value + ", must be " + from + " to " + to);
      }
      return value;
    }

    private static Duration positive(String name, Duration value) {
      if (value.isNegative() || value.isZero()) {
        throw new IllegalArgumentException(name + " is " + value + ", must be above 0");
      }
      return value;
    }
  }
}
