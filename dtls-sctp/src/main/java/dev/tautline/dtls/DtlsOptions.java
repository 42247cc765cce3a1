package dev.tautline.dtls;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** How a DTLS engine behaves. Immutable; {@link #defaults()} suits data channels. */
public final class DtlsOptions {
  private static final DtlsOptions DEFAULTS = builder().build();

  /** Whether a peer without RFC 7627 is taken. */
  public enum ExtendedMasterSecret {
    /** The handshake fails without it. The default: all browsers have it. */
    REQUIRED,
    /** It is used where the peer has it. */
    PREFERRED
  }

  private final Duration initialRetransmission;
  private final Duration maxRetransmission;
  private final Duration handshakeTimeout;
  private final Duration progressTimeout;
  private final int maxHandshakeDatagramBytes;
  private final List<DtlsCipherSuite> cipherSuites;
  private final ExtendedMasterSecret extendedMasterSecret;
  private final @Nullable Consumer<String> keyLog;

  private DtlsOptions(Builder builder) {
    this.initialRetransmission = builder.initialRetransmission;
    this.maxRetransmission = builder.maxRetransmission;
    this.handshakeTimeout = builder.handshakeTimeout;
    this.progressTimeout = builder.progressTimeout;
    this.maxHandshakeDatagramBytes = builder.maxHandshakeDatagramBytes;
    this.cipherSuites = builder.cipherSuites;
    this.extendedMasterSecret = builder.extendedMasterSecret;
    this.keyLog = builder.keyLog;
  }

  /** The defaults named at each method of {@link Builder}. */
  public static DtlsOptions defaults() {
    return DEFAULTS;
  }

  /** A builder with the defaults. */
  public static Builder builder() {
    return new Builder();
  }

  /** After how long a flight is sent again for the first time; 150 ms by default. */
  public Duration initialRetransmission() {
    return initialRetransmission;
  }

  /** The longest interval between two retransmissions; 1 s by default. */
  public Duration maxRetransmission() {
    return maxRetransmission;
  }

  /** How long the whole handshake may take. */
  public Duration handshakeTimeout() {
    return handshakeTimeout;
  }

  /** How long a handshake may stand still after the peer's first message. */
  public Duration progressTimeout() {
    return progressTimeout;
  }

  /** The largest datagram of a handshake, in bytes of UDP payload. */
  public int maxHandshakeDatagramBytes() {
    return maxHandshakeDatagramBytes;
  }

  /** The suites in the order of preference. */
  public List<DtlsCipherSuite> cipherSuites() {
    return cipherSuites;
  }

  /** Whether a peer without RFC 7627 is taken. */
  public ExtendedMasterSecret extendedMasterSecret() {
    return extendedMasterSecret;
  }

  /** Who is told the keys, if anybody is. */
  public Optional<Consumer<String>> keyLog() {
    return Optional.ofNullable(keyLog);
  }

  /** Collects options. */
  public static final class Builder {
    private Duration initialRetransmission = Duration.ofMillis(150);
    private Duration maxRetransmission = Duration.ofSeconds(1);
    private Duration handshakeTimeout = Duration.ofSeconds(30);
    private Duration progressTimeout = Duration.ofSeconds(10);
    private int maxHandshakeDatagramBytes = 1200;
    private List<DtlsCipherSuite> cipherSuites = List.of(DtlsCipherSuite.values());
    private ExtendedMasterSecret extendedMasterSecret = ExtendedMasterSecret.REQUIRED;
    private @Nullable Consumer<String> keyLog;

    private Builder() {}

    /**
     * After how long a flight is sent again for the first time; doubles each time. Default 150 ms:
     * RFC 6347 section 4.2.4 says 1 s, and section 4.2.4.1 allows less where round trips are short.
     *
     * @param interval 10 ms to 3 s
     */
    public Builder initialRetransmission(Duration interval) {
      this.initialRetransmission =
          within("first retransmission", interval, Duration.ofMillis(10), Duration.ofSeconds(3));
      return this;
    }

    /**
     * The longest interval between two retransmissions. Default 3 s.
     *
     * @param interval 10 ms to 60 s
     */
    public Builder maxRetransmission(Duration interval) {
      this.maxRetransmission =
          within("longest interval", interval, Duration.ofMillis(10), Duration.ofSeconds(60));
      return this;
    }

    /**
     * How long the whole handshake may take. Default 30 s.
     *
     * @param limit 1 s to 10 min
     */
    public Builder handshakeTimeout(Duration limit) {
      this.handshakeTimeout =
          within("handshake limit", limit, Duration.ofSeconds(1), Duration.ofMinutes(10));
      return this;
    }

    /**
     * How long a handshake may stand still after the peer's first message. Default 10 s.
     *
     * @param limit 1 s to 10 min
     */
    public Builder progressTimeout(Duration limit) {
      this.progressTimeout =
          within("progress limit", limit, Duration.ofSeconds(1), Duration.ofMinutes(10));
      return this;
    }

    /**
     * The largest datagram of a handshake, in bytes of UDP payload. Default 1200.
     *
     * @param bytes 256 to 16384
     */
    public Builder maxHandshakeDatagramBytes(int bytes) {
      if (bytes < 256 || bytes > 16384) {
        throw new IllegalArgumentException(
            "handshake datagrams of " + bytes + " bytes are not within 256 to 16384");
      }
      this.maxHandshakeDatagramBytes = bytes;
      return this;
    }

    /**
     * The suites in the order of preference. Default: all, AES-128-GCM first.
     *
     * @param suites at least one that an ECDSA certificate serves
     */
    public Builder cipherSuites(List<DtlsCipherSuite> suites) {
      if (suites.stream().allMatch(DtlsCipherSuite::needsRsaCertificate)) {
        throw new IllegalArgumentException("no suite for an ECDSA certificate in " + suites);
      }
      this.cipherSuites = suites.stream().distinct().toList();
      return this;
    }

    /** Whether a peer without RFC 7627 is taken. Default {@code REQUIRED}. */
    public Builder extendedMasterSecret(ExtendedMasterSecret rule) {
      this.extendedMasterSecret = rule;
      return this;
    }

    /**
     * Tells {@code log} the keys of each association, a line as in NSS's key log file, from the
     * thread of the handshake. Default: nobody. Whoever has these lines reads all traffic.
     */
    public Builder keyLog(Consumer<String> log) {
      this.keyLog = log;
      return this;
    }

    /** The options. */
    public DtlsOptions build() {
      return new DtlsOptions(this);
    }

    private static Duration within(String what, Duration value, Duration least, Duration most) {
      if (value.compareTo(least) < 0 || value.compareTo(most) > 0) {
        throw new IllegalArgumentException(
            what + " " + value + " is not within " + least + " to " + most);
      }
      return value;
    }
  }
}
