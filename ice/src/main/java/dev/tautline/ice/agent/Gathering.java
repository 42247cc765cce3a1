package dev.tautline.ice.agent;

import dev.tautline.ice.HttpProxy;
import dev.tautline.ice.IceAgentOptions;
import dev.tautline.ice.IceCandidate;
import dev.tautline.ice.IceCandidateError;
import dev.tautline.ice.IceCandidateType;
import dev.tautline.ice.IceGatheringState;
import dev.tautline.ice.IcePorts;
import dev.tautline.ice.IceReport;
import dev.tautline.ice.IceServer;
import dev.tautline.ice.candidate.AddressText;
import dev.tautline.ice.candidate.Foundations;
import dev.tautline.ice.candidate.PairableAddress;
import dev.tautline.ice.candidate.Priorities;
import dev.tautline.ice.check.LocalBase;
import dev.tautline.ice.check.Timeline;
import dev.tautline.ice.endpoint.Endpoint;
import dev.tautline.ice.endpoint.EndpointListener;
import dev.tautline.ice.gather.HostInterface;
import dev.tautline.ice.gather.NameResolver;
import dev.tautline.ice.gather.ReflexiveGatherer;
import dev.tautline.ice.tcp.TlsContexts;
import dev.tautline.ice.turn.RelayGatherer;
import dev.tautline.ice.turn.TurnEndpoint;
import dev.tautline.ice.udp.NettyLoop;
import dev.tautline.stun.StunClass;
import dev.tautline.stun.codec.ReceivedStun;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gathers the candidates of one agent: host addresses, then what the servers say of each. Every
 * server is asked at once and none waits for another. Everything on the agent's loop.
 */
final class Gathering {
  private static final Logger LOG = LoggerFactory.getLogger(Gathering.class);
  private static final int HIGHEST_LOCAL_PREFERENCE = 65_535;

  /** A server's addresses that are asked; a name may have many. */
  private static final int MAX_ADDRESSES_PER_SERVER = 4;

  private final NettyLoop loop;
  private final IceAgentOptions options;
  private final LocalSockets sockets;
  private final NameResolver names;
  private final Timeline timeline;
  private final GatheringListener listener;
  private final ReflexiveGatherer reflexive;
  private final RelayGatherer relays;
  private final @Nullable HostNames hostNames;
  private final String foundationSalt;
  private final ServerReports servers = new ServerReports();
  private final List<Bound> bound = new ArrayList<>();
  private final List<Endpoint> ownSockets = new ArrayList<>();
  private final IdentityHashMap<Endpoint, IceServer> relayedBy = new IdentityHashMap<>();
  private final List<LocalBase> listening = new ArrayList<>();
  private final List<IceCandidate> candidates = new ArrayList<>();
  private final Set<InetAddress> opening = new HashSet<>();

  /** Host candidates that are told once it is known under what address they are reached. */
  private final List<Held> held = new ArrayList<>();

  /** Whose mapped address it is, by candidate address and port. */
  private final Map<String, Integer> reflexiveBases = new HashMap<>();

  /** Who was asked from where in this generation. */
  private final Set<String> asked = new HashSet<>();

  /** Whose relays a restart offers again; one of them that is lost since is asked for anew once. */
  private final Set<IceServer> offeredAgain = new HashSet<>();

  private String ufrag;
  private @Nullable Former former;
  private IceGatheringState state = IceGatheringState.NEW;
  private int nextPreference = HIGHEST_LOCAL_PREFERENCE;
  private int relayed;
  private int pendingBinds;
  private int pendingNames;
  private int pendingHostNames;
  private Optional<String> withheld = Optional.empty();
  private boolean closed;

  /**
   * A socket that servers are asked from.
   *
   * @param base null where only relayed candidates are used, so that no check leaves from it
   */
  private record Bound(Endpoint socket, @Nullable LocalBase base) {
    InetAddress address() {
      return socket.localAddress().getAddress();
    }
  }

  private record Held(IceCandidate candidate, InetSocketAddress at) {}

  /** The generation before the one that is offered; its offer may be taken back. */
  private record Former(String ufrag, List<IceCandidate> candidates, IceGatheringState state) {}

  /**
   * Nothing is gathered yet.
   *
   * @param loop the agent's loop
   * @param options the agent's
   * @param ufrag the agent's in the first generation
   * @param sockets binds
   * @param random secure, for transaction ids
   * @param names resolves the servers' names
   * @param hostNames stand for our addresses; null where these are told, or nothing is
   * @param timeline where to note what happened
   * @param endpoints gets what comes to relayed addresses
   * @param listener the agent
   */
  Gathering(
      NettyLoop loop,
      IceAgentOptions options,
      String ufrag,
      LocalSockets sockets,
      RandomGenerator random,
      NameResolver names,
      @Nullable HostNames hostNames,
      Timeline timeline,
      EndpointListener endpoints,
      GatheringListener listener) {
    this.loop = loop;
    this.options = options;
    this.ufrag = ufrag;
    this.sockets = sockets;
    this.names = names;
    this.hostNames = hostNames;
    // A checksum of an address that is not to be told would tell it to who tries all addresses.
    this.foundationSalt = tellsAddresses(options) ? "" : Long.toHexString(random.nextLong());
    this.timeline = timeline;
    this.listener = listener;
    this.reflexive = new ReflexiveGatherer(random, options.serverTimeout().toNanos());
    sockets.addUfrag(ufrag);
    this.relays =
        new RelayGatherer(
            loop, options, random, endpoints, sockets::openAnother, new RelayedCandidates());
  }

  // ---- Generations -----------------------------------------------------------------------------

  /**
   * What is gathered from now on belongs to another generation; {@link #start} begins anew. The
   * sockets stay.
   */
  void nextGeneration(String newUfrag) {
    former = new Former(ufrag, List.copyOf(candidates), state);
    ufrag = newUfrag;
    sockets.addUfrag(ufrag);
    state = IceGatheringState.NEW;
    asked.clear();
  }

  /** The generation that was begun last is taken back: what it found belongs to the one before. */
  void abandonGeneration() {
    Former before = former;
    if (before == null) {
      return;
    }
    former = null;
    sockets.removeUfrag(ufrag);
    ufrag = before.ufrag();
    List<IceCandidate> found = List.copyOf(candidates);
    candidates.clear();
    for (IceCandidate candidate : found) {
      IceCandidate ours = candidate.withUfrag(ufrag);
      if (before.candidates().contains(ours)) {
        candidates.add(ours);
      } else {
        announce(ours);
      }
    }
    if (state != IceGatheringState.GATHERING) {
      state = before.state();
    }
  }

  /** The generation that was begun last is agreed on. */
  void keepGeneration() {
    former = null;
  }

  // ---- Addresses -------------------------------------------------------------------------------

  /** Begins; a second call in one generation does nothing. */
  void start() {
    if (closed || state != IceGatheringState.NEW) {
      return;
    }
    become(IceGatheringState.GATHERING);
    // After a restart what is there is offered again: the sockets, what servers saw, the relays.
    List<IceCandidate> known = List.copyOf(candidates);
    candidates.clear();
    for (IceCandidate candidate : known) {
      announce(candidate.withUfrag(ufrag));
    }
    List<InetAddress> addresses;
    try {
      addresses = sockets.addresses();
    } catch (SocketException e) {
      LOG.warn("{} the system does not tell its interfaces: {}", options.id(), e.toString());
      timeline.add(loop.nowNanos(), "the system does not tell its interfaces");
      addresses = List.of();
    }
    follow(addresses);
    // A restart may be due to a TURN server that was started anew and forgot our allocation.
    offeredAgain.clear();
    offeredAgain.addAll(relayedBy.values());
    relays.verify();
    if (pendingBinds == 0) {
      askServers();
    }
  }

  /** The interfaces of this host are other ones. */
  void networkChanged(List<HostInterface> interfaces) {
    if (closed || state == IceGatheringState.NEW && former == null) {
      return;
    }
    sockets.announcements().networkIs(interfaces);
    follow(sockets.addresses(interfaces));
    if (pendingBinds == 0) {
      askForAnnounced();
    }
    listener.wake();
  }

  /** Opens sockets on addresses that are new, closes those on addresses that are no more. */
  private void follow(List<InetAddress> addresses) {
    for (Bound socket : List.copyOf(bound)) {
      if (!addresses.contains(socket.address())) {
        vanished(socket);
      }
    }
    List<InetAddress> fresh = new ArrayList<>();
    for (InetAddress address : addresses) {
      if (!opening.contains(address)
          && bound.stream().noneMatch(b -> b.address().equals(address))) {
        fresh.add(address);
      }
    }
    pendingBinds += fresh.size();
    opening.addAll(fresh);
    for (InetAddress address : fresh) {
      int preference = nextPreference;
      nextPreference = Math.max(nextPreference - 1, 1);
      sockets.open(
          address, (socket, failure) -> socketOpened(address, preference, socket, failure));
      if (sockets.listens()
          && options.candidatePolicy() != IceAgentOptions.CandidatePolicy.RELAY
          && options.hostCandidates() != IceAgentOptions.HostCandidates.HIDDEN) {
        pendingBinds++;
        sockets.listen(address, (port, failure) -> listens(address, preference, port, failure));
      }
    }
  }

  private void listens(
      InetAddress address, int preference, @Nullable Endpoint port, @Nullable Throwable failure) {
    pendingBinds--;
    if (closed) {
      if (port != null) {
        port.close();
      }
      return;
    }
    if (port == null) {
      LOG.debug("{} no TCP port on {}: {}", options.id(), address.getHostAddress(), failure);
      timeline.add(loop.nowNanos(), "no TCP port on " + told(address) + ": " + failure);
    } else {
      IceCandidate candidate = passive(port.localAddress(), preference);
      listening.add(listener.addBase(port, candidate));
      announceHost(candidate, port.localAddress());
    }
    if (pendingBinds == 0) {
      askServers();
    }
    listener.wake();
  }

  /** RFC 6544 section 4.5. */
  private IceCandidate passive(InetSocketAddress at, int preference) {
    String host = told(at.getAddress());
    return new IceCandidate(
        foundation(IceCandidateType.HOST, at.getAddress(), "tcp"),
        1,
        "tcp",
        Priorities.passiveTcp(preference),
        host,
        at.getPort(),
        IceCandidateType.HOST,
        Optional.empty(),
        Optional.of("passive"),
        Optional.of(ufrag));
  }

  /**
   * Tells a host candidate, or in its place the address that a NAT maps to it: to the peer that is
   * a host candidate, too. Where a server has to be asked for it first it is told later.
   */
  private void announceHost(IceCandidate candidate, InetSocketAddress at) {
    if (sockets.announcements().of(at.getAddress()).isEmpty()
        && sockets.announcements().toAsk(at.getAddress()).isPresent()) {
      held.add(new Held(candidate, at));
    } else {
      tellHost(candidate, at);
    }
  }

  private void tellHost(IceCandidate candidate, InetSocketAddress at) {
    Optional<IcePorts.Announced> announced = sockets.announcements().of(at.getAddress());
    if (announced.isEmpty() || announced.get().use() == IcePorts.Use.BESIDES) {
      announceOwn(candidate, at.getAddress());
    }
    announced.ifPresent(
        mapped -> {
          var from =
              new InetSocketAddress(
                  mapped.address(),
                  candidate.isUdp() ? mapped.port().orElse(at.getPort()) : at.getPort());
          IceCandidate told = as(candidate, from);
          if (!from.equals(at)) {
            listener.addReflexive(from, told);
          }
          announceOnce(told);
        });
  }

  private IceCandidate as(IceCandidate candidate, InetSocketAddress from) {
    String host = AddressText.of(from.getAddress());
    return new IceCandidate(
        Foundations.of(IceCandidateType.HOST, host, candidate.isUdp() ? "" : candidate.transport()),
        1,
        candidate.transport(),
        candidate.priority(),
        host,
        from.getPort(),
        IceCandidateType.HOST,
        Optional.empty(),
        candidate.tcpType(),
        Optional.of(ufrag));
  }

  private void announceOnce(IceCandidate told) {
    boolean known =
        candidates.stream()
            .anyMatch(
                c ->
                    c.transport().equals(told.transport())
                        && c.port() == told.port()
                        && c.address().equals(told.address()));
    if (!known) {
      announce(told);
    }
  }

  /** Tells a host candidate; one with a name once somebody answers for the name. */
  private void announceOwn(IceCandidate candidate, InetAddress address) {
    if (hostNames == null) {
      announceOnce(candidate);
      return;
    }
    pendingHostNames++;
    hostNames.publish(
        address,
        failure -> {
          pendingHostNames--;
          if (closed) {
            return;
          }
          if (failure.isPresent()) {
            withhold(failure.get());
          } else if (candidate.address().equals(hostNames.of(address))) {
            // Else the address vanished meanwhile.
            announceOnce(candidate.withUfrag(ufrag));
          }
          mayBeComplete();
          listener.wake();
        });
  }

  /** The address itself is not told in its place: that is what was asked for. */
  private void withhold(String why) {
    timeline.add(loop.nowNanos(), "a host candidate is not told, its name would not work: " + why);
    if (withheld.isEmpty()) {
      withheld = Optional.of(why);
      LOG.warn(
          "{} host candidates are not told: their .local names would not be answered for: {}",
          options.id(),
          why);
    }
  }

  /** Why host candidates were not told although there are some. */
  Optional<String> withheld() {
    return withheld;
  }

  private static boolean tellsAddresses(IceAgentOptions options) {
    return options.hostCandidates() == IceAgentOptions.HostCandidates.OFFERED;
  }

  /** An address of ours as others are told it. */
  private String told(InetAddress address) {
    return hostNames == null ? AddressText.of(address) : hostNames.of(address);
  }

  private String foundation(IceCandidateType type, InetAddress base, String server) {
    return Foundations.of(type, foundationSalt + AddressText.of(base), server);
  }

  /** Where an error has its place, unless that is not to be told. */
  private IceCandidateError error(
      @Nullable InetSocketAddress at, IceServer server, int code, String text) {
    return at == null || !tellsAddresses(options)
        ? new IceCandidateError("", 0, server.url(), code, text)
        : new IceCandidateError(
            AddressText.of(at.getAddress()), at.getPort(), server.url(), code, text);
  }

  private void vanished(Bound socket) {
    InetSocketAddress at = socket.socket().localAddress();
    String host = told(at.getAddress());
    timeline.add(loop.nowNanos(), "the address " + host + " vanished");
    LOG.debug("{} the address {} vanished", options.id(), host);
    bound.remove(socket);
    held.removeIf(one -> one.at().getAddress().equals(at.getAddress()));
    for (LocalBase tcp : List.copyOf(listening)) {
      if (tcp.address().getAddress().equals(at.getAddress())) {
        listening.remove(tcp);
        candidates.removeIf(
            c -> !c.isUdp() && c.address().equals(host) && c.port() == tcp.address().getPort());
        listener.removeBase(tcp);
      }
    }
    relays.socketGone(socket.socket(), "the address " + host + " vanished");
    if (hostNames != null) {
      hostNames.withdraw(at.getAddress());
    }
    LocalBase base = socket.base();
    if (base == null) {
      socket.socket().close();
      return;
    }
    candidates.removeIf(
        candidate ->
            candidate.address().equals(host) && candidate.port() == at.getPort()
                || candidate
                    .related()
                    .filter(r -> r.address().equals(host) && r.port() == at.getPort())
                    .isPresent()
                || candidate.type() == IceCandidateType.SERVER_REFLEXIVE
                    && Integer.valueOf(base.index())
                        .equals(reflexiveBases.get(candidate.address() + ' ' + candidate.port())));
    listener.removeBase(base);
  }

  private void socketOpened(
      InetAddress address, int preference, @Nullable Endpoint socket, @Nullable Throwable failure) {
    pendingBinds--;
    opening.remove(address);
    if (closed) {
      if (socket != null) {
        socket.close();
      }
      return;
    }
    if (socket == null) {
      // An address can vanish, or be tentative, between the listing and the bind.
      LOG.debug("{} no socket on {}: {}", options.id(), address.getHostAddress(), failure);
      timeline.add(
          loop.nowNanos(),
          "no socket on " + told(address) + (failure == null ? "" : ": " + failure.getMessage()));
    } else {
      hostCandidate(socket, preference);
    }
    if (pendingBinds == 0) {
      askServers();
    }
    listener.wake();
  }

  private void hostCandidate(Endpoint socket, int preference) {
    InetSocketAddress at = socket.localAddress();
    String host = told(at.getAddress());
    var candidate =
        new IceCandidate(
            foundation(IceCandidateType.HOST, at.getAddress(), ""),
            1,
            "udp",
            Priorities.candidate(IceCandidateType.HOST, preference),
            host,
            at.getPort(),
            IceCandidateType.HOST,
            Optional.empty(),
            Optional.empty(),
            Optional.of(ufrag));
    if (options.candidatePolicy() == IceAgentOptions.CandidatePolicy.RELAY) {
      bound.add(new Bound(socket, null));
      return;
    }
    bound.add(new Bound(socket, listener.addBase(socket, candidate)));
    if (options.hostCandidates() != IceAgentOptions.HostCandidates.HIDDEN) {
      announceHost(candidate, at);
    }
  }

  private void announce(IceCandidate candidate) {
    candidates.add(candidate);
    if (LOG.isDebugEnabled()) {
      LOG.debug("{} local {}", options.id(), candidate.toLine());
    }
    listener.announce(candidate);
  }

  // ---- Servers ---------------------------------------------------------------------------------

  private void askServers() {
    for (IceServer server : options.servers()) {
      // A relay that is there stays, over restarts too; one that failed or was lost is asked anew.
      boolean wanted =
          server.kind().isTurn()
              ? !relays.isAsking(server)
              : options.candidatePolicy() != IceAgentOptions.CandidatePolicy.RELAY;
      if (wanted) {
        servers.asked(server);
        pendingNames++;
        resolve(server);
      }
    }
    askForAnnounced();
    mayBeComplete();
  }

  /** The server that tells under what address this host is reached, unless that is known. */
  private void askForAnnounced() {
    for (Bound from : bound) {
      Optional<IceServer> server = sockets.announcements().toAsk(from.address());
      if (server.isPresent()
          && from.base() != null
          && options.hostCandidates() != IceAgentOptions.HostCandidates.HIDDEN) {
        servers.asked(server.get());
        pendingNames++;
        resolve(server.get());
        return;
      }
    }
    // Another agent has learnt it meanwhile, or no socket is there to ask from.
    tellHeld();
  }

  private void announcedSeen(LocalBase base, InetAddress address) {
    InetAddress local = base.address().getAddress();
    if (PairableAddress.refusal(new InetSocketAddress(address, 1)).isPresent()
        || address.isLoopbackAddress() != local.isLoopbackAddress()) {
      return;
    }
    Optional<String> before =
        sockets.announcements().of(local).map(told -> AddressText.of(told.address()));
    sockets.announcements().learned(local, address);
    // The one that was told before is not offered again.
    before
        .filter(old -> !old.equals(AddressText.of(address)))
        .ifPresent(
            old ->
                candidates.removeIf(
                    c -> c.type() == IceCandidateType.HOST && c.address().equals(old)));
    held.removeIf(one -> one.at().getAddress().equals(local));
    tellHost(base.candidate().withUfrag(ufrag), base.address());
    for (LocalBase tcp : listening) {
      if (tcp.address().getAddress().equals(local)) {
        tellHost(tcp.candidate().withUfrag(ufrag), tcp.address());
      }
    }
    tellHeld();
  }

  /**
   * The server that tells announced addresses told none from a socket on this address; a question
   * to another of its addresses may still be open.
   */
  private void announcedUnknown(IceServer server, InetAddress local, String why) {
    if (!sockets.announcements().isAsked(server)
        || sockets.announcements().toAsk(local).isEmpty()
        || reflexive.isAsking(server, local)) {
      return;
    }
    String host = AddressText.of(local);
    boolean unreached = why.equals(PairableAddress.UNREACHED);
    if (!sockets.announcements().askedInVain(local, unreached)) {
      timeline.add(loop.nowNanos(), host + " is announced as before: " + why);
      LOG.warn("{} does not tell how {} is reached: {}", server.url(), host, why);
    } else {
      timeline.add(loop.nowNanos(), host + " is offered without an announced address: " + why);
      if (unreached) {
        LOG.debug("{} cannot be asked how {} is reached", server.url(), host);
      } else {
        LOG.warn(
            "{} does not tell how {} is reached ({}): peers are told the address itself, which"
                + " works where there is no NAT between",
            server.url(),
            host,
            why);
      }
    }
    tellHeld();
  }

  /** Tells the host candidates whose announced address need not be waited for any more. */
  private void tellHeld() {
    for (Held one : List.copyOf(held)) {
      InetAddress local = one.at().getAddress();
      boolean asking =
          sockets.announcements().of(local).isEmpty()
              && sockets.announcements().toAsk(local).isPresent()
              && (opening.contains(local)
                  || bound.stream().anyMatch(b -> b.base() != null && b.address().equals(local)));
      if (!asking) {
        held.remove(one);
        tellHost(one.candidate().withUfrag(ufrag), one.at());
      }
    }
  }

  /** The system's resolver has no limit of its own that anybody would want to wait for. */
  private void resolve(IceServer server) {
    var answered = new AtomicBoolean();
    names
        .resolve(connectsThroughProxy(server) ? proxyHost() : server.host())
        .whenComplete(
            (addresses, failure) -> {
              if (answered.compareAndSet(false, true)) {
                loop.execute(() -> serverResolved(server, addresses, failure));
              }
            });
    loop.schedule(
        () -> {
          if (answered.compareAndSet(false, true)) {
            serverResolved(server, null, null);
          }
        },
        options.serverTimeout().toNanos());
  }

  private void serverResolved(
      IceServer server, @Nullable List<InetAddress> addresses, @Nullable Throwable failure) {
    pendingNames--;
    if (closed) {
      return;
    }
    if (addresses == null) {
      String name = connectsThroughProxy(server) ? proxyHost() : server.host();
      noServer(server, "the name " + name + " could not be resolved", failure);
    } else {
      List<InetAddress> some =
          addresses.subList(0, Math.min(addresses.size(), MAX_ADDRESSES_PER_SERVER));
      if (server.kind().isTurn()) {
        askTurn(server, some);
      } else {
        if (!askStun(server, some)) {
          noServer(server, PairableAddress.UNREACHED, failure);
        }
        // Also of those addresses of ours that do not reach it, as IPv6 ones an IPv4 server.
        announcedUnknown(server, PairableAddress.UNREACHED);
      }
    }
    mayBeComplete();
    listener.wake();
  }

  private boolean connectsThroughProxy(IceServer server) {
    return options.httpProxy().isPresent()
        && (server.kind() == IceServer.Kind.TURN_TCP || server.kind() == IceServer.Kind.TURN_TLS);
  }

  private String proxyHost() {
    return options.httpProxy().map(HttpProxy::host).orElse("");
  }

  private void noServer(IceServer server, String why, @Nullable Throwable failure) {
    LOG.debug("{} {}: {} {}", options.id(), server.url(), why, String.valueOf(failure));
    servers.ended(server, why);
    listener.candidateError(
        new IceCandidateError("", 0, server.url(), IceCandidateError.UNREACHABLE, why));
    announcedUnknown(server, why);
  }

  private void announcedUnknown(IceServer server, String why) {
    if (sockets.announcements().isAsked(server)) {
      for (Bound from : List.copyOf(bound)) {
        announcedUnknown(server, from.address(), why);
      }
    }
  }

  /** Returns whether anybody was asked, now or before in this generation. */
  private boolean askStun(IceServer server, List<InetAddress> addresses) {
    boolean any = false;
    for (InetAddress address : addresses) {
      for (Bound from : bound) {
        LocalBase base = from.base();
        if (base == null) {
          continue;
        }
        if (!asked.add(server.url() + ' ' + base.index() + ' ' + address)
            && !isToBeAskedAgain(server, from.address())) {
          any = true;
        } else if (PairableAddress.canReach(from.address(), address)) {
          reflexive.ask(server, base, new InetSocketAddress(address, server.port()));
          any = true;
        }
      }
    }
    return any;
  }

  /** What was announced may be another address by now. */
  private boolean isToBeAskedAgain(IceServer server, InetAddress local) {
    return sockets.announcements().isAsked(server)
        && sockets.announcements().toAsk(local).isPresent()
        && !reflexive.isAsking(server, local);
  }

  /**
   * To a TURN server one address of ours is one allocation (RFC 8656 section 3.1), so where all
   * connections have the same one each asks from a socket of its own.
   */
  private void askTurn(IceServer server, List<InetAddress> addresses) {
    if (server.kind() != IceServer.Kind.TURN_UDP || !sockets.areShared()) {
      askTurn(server, addresses, bound.stream().map(Bound::socket).toList());
      return;
    }
    List<Endpoint> own = new ArrayList<>();
    int[] pending = {bound.size()};
    pendingNames++;
    for (Bound one : bound) {
      sockets.openAnother(
          one.address(),
          (socket, failure) -> {
            if (socket != null) {
              if (closed) {
                socket.close();
              } else {
                own.add(socket);
                ownSockets.add(socket);
              }
            }
            if (--pending[0] == 0) {
              pendingNames--;
              if (!closed) {
                askTurn(server, addresses, own);
                mayBeComplete();
                listener.wake();
              }
            }
          });
    }
    if (bound.isEmpty()) {
      pendingNames--;
    }
  }

  private void askTurn(IceServer server, List<InetAddress> addresses, List<Endpoint> from) {
    if (server.kind() != IceServer.Kind.TURN_TLS) {
      relays.ask(server, addresses, from, Optional.empty());
      return;
    }
    pendingNames++;
    names
        .supply(() -> TlsContexts.client(options.turnTrustStore()))
        .whenComplete(
            (tls, failure) ->
                loop.execute(
                    () -> {
                      pendingNames--;
                      if (closed) {
                        return;
                      }
                      if (tls == null) {
                        noServer(server, "no certificates could be read to trust", failure);
                      } else {
                        relays.ask(server, addresses, from, Optional.of(tls));
                      }
                      mayBeComplete();
                      listener.wake();
                    }));
  }

  private static String relaysFrom(InetSocketAddress at) {
    return "relays from " + AddressText.of(at.getAddress()) + " port " + at.getPort();
  }

  private final class RelayedCandidates implements RelayGatherer.Listener {
    @Override
    public void relayed(
        IceServer server,
        TurnEndpoint endpoint,
        Optional<InetSocketAddress> mapped,
        @Nullable Endpoint socket) {
      InetSocketAddress at = endpoint.localAddress();
      String text = relaysFrom(at);
      timeline.add(loop.nowNanos(), server.url() + ' ' + text);
      servers.ended(server, text);
      relayedBy.put(endpoint, server);
      boolean told =
          options.candidatePolicy() == IceAgentOptions.CandidatePolicy.ALL
              && tellsAddresses(options);
      var candidate =
          new IceCandidate(
              Foundations.of(
                  IceCandidateType.RELAYED,
                  AddressText.of(at.getAddress()),
                  server.kind() + " " + server.host()),
              1,
              "udp",
              Priorities.candidate(IceCandidateType.RELAYED, relayPreference(server)),
              AddressText.of(at.getAddress()),
              at.getPort(),
              IceCandidateType.RELAYED,
              Optional.of(
                  told && mapped.isPresent()
                      ? new IceCandidate.RelatedAddress(
                          AddressText.of(mapped.get().getAddress()), mapped.get().getPort())
                      : hidden(at.getAddress())),
              Optional.empty(),
              Optional.of(ufrag));
      listener.addBase(endpoint, candidate);
      announce(candidate);
      mapped.ifPresent(address -> seenFrom(server, socket, address));
    }

    /**
     * What the server saw on the way is as good as a STUN server's answer (RFC 8656 section 7.3).
     */
    private void seenFrom(IceServer server, @Nullable Endpoint socket, InetSocketAddress address) {
      for (Bound from : bound) {
        LocalBase base = from.base();
        if (base != null && from.socket() == socket) {
          serverReflexive(base, server.host(), address);
        }
      }
    }

    @Override
    public void refused(IceServer server, @Nullable InetSocketAddress from, int code, String text) {
      servers.ended(server, text);
      timeline.add(loop.nowNanos(), server.url() + ": " + text);
      listener.candidateError(error(from, server, code, text));
    }

    @Override
    public void note(String text) {
      timeline.add(loop.nowNanos(), text);
    }

    @Override
    public void wake() {
      mayBeComplete();
      listener.wake();
    }
  }

  /** UDP before TCP before TLS: less is waited for where something is lost. */
  private int relayPreference(IceServer server) {
    int transport =
        switch (server.kind()) {
          case STUN, TURN_UDP -> 3;
          case TURN_TCP -> 2;
          case TURN_TLS -> 1;
        };
    relayed++;
    return transport << 14 | (1 << 14) - 1 - Math.min(relayed, (1 << 14) - 1);
  }

  /** What stands in place of an address that is not told, RFC 8828: of the same family. */
  private static IceCandidate.RelatedAddress hidden(InetAddress family) {
    return new IceCandidate.RelatedAddress(family instanceof Inet6Address ? "::" : "0.0.0.0", 0);
  }

  /**
   * Takes a STUN message that came to a base.
   *
   * @return whether it answers a question of gathering; if not it is for the checks
   */
  boolean receive(ReceivedStun received, LocalBase base, InetSocketAddress from) {
    StunClass messageClass = received.message().messageClass();
    if (messageClass != StunClass.SUCCESS && messageClass != StunClass.ERROR
        || !reflexive.expects(received.message().transactionId())) {
      return false;
    }
    reflexive.receive(received, base, from).ifPresent(this::reflexiveEnded);
    mayBeComplete();
    return true;
  }

  private void reflexiveEnded(ReflexiveGatherer.Outcome outcome) {
    if (outcome instanceof ReflexiveGatherer.Outcome.Mapped mapped) {
      serverReflexive(mapped);
    } else if (outcome instanceof ReflexiveGatherer.Outcome.Failed failed) {
      servers.ended(failed.server(), failed.text());
      timeline.add(loop.nowNanos(), failed.server().url() + ": " + failed.text());
      listener.candidateError(
          error(failed.base().address(), failed.server(), failed.code(), failed.text()));
      announcedUnknown(failed.server(), failed.base().address().getAddress(), failed.text());
    }
  }

  private void serverReflexive(ReflexiveGatherer.Outcome.Mapped mapped) {
    InetSocketAddress address = mapped.mapped();
    String text = AddressText.of(address.getAddress()) + " port " + address.getPort();
    timeline.add(loop.nowNanos(), mapped.server().url() + " sees " + text);
    servers.ended(mapped.server(), "sees us as " + text);
    if (sockets.announcements().isAsked(mapped.server())
        && options.hostCandidates() != IceAgentOptions.HostCandidates.HIDDEN) {
      announcedSeen(mapped.base(), address.getAddress());
      announcedUnknown(
          mapped.server(), mapped.base().address().getAddress(), "it sees us as " + text);
      return;
    }
    serverReflexive(mapped.base(), mapped.serverAddress().getAddress().getHostAddress(), address);
  }

  private void serverReflexive(LocalBase base, String server, InetSocketAddress address) {
    // Where only a name stands for the base, a candidate with its address "MUST NOT be considered
    // redundant" (section 3.1.2.2 of the draft): a server of the peer's choice can see it.
    if (address.equals(base.address()) && hostNames == null
        || address.getPort() == 0
        || PairableAddress.refusal(address).isPresent()
        || isKnownHere(address)) {
      return;
    }
    var candidate =
        new IceCandidate(
            foundation(IceCandidateType.SERVER_REFLEXIVE, base.address().getAddress(), server),
            1,
            "udp",
            Priorities.candidate(
                IceCandidateType.SERVER_REFLEXIVE,
                (int) (base.candidate().priority() >> 8 & 0xffff)),
            AddressText.of(address.getAddress()),
            address.getPort(),
            IceCandidateType.SERVER_REFLEXIVE,
            Optional.of(
                tellsAddresses(options)
                    ? new IceCandidate.RelatedAddress(
                        AddressText.of(base.address().getAddress()), base.address().getPort())
                    : hidden(address.getAddress())),
            Optional.empty(),
            Optional.of(ufrag));
    reflexiveBases.put(candidate.address() + ' ' + candidate.port(), base.index());
    listener.addReflexive(address, candidate);
    announce(candidate);
  }

  /** Two servers usually see the same address: one candidate is enough (RFC 8445 section 5.1.3). */
  private boolean isKnownHere(InetSocketAddress address) {
    String host = AddressText.of(address.getAddress());
    for (IceCandidate candidate : candidates) {
      if (candidate.isUdp()
          && candidate.port() == address.getPort()
          && candidate.address().equals(host)) {
        return true;
      }
    }
    return false;
  }

  // ---- Time and state --------------------------------------------------------------------------

  /** Sends what is due; returns whether something ended. */
  boolean advanceTo(long nowNanos) {
    if (closed) {
      return false;
    }
    relays.advanceTo(nowNanos);
    if (reflexive.isIdle()) {
      return false;
    }
    List<ReflexiveGatherer.Outcome> ended = new ArrayList<>();
    for (ReflexiveGatherer.Request request : reflexive.poll(nowNanos, ended)) {
      Endpoint socket = socketOf(request.base());
      if (socket != null) {
        socket.write(request.bytes(), request.to());
        socket.flush();
      }
    }
    ended.forEach(this::reflexiveEnded);
    if (!ended.isEmpty()) {
      mayBeComplete();
    }
    return !ended.isEmpty();
  }

  private @Nullable Endpoint socketOf(LocalBase base) {
    for (Bound from : bound) {
      if (from.base() != null && from.base().index() == base.index()) {
        return from.socket();
      }
    }
    return null;
  }

  /** When {@link #advanceTo} has work again. */
  long nextDeadlineNanos() {
    return Math.min(reflexive.nextDeadlineNanos(), relays.nextDeadlineNanos());
  }

  private void mayBeComplete() {
    if (state == IceGatheringState.GATHERING
        && pendingBinds == 0
        && pendingNames == 0
        && pendingHostNames == 0
        && reflexive.isIdle()
        && relays.isIdle()) {
      become(IceGatheringState.COMPLETE);
    }
  }

  private void become(IceGatheringState next) {
    state = next;
    timeline.add(loop.nowNanos(), "gathering " + next);
    listener.gatheringStateChanged(next);
  }

  /** Where it stands. */
  IceGatheringState state() {
    return state;
  }

  /** What was found. */
  List<IceCandidate> candidates() {
    return candidates;
  }

  /** What came of each server. */
  List<IceReport.Server> serverReports() {
    return servers.reports();
  }

  /**
   * Takes a datagram that a TURN server sent to one of our sockets.
   *
   * @return whether it was that
   */
  boolean fromRelay(
      Endpoint socket, byte[] buffer, int offset, int length, InetSocketAddress from) {
    return relays.datagram(socket, buffer, offset, length, from);
  }

  /** A relay is lost: its candidate is not offered again. */
  void endpointLost(Endpoint endpoint, String why) {
    InetSocketAddress at = endpoint.localAddress();
    String host = AddressText.of(at.getAddress());
    IceServer server = relayedBy.remove(endpoint);
    if (server != null) {
      servers.ended(
          server,
          relaysFrom(at),
          "the relay " + host + " port " + at.getPort() + " was lost: " + why);
      if (offeredAgain.remove(server)) {
        pendingNames++;
        resolve(server);
      }
    }
    candidates.removeIf(c -> c.address().equals(host) && c.port() == at.getPort());
  }

  /** A socket takes more, or does not. */
  void writableChanged(Endpoint socket, boolean writable) {
    relays.writableChanged(socket, writable);
  }

  /**
   * Nothing is told any more; allocations are freed, which is the last thing sent. Called before
   * the agent closes its bases.
   */
  void close() {
    closed = true;
    if (hostNames != null) {
      hostNames.close();
    }
    relays.close();
    sockets.close();
    ownSockets.forEach(Endpoint::close);
    for (Bound from : bound) {
      if (from.base() == null) {
        from.socket().close();
      }
    }
  }
}
