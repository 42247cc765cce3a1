package dev.tautline.datachannel;

import java.net.InetAddress;
import java.security.KeyStore;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** Settings of one connection. Immutable; all have defaults. */
public final class PeerConnectionOptions {
  private static final Duration AUTOMATIC_WINDOW = Duration.ofSeconds(30);
  private static final PeerConnectionOptions DEFAULTS = builder().build();

  private final List<IceServer> iceServers;
  private final IceTransportPolicy iceTransportPolicy;
  private final Loopback loopback;
  private final IpFamilies ipFamilies;
  private final int maxMessageSize;
  private final int receiveWindowBytes;
  private final long channelSendBufferBytes;
  private final long connectionSendBufferBytes;
  private final int heldBeforeOpenBytes;
  private final int maxChannels;
  private final int peerLabelBytes;
  private final Duration connectTimeout;
  private final Duration icePatience;
  private final IceRestart iceRestart;
  private final Duration restartWindow;
  private final HostCandidates hostCandidates;
  private final @Nullable Predicate<String> interfaceFilter;
  private final Predicate<InetAddress> addressFilter;
  private final @Nullable HttpProxy httpProxy;
  private final @Nullable KeyStore turnTrustStore;
  private final CongestionAlgorithm congestionAlgorithm;
  private final boolean interleaving;

  private PeerConnectionOptions(Builder builder) {
    this.iceServers = List.copyOf(builder.iceServers);
    this.iceTransportPolicy = builder.iceTransportPolicy;
    this.loopback = builder.loopback;
    this.ipFamilies = builder.ipFamilies;
    this.maxMessageSize = builder.maxMessageSize;
    this.receiveWindowBytes = builder.receiveWindowBytes;
    this.channelSendBufferBytes = builder.channelSendBufferBytes;
    this.connectionSendBufferBytes = builder.connectionSendBufferBytes;
    this.heldBeforeOpenBytes = builder.heldBeforeOpenBytes;
    this.maxChannels = builder.maxChannels;
    this.peerLabelBytes = builder.peerLabelBytes;
    this.connectTimeout = builder.connectTimeout;
    this.icePatience = builder.icePatience;
    this.hostCandidates = builder.hostCandidates;
    this.interfaceFilter = builder.interfaceFilter;
    this.addressFilter = builder.addressFilter;
    this.httpProxy = builder.httpProxy;
    this.turnTrustStore = builder.turnTrustStore;
    this.iceRestart = builder.iceRestart;
    this.restartWindow =
        builder.restartWindow != null
            ? builder.restartWindow
            : iceRestart == IceRestart.AUTOMATIC ? AUTOMATIC_WINDOW : Duration.ZERO;
    this.congestionAlgorithm = builder.congestionAlgorithm;
    this.interleaving = builder.interleaving;
  }

  /** How fast data leaves; {@link CongestionAlgorithm#MODEL_BASED} by default. */
  public CongestionAlgorithm congestionAlgorithm() {
    return congestionAlgorithm;
  }

  /**
   * Whether messages of different channels mix by fragment (I-DATA, RFC 8260) with a peer that
   * offers it as well; on by default. Without it a short message overtakes a long one all the same,
   * at the price of SACKs that report gaps.
   */
  public boolean interleaving() {
    return interleaving;
  }

  /** No servers, host candidates of all interfaces but loopback. */
  public static PeerConnectionOptions defaults() {
    return DEFAULTS;
  }

  /** Starts from {@link #defaults()}. */
  public static Builder builder() {
    return new Builder();
  }

  /** STUN and TURN servers; none by default. */
  public List<IceServer> iceServers() {
    return iceServers;
  }

  /** Which candidates may be used; all by default. */
  public IceTransportPolicy iceTransportPolicy() {
    return iceTransportPolicy;
  }

  /** Whether 127.0.0.1 and ::1 are candidates; {@link Loopback#EXCLUDE} by default. */
  public Loopback loopback() {
    return loopback;
  }

  /** Which IP versions candidates are gathered for; any by default. */
  public IpFamilies ipFamilies() {
    return ipFamilies;
  }

  /** The largest message in bytes that we announce to take; 262144 by default, as browsers. */
  public int maxMessageSize() {
    return maxMessageSize;
  }

  /**
   * The receive window in bytes of memory, which unread messages fill, each with 50 bytes above its
   * payload; 5 MiB by default, as libwebrtc.
   */
  public int receiveWindowBytes() {
    return receiveWindowBytes;
  }

  /**
   * How much may wait to be sent on one channel, in bytes of memory: each message counts with 144
   * bytes above its payload; 16 MiB by default, as Chromium.
   */
  public long channelSendBufferBytes() {
    return channelSendBufferBytes;
  }

  /** How much may wait to be sent on all channels together; 64 MiB by default. */
  public long connectionSendBufferBytes() {
    return connectionSendBufferBytes;
  }

  /** How much data of channels that are not announced yet is kept; 64 KiB by default. */
  public int heldBeforeOpenBytes() {
    return heldBeforeOpenBytes;
  }

  /**
   * How many channels may be open at once, those included whose end the application was not told of
   * yet; 1024 by default.
   */
  public int maxChannels() {
    return maxChannels;
  }

  /**
   * How much memory the labels and protocols of the channels that the peer opens may take together,
   * at two bytes a character; 1 MiB by default. What passes it is refused as a channel above {@link
   * #maxChannels} is.
   */
  public int peerLabelBytes() {
    return peerLabelBytes;
  }

  /**
   * How long it may take from the moment both descriptions are there to the established
   * association; 60 seconds by default. ICE alone has {@link #icePatience} and the DTLS handshake
   * 30 seconds.
   */
  public Duration connectTimeout() {
    return connectTimeout;
  }

  /**
   * How long ICE may look for a pair that works (RFC 8863); 25 seconds by default. An answerer
   * whose answer takes its time to reach the other side, by copy and paste for instance, needs
   * more.
   */
  public Duration icePatience() {
    return icePatience;
  }

  /** Who asks for a restart of ICE when the path breaks; the application by default. */
  public IceRestart iceRestart() {
    return iceRestart;
  }

  /**
   * How long a connection whose ICE failed after it had been up waits for a restart, its channels
   * open and their messages kept; {@code connectionState} is {@code failed} meanwhile. By default
   * 30 seconds with {@link IceRestart#AUTOMATIC}, else none: then it ends at once.
   */
  public Duration restartWindow() {
    return restartWindow;
  }

  /**
   * Whether the peer is told the addresses of our interfaces; it is by default: names in their
   * place are what the draft wants where a foreign page reads the candidates, and here the
   * application is its user's own.
   */
  public HostCandidates hostCandidates() {
    return hostCandidates;
  }

  /**
   * Which interfaces are used, by name; empty by default, which leaves out those that container and
   * virtual machine software makes ({@code docker0}, {@code br-…}, {@code veth…} and the like).
   */
  public Optional<Predicate<String>> interfaceFilter() {
    return Optional.ofNullable(interfaceFilter);
  }

  /** Which addresses of these interfaces are used; all by default. */
  public Predicate<InetAddress> addressFilter() {
    return addressFilter;
  }

  /**
   * Through what TURN servers are reached over TCP and TLS; by default as the runtime says ({@link
   * Tautline.Builder#httpProxy}).
   */
  public Optional<HttpProxy> httpProxy() {
    return Optional.ofNullable(httpProxy);
  }

  /** Whose certificates {@code turns:} servers may have; by default those that the JDK trusts. */
  public Optional<KeyStore> turnTrustStore() {
    return Optional.ofNullable(turnTrustStore);
  }

  /** Collects settings. Not for several threads at once. */
  public static final class Builder {
    private List<IceServer> iceServers = List.of();
    private IceTransportPolicy iceTransportPolicy = IceTransportPolicy.ALL;
    private Loopback loopback = Loopback.EXCLUDE;
    private IpFamilies ipFamilies = IpFamilies.ANY;
    private int maxMessageSize = 262_144;
    private int receiveWindowBytes = 5 << 20;
    private long channelSendBufferBytes = 16L << 20;
    private long connectionSendBufferBytes = 64L << 20;
    private int heldBeforeOpenBytes = 64 << 10;
    private int maxChannels = 1024;
    private int peerLabelBytes = 1 << 20;
    private Duration connectTimeout = Duration.ofSeconds(60);
    private Duration icePatience = Duration.ofSeconds(25);
    private HostCandidates hostCandidates = HostCandidates.OFFERED;
    private @Nullable Predicate<String> interfaceFilter;
    private Predicate<InetAddress> addressFilter = address -> true;
    private @Nullable HttpProxy httpProxy;
    private @Nullable KeyStore turnTrustStore;
    private IceRestart iceRestart = IceRestart.MANUAL;
    private @Nullable Duration restartWindow;
    private CongestionAlgorithm congestionAlgorithm = CongestionAlgorithm.MODEL_BASED;
    private boolean interleaving = true;

    private Builder() {}

    /** STUN and TURN servers. */
    public Builder iceServers(List<IceServer> value) {
      iceServers = List.copyOf(value);
      return this;
    }

    /** Which candidates may be used. */
    public Builder iceTransportPolicy(IceTransportPolicy value) {
      iceTransportPolicy = Objects.requireNonNull(value);
      return this;
    }

    /** Whether 127.0.0.1 and ::1 are candidates. */
    public Builder loopback(Loopback value) {
      loopback = Objects.requireNonNull(value);
      return this;
    }

    /** Whether 127.0.0.1 and ::1 are candidates, beside the other addresses. */
    public Builder includeLoopback(boolean value) {
      return loopback(value ? Loopback.INCLUDE : Loopback.EXCLUDE);
    }

    /** Which IP versions candidates are gathered for. */
    public Builder ipFamilies(IpFamilies value) {
      ipFamilies = Objects.requireNonNull(value);
      return this;
    }

    /**
     * The largest message that we announce to take.
     *
     * @param bytes 1200 to 1 GiB; the receive window grows with it where it is smaller
     */
    public Builder maxMessageSize(int bytes) {
      maxMessageSize = (int) inRange("maxMessageSize", bytes, 1200, 1 << 30);
      return this;
    }

    /**
     * The receive window, which unread messages fill.
     *
     * @param bytes 64 KiB to 1 GiB
     */
    public Builder receiveWindowBytes(int bytes) {
      receiveWindowBytes = (int) inRange("receiveWindowBytes", bytes, 64 << 10, 1 << 30);
      return this;
    }

    /**
     * How much may wait to be sent on one channel.
     *
     * @param bytes 64 KiB to 1 GiB
     */
    public Builder channelSendBufferBytes(long bytes) {
      channelSendBufferBytes = inRange("channelSendBufferBytes", bytes, 64 << 10, 1 << 30);
      return this;
    }

    /**
     * How much may wait to be sent on all channels together.
     *
     * @param bytes 64 KiB to 1 GiB
     */
    public Builder connectionSendBufferBytes(long bytes) {
      connectionSendBufferBytes = inRange("connectionSendBufferBytes", bytes, 64 << 10, 1 << 30);
      return this;
    }

    /**
     * How much data of channels that are not announced yet is kept.
     *
     * @param bytes 0 to 16 MiB
     */
    public Builder heldBeforeOpenBytes(int bytes) {
      heldBeforeOpenBytes = (int) inRange("heldBeforeOpenBytes", bytes, 0, 16 << 20);
      return this;
    }

    /**
     * How many channels may be open at once.
     *
     * @param channels 1 to 65535
     */
    public Builder maxChannels(int channels) {
      maxChannels = (int) inRange("maxChannels", channels, 1, 65_535);
      return this;
    }

    /**
     * How much memory the labels and protocols of the peer's channels may take together.
     *
     * @param bytes 1 KiB to 1 GiB
     */
    public Builder peerLabelBytes(int bytes) {
      peerLabelBytes = (int) inRange("peerLabelBytes", bytes, 1 << 10, 1 << 30);
      return this;
    }

    /**
     * How long it may take from the moment both descriptions are there to the established
     * association.
     *
     * @param value more than zero
     */
    public Builder connectTimeout(Duration value) {
      connectTimeout = positive("connectTimeout", value);
      return this;
    }

    /**
     * How long ICE may look for a pair that works.
     *
     * @param value more than zero; {@link #connectTimeout} ends the search, too
     */
    public Builder icePatience(Duration value) {
      icePatience = positive("icePatience", value);
      return this;
    }

    /** Who asks for a restart of ICE when the path breaks. */
    public Builder iceRestart(IceRestart value) {
      iceRestart = Objects.requireNonNull(value);
      return this;
    }

    /**
     * How long a connection whose ICE failed after it had been up waits for a restart.
     *
     * @param value zero for not at all
     */
    public Builder restartWindow(Duration value) {
      if (value.isNegative()) {
        throw new IllegalArgumentException("restartWindow " + value + " is negative");
      }
      restartWindow = value;
      return this;
    }

    /** Whether the peer is told the addresses of our interfaces. */
    public Builder hostCandidates(HostCandidates value) {
      hostCandidates = Objects.requireNonNull(value);
      return this;
    }

    /**
     * Which interfaces are used, by name; takes the place of the filter that leaves out virtual
     * bridges.
     */
    public Builder interfaceFilter(Predicate<String> value) {
      interfaceFilter = Objects.requireNonNull(value);
      return this;
    }

    /** Which addresses are used, of those the interfaces have. */
    public Builder addressFilter(Predicate<InetAddress> value) {
      addressFilter = Objects.requireNonNull(value);
      return this;
    }

    /** Through what TURN servers are reached over TCP and TLS; UDP does not go through it. */
    public Builder httpProxy(HttpProxy value) {
      httpProxy = Objects.requireNonNull(value);
      return this;
    }

    /** Whose certificates {@code turns:} servers may have, in place of those the JDK trusts. */
    public Builder turnTrustStore(KeyStore value) {
      turnTrustStore = Objects.requireNonNull(value);
      return this;
    }

    /** See {@link PeerConnectionOptions#congestionAlgorithm()}. */
    public Builder congestionAlgorithm(CongestionAlgorithm value) {
      congestionAlgorithm = Objects.requireNonNull(value, "congestionAlgorithm");
      return this;
    }

    /** See {@link PeerConnectionOptions#interleaving()}. */
    public Builder interleaving(boolean value) {
      interleaving = value;
      return this;
    }

    /** The settings as they stand now. */
    public PeerConnectionOptions build() {
      return new PeerConnectionOptions(this);
    }

    private static Duration positive(String name, Duration value) {
      if (value.isNegative() || value.isZero()) {
        throw new IllegalArgumentException(name + ' ' + value + " is not more than zero");
      }
      return value;
    }

    private static long inRange(String name, long value, long min, long max) {
      if (value < min || value > max) {
        throw new IllegalArgumentException(
            name + ' ' + value + " is not between " + min + " and " + max);
      }
      return value;
    }
  }
}
