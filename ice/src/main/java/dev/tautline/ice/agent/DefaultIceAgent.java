package dev.tautline.ice.agent;

import dev.tautline.base.DropCounters;
import dev.tautline.base.Timer;
import dev.tautline.ice.IceAgent;
import dev.tautline.ice.IceAgentOptions;
import dev.tautline.ice.IceCandidate;
import dev.tautline.ice.IceCandidateError;
import dev.tautline.ice.IceCredentials;
import dev.tautline.ice.IceGatheringState;
import dev.tautline.ice.IceGeneration;
import dev.tautline.ice.IceListener;
import dev.tautline.ice.IceLoop;
import dev.tautline.ice.IcePath;
import dev.tautline.ice.IceRemote;
import dev.tautline.ice.IceReport;
import dev.tautline.ice.IceRole;
import dev.tautline.ice.IceState;
import dev.tautline.ice.SelectedPair;
import dev.tautline.ice.candidate.PairableAddress;
import dev.tautline.ice.check.CheckAgent;
import dev.tautline.ice.check.CheckEvent;
import dev.tautline.ice.check.Generations;
import dev.tautline.ice.check.IceDrop;
import dev.tautline.ice.check.LocalBase;
import dev.tautline.ice.check.Route;
import dev.tautline.ice.check.Standing;
import dev.tautline.ice.check.Timeline;
import dev.tautline.ice.check.Transmit;
import dev.tautline.ice.endpoint.Endpoint;
import dev.tautline.ice.endpoint.EndpointListener;
import dev.tautline.ice.gather.AddressLiterals;
import dev.tautline.ice.gather.HostAddresses;
import dev.tautline.ice.gather.HostInterface;
import dev.tautline.ice.gather.MulticastDnsResolver;
import dev.tautline.ice.gather.MulticastDnsResponder;
import dev.tautline.ice.gather.NameResolver;
import dev.tautline.ice.gather.NetworkWatch;
import dev.tautline.ice.udp.NettyLoop;
import dev.tautline.stun.StunClass;
import dev.tautline.stun.StunFormatException;
import dev.tautline.stun.codec.ReceivedStun;
import dev.tautline.stun.codec.StunParser;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The agent on its loop. Everything but {@link #loop} and {@link #closeFromAnywhere} there. */
public final class DefaultIceAgent implements IceAgent, EndpointListener {
  private static final Logger LOG = LoggerFactory.getLogger(IceAgent.class);
  private static final int MAX_REPORTED_REMOTES = CheckAgent.MAX_REMOTE_CANDIDATES + 8;

  private final NettyLoop loop;
  private final IceAgentOptions options;
  private final IceListener listener;
  private final Consumer<DefaultIceAgent> onClosed;
  private final DropCounters<IceDrop> drops = new DropCounters<>(IceDrop.class);
  private final Timeline timeline = new Timeline();
  private final Generations core;
  private final AgentPath path;
  private final HeldDatagrams held = new HeldDatagrams();
  private final MulticastDnsResolver multicastDns;
  private final @Nullable HostNames hostNames;
  private final LocalSockets sockets;
  private final Gathering gathering;
  private final LoopTimer timer;
  private final Map<Integer, Base> bases = new LinkedHashMap<>();
  private final NetworkWatch network;
  private final NetworkWatch.Listener networkListener = this::interfacesChanged;
  private final List<IceReport.RemoteCandidate> remoteReports = new ArrayList<>();

  /**
   * Candidates that had no pair when they were told; sockets that were bound since may reach them.
   */
  private final Map<IceCandidate, InetSocketAddress> unreached = new HashMap<>();

  private int nextBase;
  private boolean draining;
  private boolean closed;
  private boolean dataInTurn;

  /** A base and what carries its datagrams. */
  private record Base(Endpoint endpoint, LocalBase local) {}

  /**
   * An agent that does nothing yet. May be called from any thread.
   *
   * @param loop its loop
   * @param options its options
   * @param listener the layer above
   * @param random secure, for credentials and transaction ids
   * @param pacer the runtime's
   * @param names the runtime's resolver
   * @param network the runtime's, tells when addresses come and go
   * @param ports what the runtime's agents share of its ports
   * @param responders the runtime's answerer for names of ours, by multicast group
   * @param onClosed told once the agent is closed
   */
  public DefaultIceAgent(
      NettyLoop loop,
      IceAgentOptions options,
      IceListener listener,
      RandomGenerator random,
      ProcessPacer pacer,
      NameResolver names,
      NetworkWatch network,
      HostPorts ports,
      Function<InetSocketAddress, MulticastDnsResponder> responders,
      Consumer<DefaultIceAgent> onClosed) {
    this.loop = loop;
    this.options = options;
    this.listener = listener;
    this.onClosed = onClosed;
    this.network = network;
    IceCredentials first = IceCredentials.generate(random);
    this.core = new Generations(options, first, random, pacer.forLoop(loop), drops, timeline);
    this.path = new AgentPath(options.maxPayload(), drops, this::dataAuthenticated);
    this.multicastDns =
        new MulticastDnsResolver(loop, options.multicastDnsAddress(), this::interfacesInUse);
    this.hostNames =
        options.hostCandidates() == IceAgentOptions.HostCandidates.MDNS_NAMES
            ? new HostNames(loop, random, responders.apply(options.multicastDnsAddress()))
            : null;
    this.sockets = new LocalSockets(loop, options, this, network.source(), ports);
    this.gathering =
        new Gathering(
            loop,
            options,
            first.ufrag(),
            sockets,
            random,
            names,
            hostNames,
            timeline,
            this,
            new Gathered());
    this.timer = new LoopTimer(loop, this::timerFired);
  }

  @Override
  public IceLoop loop() {
    return loop;
  }

  @Override
  public IceCredentials localCredentials() {
    return core.localCredentials();
  }

  // ---- Gathering -------------------------------------------------------------------------------

  @Override
  public void gather() {
    requireLoop();
    if (closed) {
      return;
    }
    if (options.networkChanges() == IceAgentOptions.NetworkChanges.FOLLOW) {
      network.add(networkListener);
    }
    gathering.start();
    drain();
  }

  /** On the watch's thread. */
  private void interfacesChanged(List<HostInterface> interfaces) {
    try {
      loop.execute(
          () -> {
            if (!closed) {
              gathering.networkChanged(interfaces);
              advance();
            }
          });
    } catch (RejectedExecutionException e) {
      LOG.trace("{} the loop has ended", options.id(), e);
    }
  }

  private final class Gathered implements GatheringListener {
    @Override
    public LocalBase addBase(Endpoint endpoint, IceCandidate candidate) {
      var base = new LocalBase(nextBase++, endpoint.localAddress(), candidate);
      bases.put(base.index(), new Base(endpoint, base));
      core.addBase(loop.nowNanos(), base);
      core.remoteAddresses().forEach(endpoint::prepare);
      return base;
    }

    @Override
    public void removeBase(LocalBase base) {
      remove(base);
    }

    @Override
    public void addReflexive(InetSocketAddress mapped, IceCandidate candidate) {
      core.addReflexive(mapped, candidate);
    }

    @Override
    public void announce(IceCandidate candidate) {
      listener.localCandidate(candidate);
    }

    @Override
    public void candidateError(IceCandidateError error) {
      listener.candidateError(error);
    }

    @Override
    public void gatheringStateChanged(IceGatheringState state) {
      listener.gatheringStateChanged(state);
    }

    @Override
    public void wake() {
      drain();
    }
  }

  /** Its pairs end, its endpoint is closed. */
  private void remove(LocalBase base) {
    Base removed = bases.remove(base.index());
    if (removed == null) {
      return;
    }
    if (path.uses(removed.endpoint())) {
      path.stop();
    }
    boolean carried = core.removeBase(loop.nowNanos(), base.index());
    removed.endpoint().close();
    if (carried) {
      listener.addressLost();
    }
  }

  // ---- Restart ---------------------------------------------------------------------------------

  @Override
  public void prepareRestart(IceCredentials local) {
    requireLoop();
    if (closed) {
      return;
    }
    abandonRestart();
    core.prepare(loop.nowNanos(), local);
    gathering.nextGeneration(local.ufrag());
  }

  @Override
  public void abandonRestart() {
    requireLoop();
    if (closed || core.newestCredentials().equals(core.localCredentials())) {
      return;
    }
    core.abandon(loop.nowNanos());
    gathering.abandonGeneration();
    drain();
  }

  @Override
  public void restart(IceRemote remote) {
    requireLoop();
    if (closed) {
      return;
    }
    unreached.clear();
    remoteReports.clear();
    gathering.keepGeneration();
    core.restart(loop.nowNanos(), remote);
    advance();
  }

  @Override
  public Optional<IceGeneration> generation() {
    return core.generation();
  }

  // ---- The layer above -------------------------------------------------------------------------

  @Override
  public void start(IceRole role, IceRemote remote) {
    requireLoop();
    if (closed) {
      return;
    }
    core.start(loop.nowNanos(), role, remote);
    advance();
  }

  @Override
  public void addRemoteCandidate(IceCandidate candidate) {
    requireLoop();
    if (closed) {
      return;
    }
    String refusal = refusal(candidate);
    if (refusal != null) {
      report(candidate, refusal);
      return;
    }
    Optional<InetAddress> literal = AddressLiterals.parse(candidate.address());
    if (literal.isPresent()) {
      addResolved(candidate, literal.get());
    } else {
      report(candidate, "the name is being resolved");
      multicastDns.resolve(candidate.address(), address -> named(candidate, address));
    }
  }

  /** Where names are asked for. */
  private List<String> interfacesInUse() {
    try {
      return HostAddresses.interfacesInUse(options, network.source().interfaces());
    } catch (SocketException e) {
      LOG.debug("{} the system does not tell its interfaces: {}", options.id(), e.toString());
      return List.of();
    }
  }

  private @Nullable String refusal(IceCandidate candidate) {
    if (candidate.tcpType().orElse("").equals("active") && sockets.listens()) {
      return "not paired: the peer connects from there to the port we listen on";
    }
    if (!candidate.isUdp()) {
      return "not paired: transport " + candidate.transport();
    }
    if (candidate.component() != 1) {
      return "not paired: component " + candidate.component();
    }
    if (core.isOfAnotherGeneration(candidate)) {
      return "not paired: of another generation";
    }
    if (AddressLiterals.parse(candidate.address()).isEmpty()) {
      if (!candidate.isMulticastDnsName()) {
        return "not paired: a host name";
      }
      if (options.multicastDns() == IceAgentOptions.MulticastDns.OFF) {
        return "not paired: names are not resolved";
      }
      // Section 3.2.1 of the draft: what has this name is in our network, and no relay leads there.
      if (options.candidatePolicy() == IceAgentOptions.CandidatePolicy.RELAY) {
        return "not paired: names are not resolved where relays alone are used";
      }
    }
    return null;
  }

  private void named(IceCandidate candidate, Optional<InetAddress> address) {
    if (closed) {
      return;
    }
    if (address.isPresent()) {
      addResolved(candidate, address.get());
    } else {
      report(candidate, "the name could not be resolved");
    }
  }

  private void addResolved(IceCandidate candidate, InetAddress address) {
    String outcome =
        address.isLoopbackAddress() && options.loopback() == IceAgentOptions.Loopback.EXCLUDE
            ? "not paired: a loopback address, which is not used here"
            : core.addRemote(
                loop.nowNanos(), candidate, new InetSocketAddress(address, candidate.port()));
    if (outcome.equals(PairableAddress.UNREACHED)) {
      unreached.put(candidate, new InetSocketAddress(address, candidate.port()));
    }
    if (outcome.equals(CheckAgent.TAKEN)) {
      for (Base base : bases.values()) {
        base.endpoint().prepare(new InetSocketAddress(address, candidate.port()));
      }
    }
    report(candidate, outcome);
    advance();
  }

  private void report(IceCandidate candidate, String outcome) {
    if (LOG.isDebugEnabled()) {
      LOG.debug("{} remote {}: {}", options.id(), candidate.toLine(), outcome);
    }
    remoteReports.removeIf(known -> known.candidate().equals(candidate));
    if (remoteReports.size() < MAX_REPORTED_REMOTES) {
      remoteReports.add(new IceReport.RemoteCandidate(candidate, outcome));
    }
  }

  @Override
  public void remoteEndOfCandidates() {
    requireLoop();
    timeline.add(loop.nowNanos(), "the peer has no more candidates");
  }

  @Override
  public IcePath path() {
    return path;
  }

  @Override
  public Optional<IceRole> role() {
    return Optional.ofNullable(core.role());
  }

  @Override
  public IceState state() {
    return core.state();
  }

  @Override
  public IceGatheringState gatheringState() {
    return gathering.state();
  }

  @Override
  public Optional<SelectedPair> selectedPair() {
    return core.selectedPair();
  }

  @Override
  public IceReport report() {
    requireLoop();
    List<IceReport.RemoteCandidate> remotes = new ArrayList<>(remoteReports.size());
    for (IceReport.RemoteCandidate told : remoteReports) {
      InetSocketAddress address = unreached.get(told.candidate());
      remotes.add(
          address != null && core.isPaired(address)
              ? new IceReport.RemoteCandidate(told.candidate(), "taken")
              : told);
    }
    IceReport report =
        Reports.make(
            core,
            gathering.candidates(),
            remotes,
            gathering.serverReports(),
            timeline.events(),
            drops,
            gathering.withheld());
    return hostNames == null ? report : Reports.rewritten(report, hostNames::hide);
  }

  @Override
  public void close() {
    requireLoop();
    if (closed) {
      return;
    }
    path.flush();
    closed = true;
    core.close(loop.nowNanos());
    path.stop();
    held.clear();
    timer.stop();
    multicastDns.close();
    network.remove(networkListener);
    // Before the sockets, as relays are freed through them.
    gathering.close();
    for (Base base : bases.values()) {
      base.endpoint().close();
    }
    LOG.debug("{} closed", options.id());
    listener.stateChanged(IceState.CLOSED);
    onClosed.accept(this);
  }

  /** Closes on the loop, from any thread. */
  public void closeFromAnywhere() {
    loop.execute(this::close);
  }

  private void dataAuthenticated() {
    core.authenticatedData(loop.nowNanos());
  }

  // ---- The sockets -----------------------------------------------------------------------------

  @Override
  public void datagram(
      Endpoint endpoint, byte[] buffer, int offset, int length, InetSocketAddress from) {
    if (closed || gathering.fromRelay(endpoint, buffer, offset, length, from)) {
      return;
    }
    LocalBase base = baseOf(endpoint);
    if (base == null) {
      return;
    }
    if (length == 0) {
      drops.count(IceDrop.EMPTY);
      return;
    }
    int first = buffer[offset] & 0xff;
    // RFC 7983 section 7.
    if (first <= 3) {
      stun(endpoint, base, buffer, offset, length, from);
    } else if (first >= 20 && first <= 63) {
      dtls(new Route(base.index(), from), buffer, offset, length);
    } else if (first >= 64 && first <= 79) {
      drops.count(IceDrop.CHANNEL_DATA);
    } else if (first >= 128 && first <= 191) {
      drops.count(IceDrop.RTP);
    } else {
      drops.count(IceDrop.FIRST_BYTE);
    }
  }

  private @Nullable LocalBase baseOf(Endpoint endpoint) {
    for (Base known : bases.values()) {
      if (known.endpoint() == endpoint) {
        return known.local();
      }
    }
    return null;
  }

  /**
   * Before the answer leaves: what the peer sends next has to find its way where ports are shared.
   */
  private void tellStanding(Endpoint endpoint, Route route, ReceivedStun received) {
    Standing standing = core.standing(route);
    if (standing == Standing.UNKNOWN) {
      return;
    }
    if (standing == Standing.VALID && received.message().messageClass() == StunClass.SUCCESS) {
      endpoint.consented(route.remote(), options.consentTimeout().toNanos());
    }
    endpoint.authenticated(route.remote());
  }

  private void stun(
      Endpoint endpoint,
      LocalBase base,
      byte[] buffer,
      int offset,
      int length,
      InetSocketAddress from) {
    ReceivedStun received;
    try {
      received = StunParser.parse(buffer, offset, length);
    } catch (StunFormatException e) {
      drops.count(IceDrop.MALFORMED_STUN);
      return;
    }
    if (!gathering.receive(received, base, from)) {
      core.receive(loop.nowNanos(), received, base, from);
      tellStanding(endpoint, new Route(base.index(), from), received);
    }
    drain();
  }

  private void dtls(Route route, byte[] buffer, int offset, int length) {
    if (core.takesData(route)) {
      dataInTurn = true;
      listener.datagram(buffer, offset, length, loop.nowNanos());
    } else if (core.standing(route) == Standing.UNKNOWN) {
      drops.count(IceDrop.DTLS_FROM_UNKNOWN);
    } else if (!held.hold(route, buffer, offset, length)) {
      drops.count(IceDrop.DTLS_HELD_LIMIT);
    }
  }

  @Override
  public void readEnd() {
    if (dataInTurn && !closed) {
      dataInTurn = false;
      listener.turnEnd(loop.nowNanos());
    }
  }

  @Override
  public void writableChanged(Endpoint endpoint, boolean writable) {
    if (closed) {
      return;
    }
    if (path.uses(endpoint)) {
      listener.writableChanged(writable);
    }
    gathering.writableChanged(endpoint, writable);
  }

  @Override
  public void sendFailed(Endpoint endpoint, Throwable cause) {
    if (!(cause instanceof IOException)) {
      fault(cause);
      return;
    }
    // An unreachable network shows here; consent finds out what it means.
    drops.count(IceDrop.SEND_ERROR);
    LOG.trace("{} send failed: {}", options.id(), cause.toString());
  }

  @Override
  public void segmentationFailed(Endpoint endpoint, Throwable cause) {
    drops.count(IceDrop.GSO_FALLBACK);
    LOG.debug("{} GSO is off for this path: {}", options.id(), cause.toString());
    timeline.add(loop.nowNanos(), "the system refused to split a batch, sending singly");
  }

  @Override
  public void endpointLost(Endpoint endpoint, String why) {
    LOG.debug("{} {} is lost: {}", options.id(), endpoint.description(), why);
    timeline.add(loop.nowNanos(), endpoint.description() + " is lost: " + why);
    LocalBase base = baseOf(endpoint);
    if (base != null && !closed) {
      gathering.endpointLost(endpoint, why);
      remove(base);
      advance();
    }
  }

  @Override
  public void peerLost(Endpoint endpoint, InetSocketAddress peer, String why) {
    LocalBase base = baseOf(endpoint);
    if (base != null && !closed) {
      LOG.debug("{} {}: {}", options.id(), endpoint.description(), why);
      if (path.goesTo(endpoint, peer)) {
        path.stop();
      }
      core.removeRoute(loop.nowNanos(), new Route(base.index(), peer));
      advance();
    }
  }

  // ---- Time and what the core has to say -------------------------------------------------------

  private void timerFired() {
    if (closed) {
      return;
    }
    try {
      advance();
    } catch (RuntimeException e) {
      // Netty would keep it in a future that nobody looks at.
      fault(e);
    }
  }

  /** A fault of ours or of the listener: no input may cause it, so the session ends loudly. */
  private void fault(Throwable cause) {
    LOG.error("{} closed after a fault", options.id(), cause);
    close();
  }

  private void advance() {
    long now = loop.nowNanos();
    core.advanceTo(now);
    drain();
  }

  /** Sends and tells what there is; a listener may call back meanwhile, which only adds to it. */
  private void drain() {
    if (draining || closed) {
      return;
    }
    draining = true;
    try {
      boolean more = true;
      while (more && !closed) {
        more = sendAll();
        more |= gathering.advanceTo(loop.nowNanos());
        more |= tellAll();
      }
    } finally {
      draining = false;
    }
    if (closed) {
      return;
    }
    for (Base base : bases.values()) {
      base.endpoint().flush();
    }
    long next = Math.min(core.nextDeadlineNanos(), gathering.nextDeadlineNanos());
    if (next != Timer.NOT_RUNNING) {
      timer.armFor(next, loop.nowNanos());
    }
  }

  private boolean sendAll() {
    boolean any = false;
    for (Transmit t = core.pollTransmit(); t != null; t = core.pollTransmit()) {
      any = true;
      Base base = bases.get(t.route().base());
      if (base != null) {
        base.endpoint().write(t.bytes(), t.route().remote());
      }
    }
    return any;
  }

  private boolean tellAll() {
    boolean any = false;
    for (CheckEvent event = core.pollEvent(); event != null && !closed; event = core.pollEvent()) {
      any = true;
      tell(event);
    }
    return any;
  }

  private void tell(CheckEvent event) {
    if (event instanceof CheckEvent.StateChanged changed) {
      LOG.debug("{} ICE {}", options.id(), changed.state());
      if (changed.state() == IceState.FAILED) {
        path.stop();
        held.clear();
        bases.values().forEach(base -> base.endpoint().forgetPeers());
        IceReport report = report();
        LOG.info("{} ICE failed: {}", options.id(), report.hint());
        LOG.debug("{} {}", options.id(), report);
      }
      listener.stateChanged(changed.state());
    } else if (event instanceof CheckEvent.PairChanged changed) {
      if (LOG.isDebugEnabled()) {
        LOG.debug(
            "{} pair in use: {} <-> {}",
            options.id(),
            changed.pair().local().toLine(),
            changed.pair().remote().toLine());
      }
      Base base = bases.get(changed.route().base());
      if (base == null) {
        // It was removed since; what takes its place comes next.
        return;
      }
      path.use(base.endpoint(), changed.route().remote());
      listener.selectedPairChanged(changed.pair());
      if (changed.otherPath()) {
        listener.pathChanged();
      }
    } else if (event instanceof CheckEvent.PairNamed named) {
      listener.selectedPairChanged(named.pair());
    } else if (event instanceof CheckEvent.Validated validated) {
      List<byte[]> datagrams = held.release(validated.route());
      for (byte[] datagram : datagrams) {
        if (!closed) {
          listener.datagram(datagram, 0, datagram.length, loop.nowNanos());
        }
      }
      if (!datagrams.isEmpty() && !closed) {
        listener.turnEnd(loop.nowNanos());
      }
    }
  }

  private void requireLoop() {
    if (!loop.inLoop()) {
      throw new IllegalStateException("an agent is called on its loop only: loop().execute(…)");
    }
  }
}
