package dev.tautline.ice;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.security.KeyStore;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;

/** Options of an agent; immutable, made by {@link #builder}. */
public final class IceAgentOptions {
  /** An address family. */
  public enum Family {
    /** IPv4. */
    IPV4,
    /** IPv6. */
    IPV6
  }

  /** Whether names ending in {@code .local} are resolved. */
  public enum MulticastDns {
    /** They are asked for by multicast for 3 seconds. */
    RESOLVE,
    /** Candidates with such names go nowhere. */
    OFF
  }

  /** Whether addresses that come and go during the session matter. */
  public enum NetworkChanges {
    /** A new address is offered to the peer, pairs of a vanished one end at once. */
    FOLLOW,
    /** What was there when gathering began is all. */
    IGNORE
  }

  /** Whether 127.0.0.1 and ::1 are offered. */
  public enum Loopback {
    /** Offered and paired, beside the other addresses. */
    INCLUDE,
    /** Neither offered nor paired. */
    EXCLUDE,
    /** Nothing else is offered; for tests and for two processes on one host. */
    ONLY
  }

  /** Which candidates are gathered and used. */
  public enum CandidatePolicy {
    /** All. */
    ALL,
    /**
     * Relayed ones alone: no address of ours is told to the peer, and no datagram goes to it but
     * through a relay.
     */
    RELAY
  }

  /** Whether the addresses of our interfaces are told to the peer. */
  public enum HostCandidates {
    /** They are. */
    OFFERED,
    /**
     * Random names under {@code .local} stand for them, one for each address and agent, which we
     * answer for by multicast DNS: peers in the same local network find us, others learn nothing
     * (draft-ietf-mmusic-mdns-ice-candidates). Where no name can be answered for, host candidates
     * are not told at all.
     */
    MDNS_NAMES,
    /**
     * They are not, nor as the related address of others (RFC 8828 section 5.2, mode 3). Checks
     * still leave from them, so that they work where the peer's addresses can be reached.
     */
    HIDDEN
  }

  /** Whether link-local addresses (169.254.0.0/16, fe80::/10) are offered. */
  public enum LinkLocal {
    /** They are left out. */
    EXCLUDE,
    /** Those of IPv4 are offered; IPv6 ones need a zone, which a candidate cannot tell. */
    INCLUDE
  }

  private final String id;
  private final List<IceServer> servers;
  private final Set<Family> families;
  private final Loopback loopback;
  private final MulticastDns multicastDns;
  private final InetSocketAddress multicastDnsAddress;
  private final Predicate<String> interfaceFilter;
  private final int pacingMillis;
  private final Duration patience;
  private final Duration consentInterval;
  private final Duration consentTimeout;
  private final Duration disconnectedAfter;
  private final Duration serverTimeout;
  private final Duration nominationDelay;
  private final NetworkChanges networkChanges;
  private final int maxPayload;
  private final CandidatePolicy candidatePolicy;
  private final HostCandidates hostCandidates;
  private final LinkLocal linkLocal;
  private final Predicate<InetAddress> addressFilter;
  private final Optional<KeyStore> turnTrustStore;
  private final Optional<HttpProxy> httpProxy;

  private IceAgentOptions(Builder b) {
    id = b.id;
    servers = List.copyOf(b.servers);
    families = Set.copyOf(b.families);
    loopback = b.loopback;
    multicastDns = b.multicastDns;
    multicastDnsAddress = b.multicastDnsAddress;
    interfaceFilter = b.interfaceFilter;
    pacingMillis = b.pacingMillis;
    patience = b.patience;
    consentInterval = b.consentInterval;
    consentTimeout = b.consentTimeout;
    disconnectedAfter = b.disconnectedAfter;
    serverTimeout = b.serverTimeout;
    nominationDelay = b.nominationDelay;
    networkChanges = b.networkChanges;
    maxPayload = b.maxPayload;
    candidatePolicy = b.candidatePolicy;
    hostCandidates = b.hostCandidates;
    linkLocal = b.linkLocal;
    addressFilter = b.addressFilter;
    turnTrustStore = b.turnTrustStore;
    httpProxy = b.httpProxy;
  }

  /** All defaults. */
  public static IceAgentOptions defaults() {
    return builder().build();
  }

  /** A builder with all defaults. */
  public static Builder builder() {
    return new Builder();
  }

  /** The connection's short id, in front of its log lines. Default {@code ice}. */
  public String id() {
    return id;
  }

  /** STUN and TURN servers, asked all at once. Default none. */
  public List<IceServer> servers() {
    return servers;
  }

  /** The address families used. Default both. */
  public Set<Family> families() {
    return families;
  }

  /** Whether loopback addresses are used. Default {@link Loopback#EXCLUDE}. */
  public Loopback loopback() {
    return loopback;
  }

  /** Whether {@code .local} names are resolved. Default {@link MulticastDns#RESOLVE}. */
  public MulticastDns multicastDns() {
    return multicastDns;
  }

  /**
   * Where multicast DNS questions go, and where those for names of ours come from. Default
   * 224.0.0.251:5353, RFC 6762 section 3; over IPv6 ff02::fb with the same port.
   */
  public InetSocketAddress multicastDnsAddress() {
    return multicastDnsAddress;
  }

  /**
   * Which interfaces are used, by name. By default all but those that container and virtual machine
   * software makes ({@code docker0}, {@code br-…}, {@code veth…}, {@code virbr…} and the like).
   */
  public Predicate<String> interfaceFilter() {
    return interfaceFilter;
  }

  /**
   * The Ta we propose, in milliseconds, 5 to 500. Default 5; the higher proposal of both counts.
   */
  public int pacingMillis() {
    return pacingMillis;
  }

  /** How long a check list waits before it fails, RFC 8863. Default 25 s. */
  public Duration patience() {
    return patience;
  }

  /** The mean time between consent checks, RFC 7675. Default 5 s; each is 0.8 to 1.2 of it. */
  public Duration consentInterval() {
    return consentInterval;
  }

  /** How long one response renews consent, RFC 7675. Default 30 s. */
  public Duration consentTimeout() {
    return consentTimeout;
  }

  /** How long without a sign of life until {@link IceState#DISCONNECTED}. Default 6 s. */
  public Duration disconnectedAfter() {
    return disconnectedAfter;
  }

  /** How long a server may take to answer a request, or to be connected to. Default 5 s. */
  public Duration serverTimeout() {
    return serverTimeout;
  }

  /** How long after the first valid pair a better one is awaited. Default 100 ms. */
  public Duration nominationDelay() {
    return nominationDelay;
  }

  /**
   * Whether addresses that come and go during the session matter; the system is asked every two
   * seconds. Default {@link NetworkChanges#FOLLOW}.
   */
  public NetworkChanges networkChanges() {
    return networkChanges;
  }

  /** The longest datagram taken, in bytes of UDP payload. Default 1472; up to 9000. */
  public int maxPayload() {
    return maxPayload;
  }

  /** Which candidates are gathered and used. Default {@link CandidatePolicy#ALL}. */
  public CandidatePolicy candidatePolicy() {
    return candidatePolicy;
  }

  /**
   * Whether the peer is told our interfaces' addresses. Default {@link HostCandidates#OFFERED}:
   * names instead are what the draft recommends where a foreign application reads the candidates,
   * as a page does in a browser; here the application is its user's own.
   */
  public HostCandidates hostCandidates() {
    return hostCandidates;
  }

  /** Whether link-local addresses are offered. Default {@link LinkLocal#EXCLUDE}. */
  public LinkLocal linkLocal() {
    return linkLocal;
  }

  /** Which addresses are used, of those the interfaces have. Default all. */
  public Predicate<InetAddress> addressFilter() {
    return addressFilter;
  }

  /**
   * The certificates that {@code turns:} servers are trusted by. Default empty: those that the JDK
   * trusts.
   */
  public Optional<KeyStore> turnTrustStore() {
    return turnTrustStore;
  }

  /**
   * The proxy through which TURN servers are reached over TCP and TLS. Default none; UDP does not
   * go through it.
   */
  public Optional<HttpProxy> httpProxy() {
    return httpProxy;
  }

  /** Makes {@link IceAgentOptions}. */
  public static final class Builder {
    private String id = "ice";
    private List<IceServer> servers = List.of();
    private Set<Family> families = EnumSet.allOf(Family.class);
    private Loopback loopback = Loopback.EXCLUDE;
    private MulticastDns multicastDns = MulticastDns.RESOLVE;
    private InetSocketAddress multicastDnsAddress = new InetSocketAddress("224.0.0.251", 5353);
    private Predicate<String> interfaceFilter = IceAgentOptions::isNoVirtualBridge;
    private int pacingMillis = 5;
    private Duration patience = Duration.ofSeconds(25);
    private Duration consentInterval = Duration.ofSeconds(5);
    private Duration consentTimeout = Duration.ofSeconds(30);
    private Duration disconnectedAfter = Duration.ofSeconds(6);
    private Duration serverTimeout = Duration.ofSeconds(5);
    private Duration nominationDelay = Duration.ofMillis(100);
    private NetworkChanges networkChanges = NetworkChanges.FOLLOW;
    private int maxPayload = 1472;
    private CandidatePolicy candidatePolicy = CandidatePolicy.ALL;
    private HostCandidates hostCandidates = HostCandidates.OFFERED;
    private LinkLocal linkLocal = LinkLocal.EXCLUDE;
    private Predicate<InetAddress> addressFilter = address -> true;
    private Optional<KeyStore> turnTrustStore = Optional.empty();
    private Optional<HttpProxy> httpProxy = Optional.empty();

    private Builder() {}

    /** See {@link IceAgentOptions#id}. */
    public Builder id(String value) {
      id = value;
      return this;
    }

    /** See {@link IceAgentOptions#servers}. */
    public Builder servers(List<IceServer> value) {
      servers = List.copyOf(value);
      return this;
    }

    /** See {@link IceAgentOptions#families}; at least one. */
    public Builder families(Set<Family> value) {
      if (value.isEmpty()) {
        throw new IllegalArgumentException("no address family is left");
      }
      families = Set.copyOf(value);
      return this;
    }

    /** See {@link IceAgentOptions#loopback}. */
    public Builder loopback(Loopback value) {
      loopback = value;
      return this;
    }

    /** See {@link IceAgentOptions#multicastDns}. */
    public Builder multicastDns(MulticastDns value) {
      multicastDns = value;
      return this;
    }

    /** See {@link IceAgentOptions#multicastDnsAddress}. */
    public Builder multicastDnsAddress(InetSocketAddress value) {
      multicastDnsAddress = value;
      return this;
    }

    /** See {@link IceAgentOptions#interfaceFilter}. */
    public Builder interfaceFilter(Predicate<String> value) {
      interfaceFilter = value;
      return this;
    }

    /** See {@link IceAgentOptions#pacingMillis}. */
    public Builder pacingMillis(int value) {
      if (value < 5 || value > 500) {
        throw new IllegalArgumentException("a pacing of " + value + " ms is not within 5 and 500");
      }
      pacingMillis = value;
      return this;
    }

    /** See {@link IceAgentOptions#patience}. */
    public Builder patience(Duration value) {
      patience = positive("patience", value);
      return this;
    }

    /** See {@link IceAgentOptions#consentInterval}. */
    public Builder consentInterval(Duration value) {
      consentInterval = positive("consentInterval", value);
      return this;
    }

    /** See {@link IceAgentOptions#consentTimeout}. */
    public Builder consentTimeout(Duration value) {
      consentTimeout = positive("consentTimeout", value);
      return this;
    }

    /** See {@link IceAgentOptions#disconnectedAfter}. */
    public Builder disconnectedAfter(Duration value) {
      disconnectedAfter = positive("disconnectedAfter", value);
      return this;
    }

    /** See {@link IceAgentOptions#serverTimeout}. */
    public Builder serverTimeout(Duration value) {
      serverTimeout = positive("serverTimeout", value);
      return this;
    }

    /** See {@link IceAgentOptions#networkChanges}. */
    public Builder networkChanges(NetworkChanges value) {
      networkChanges = value;
      return this;
    }

    /** See {@link IceAgentOptions#nominationDelay}. */
    public Builder nominationDelay(Duration value) {
      nominationDelay = positive("nominationDelay", value);
      return this;
    }

    /** See {@link IceAgentOptions#maxPayload}. */
    public Builder maxPayload(int value) {
      if (value < 576 || value > 9000) {
        throw new IllegalArgumentException(
            "a largest payload of " + value + " bytes is not within 576 and 9000");
      }
      maxPayload = value;
      return this;
    }

    /** See {@link IceAgentOptions#candidatePolicy}. */
    public Builder candidatePolicy(CandidatePolicy value) {
      candidatePolicy = value;
      return this;
    }

    /** See {@link IceAgentOptions#hostCandidates}. */
    public Builder hostCandidates(HostCandidates value) {
      hostCandidates = value;
      return this;
    }

    /** See {@link IceAgentOptions#linkLocal}. */
    public Builder linkLocal(LinkLocal value) {
      linkLocal = value;
      return this;
    }

    /** See {@link IceAgentOptions#addressFilter}. */
    public Builder addressFilter(Predicate<InetAddress> value) {
      addressFilter = value;
      return this;
    }

    /** See {@link IceAgentOptions#turnTrustStore}. */
    public Builder turnTrustStore(KeyStore value) {
      turnTrustStore = Optional.of(value);
      return this;
    }

    /** See {@link IceAgentOptions#httpProxy}. */
    public Builder httpProxy(HttpProxy value) {
      httpProxy = Optional.of(value);
      return this;
    }

    /** The options. */
    public IceAgentOptions build() {
      return new IceAgentOptions(this);
    }

    private static Duration positive(String name, Duration value) {
      if (value.isNegative() || value.isZero()) {
        throw new IllegalArgumentException(name + " of " + value + " is not positive");
      }
      return value;
    }
  }

  private static final List<String> VIRTUAL_BRIDGES =
      List.of(
          "docker", "br-", "veth", "virbr", "vmnet", "vboxnet", "cni", "flannel", "cali", "podman",
          "lxcbr", "lxdbr", "kube-", "awdl", "llw");

  private static boolean isNoVirtualBridge(String name) {
    return VIRTUAL_BRIDGES.stream().noneMatch(name::startsWith);
  }
}
