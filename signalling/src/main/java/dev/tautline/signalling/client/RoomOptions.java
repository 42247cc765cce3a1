package dev.tautline.signalling.client;

import dev.tautline.datachannel.IceRestart;
import dev.tautline.datachannel.PeerConnectionOptions;
import dev.tautline.datachannel.Tautline;
import dev.tautline.signalling.protocol.RoomName;
import java.net.URI;
import java.time.Duration;

/** Which room to join and how long to wait for what. Immutable. */
public final class RoomOptions {
  private final URI server;
  private final String name;
  private final Tautline runtime;
  private final PeerConnectionOptions connectionOptions;
  private final Duration serverTimeout;
  private final Duration joinTimeout;
  private final Duration connectTimeout;

  private RoomOptions(Builder builder) {
    server = builder.server;
    name = builder.name;
    runtime = builder.runtime;
    connectionOptions = builder.connectionOptions;
    serverTimeout = builder.serverTimeout;
    joinTimeout = builder.joinTimeout;
    connectTimeout = builder.connectTimeout;
  }

  /**
   * A builder.
   *
   * @param server where the rooms server is: {@code http} or {@code https}, host, port
   * @param name the room's name: 1 to 64 letters, digits or {@code . _ ~ -}
   * @param runtime makes the peer connection; not closed by the room
   * @throws IllegalArgumentException when address or name have not that shape
   */
  public static Builder builder(URI server, String name, Tautline runtime) {
    return new Builder(server, name, runtime);
  }

  /** Where the rooms server is. */
  public URI server() {
    return server;
  }

  /** The room's name. */
  public String name() {
    return name;
  }

  /** What makes the peer connection. */
  public Tautline runtime() {
    return runtime;
  }

  /** How the peer connection is to be. */
  public PeerConnectionOptions connectionOptions() {
    return connectionOptions;
  }

  /** How long the server may take to answer. */
  public Duration serverTimeout() {
    return serverTimeout;
  }

  /** How long to wait for the other peer. */
  public Duration joinTimeout() {
    return joinTimeout;
  }

  /** How long the connection may take once both are there. */
  public Duration connectTimeout() {
    return connectTimeout;
  }

  /** Collects options. Not for use by several threads at once. */
  public static final class Builder {
    private final URI server;
    private final String name;
    private final Tautline runtime;
    private PeerConnectionOptions connectionOptions =
        PeerConnectionOptions.builder().iceRestart(IceRestart.AUTOMATIC).build();
    private Duration serverTimeout = Duration.ofSeconds(10);
    private Duration joinTimeout = Duration.ofSeconds(30);
    private Duration connectTimeout = Duration.ofSeconds(30);

    private Builder(URI server, String name, Tautline runtime) {
      ServerAddress.of(server);
      this.server = server;
      this.name = new RoomName(name).value();
      this.runtime = runtime;
    }

    /** How the peer connection is to be. Default {@link PeerConnectionOptions#defaults}. */
    public Builder connectionOptions(PeerConnectionOptions value) {
      connectionOptions = value;
      return this;
    }

    /** How long the server may take to answer. Default 10 s. */
    public Builder serverTimeout(Duration value) {
      serverTimeout = positive("serverTimeout", value);
      return this;
    }

    /** How long to wait for the other peer. Default 30 s. */
    public Builder joinTimeout(Duration value) {
      joinTimeout = positive("joinTimeout", value);
      return this;
    }

    /** How long the connection may take once both are there. Default 30 s. */
    public Builder connectTimeout(Duration value) {
      connectTimeout = positive("connectTimeout", value);
      return this;
    }

    /** The options. */
    public RoomOptions build() {
      return new RoomOptions(this);
    }

    private static Duration positive(String name, Duration value) {
      if (value.isNegative() || value.isZero()) {
        throw new IllegalArgumentException(name + " is " + value + ", must be above 0");
      }
      return value;
    }
  }
}
