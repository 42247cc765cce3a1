package dev.tautline.ice.agent;

import dev.tautline.base.DropCounters;
import dev.tautline.base.Timer;
import dev.tautline.ice.IceAgent;
import dev.tautline.ice.IceAgentOptions;
import dev.tautline.ice.IceCandidate;
import dev.tautline.ice.IceCandidateError;
import dev.tautline.ice.IceCandidateType;
import dev.tautline.ice.IceCredentials;
import dev.tautline.ice.IceGatheringState;
import dev.tautline.ice.IceListener;
import dev.tautline.ice.IceLoop;
import dev.tautline.ice.IcePath;
import dev.tautline.ice.IceRemote;
import dev.tautline.ice.IceReport;
import dev.tautline.ice.IceRole;
import dev.tautline.ice.IceServer;
import dev.tautline.ice.IceState;
import dev.tautline.ice.SelectedPair;
import dev.tautline.ice.candidate.AddressText;
import dev.tautline.ice.candidate.Foundations;
import dev.tautline.ice.candidate.PairableAddress;
import dev.tautline.ice.candidate.Priorities;
import dev.tautline.ice.check.CheckAgent;
import dev.tautline.ice.check.CheckEvent;
import dev.tautline.ice.check.IceDrop;
import dev.tautline.ice.check.LocalBase;
import dev.tautline.ice.check.Route;
import dev.tautline.ice.check.Standing;
import dev.tautline.ice.check.Timeline;
import dev.tautline.ice.check.Transmit;
import dev.tautline.ice.gather.AddressLiterals;
import dev.tautline.ice.gather.HostAddresses;
import dev.tautline.ice.gather.MulticastDnsResolver;
import dev.tautline.ice.gather.NameResolver;
import dev.tautline.ice.gather.ReflexiveGatherer;
import dev.tautline.ice.udp.NettyLoop;
import dev.tautline.ice.udp.UdpListener;
import dev.tautline.ice.udp.UdpSocket;
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
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The agent on its loop. Everything but {@link #loop} and {@link #closeFromAnywhere} there. */
public final class DefaultIceAgent implements IceAgent, UdpListener {
  private static final Logger LOG = LoggerFactory.getLogger(IceAgent.class);
  private static final int MAX_REPORTED_REMOTES = CheckAgent.MAX_REMOTE_CANDIDATES + 8;
  private static final int HIGHEST_LOCAL_PREFERENCE = 65_535;

  /** A server's addresses that are asked; a name may have many. */
  private static final int MAX_ADDRESSES_PER_SERVER = 4;

  private final NettyLoop loop;
  private final IceAgentOptions options;
  private final IceListener listener;
  private final NameResolver names;
  private final Consumer<DefaultIceAgent> onClosed;
  private final IceCredentials local;
  private final DropCounters<IceDrop> drops = new DropCounters<>(IceDrop.class);
  private final Timeline timeline = new Timeline();
  private final CheckAgent core;
  private final AgentPath path;
  private final HeldDatagrams held = new HeldDatagrams();
  private final MulticastDnsResolver multicastDns;
  private final ReflexiveGatherer reflexive;
  private final ServerReports servers = new ServerReports();
  private final LoopTimer timer;
  private final List<Socket> sockets = new ArrayList<>();
  private final List<IceCandidate> localCandidates = new ArrayList<>();
  private final List<IceReport.RemoteCandidate> remoteReports = new ArrayList<>();

  /**
   * Candidates that had no pair when they were told; sockets that were bound since may reach them.
   */
  private final Map<IceCandidate, InetSocketAddress> unreached = new HashMap<>();

  private IceGatheringState gatheringState = IceGatheringState.NEW;
  private int pendingBinds;
  private int pendingNames;
  private boolean draining;
  private boolean closed;
  private boolean dataInTurn;

  /** A socket that is bound, and the base it makes. */
  private record Socket(UdpSocket udp, LocalBase base) {}

  /**
   * An agent that does nothing yet. May be called from any thread.
   *
   * @param loop its loop
   * @param options its options
   * @param listener the layer above
   * @param random secure, for credentials and transaction ids
   * @param pacer the runtime's
   * @param names the runtime's resolver
   * @param onClosed told once the agent is closed
   */
  public DefaultIceAgent(
      NettyLoop loop,
      IceAgentOptions options,
      IceListener listener,
      RandomGenerator random,
      ProcessPacer pacer,
      NameResolver names,
      Consumer<DefaultIceAgent> onClosed) {
    this.loop = loop;
    this.options = options;
    this.listener = listener;
    this.names = names;
    this.onClosed = onClosed;
    this.local = IceCredentials.generate(random);
    this.core = new CheckAgent(options, local, random, pacer.forLoop(loop), drops, timeline);
    this.path = new AgentPath(options.maxPayload(), drops, this::dataAuthenticated);
    this.multicastDns = new MulticastDnsResolver(loop, options.multicastDnsAddress());
    this.reflexive = new ReflexiveGatherer(random, options.serverTimeout().toNanos());
    this.timer = new LoopTimer(loop, this::timerFired);
  }

  @Override
  public IceLoop loop() {
    return loop;
  }

  @Override
  public IceCredentials localCredentials() {
    return local;
  }

  // ---- Gathering -------------------------------------------------------------------------------

  @Override
  public void gather() {
    requireLoop();
    if (closed || gatheringState != IceGatheringState.NEW) {
      return;
    }
    gatheringBecomes(IceGatheringState.GATHERING);
    List<InetAddress> addresses;
    try {
      addresses = HostAddresses.find(options);
    } catch (SocketException e) {
      LOG.warn("{} the system does not tell its interfaces: {}", options.id(), e.toString());
      timeline.add(loop.nowNanos(), "the system does not tell its interfaces");
      addresses = List.of();
    }
    pendingBinds = addresses.size();
    for (int i = 0; i < addresses.size(); i++) {
      int preference = HIGHEST_LOCAL_PREFERENCE - i;
      InetAddress address = addresses.get(i);
      UdpSocket.bind(
          loop,
          i,
          new InetSocketAddress(address, 0),
          this,
          (socket, failure) -> bound(address, preference, socket, failure));
    }
    if (addresses.isEmpty()) {
      allBound();
    }
  }

  private void bound(
      InetAddress address,
      int preference,
      @Nullable UdpSocket socket,
      @Nullable Throwable failure) {
    pendingBinds--;
    if (closed) {
      if (socket != null) {
        socket.close();
      }
      return;
    }
    if (socket == null) {
      // An address can vanish, or be tentative, between the listing and the bind.
      LOG.debug("{} no socket on {}: {}", options.id(), address.getHostAddress(), failure);
      timeline.add(loop.nowNanos(), "no socket on " + address.getHostAddress());
    } else {
      hostCandidate(socket, preference);
    }
    if (pendingBinds == 0) {
      allBound();
    }
    drain();
  }

  private void hostCandidate(UdpSocket socket, int preference) {
    InetSocketAddress at = socket.localAddress();
    String host = AddressText.of(at.getAddress());
    var candidate =
        new IceCandidate(
            Foundations.of(IceCandidateType.HOST, host, ""),
            1,
            "udp",
            Priorities.candidate(IceCandidateType.HOST, preference),
            host,
            at.getPort(),
            IceCandidateType.HOST,
            Optional.empty(),
            Optional.empty(),
            Optional.of(local.ufrag()));
    // The core's index of bases is dense, the socket's own number need not be: a bind may fail.
    var base = new LocalBase(sockets.size(), at, candidate);
    sockets.add(new Socket(socket, base));
    core.addBase(loop.nowNanos(), base);
    announce(candidate);
  }

  private void announce(IceCandidate candidate) {
    localCandidates.add(candidate);
    LOG.debug("{} local {}", options.id(), candidate.toLine());
    listener.localCandidate(candidate);
  }

  private void allBound() {
    for (IceServer server : options.servers()) {
      servers.asked(server);
      pendingNames++;
      resolve(server);
    }
    gatheringMayBeComplete();
  }

  /** The system's resolver has no limit of its own that anybody would want to wait for. */
  private void resolve(IceServer server) {
    var answered = new AtomicBoolean();
    names
        .resolve(server.host())
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
    int asked = 0;
    if (addresses != null) {
      for (InetAddress address :
          addresses.subList(0, Math.min(addresses.size(), MAX_ADDRESSES_PER_SERVER))) {
        for (Socket socket : sockets) {
          if (PairableAddress.canReach(socket.base().address().getAddress(), address)) {
            reflexive.ask(server, socket.base(), new InetSocketAddress(address, server.port()));
            asked++;
          }
        }
      }
    }
    if (asked == 0) {
      String why =
          addresses == null
              ? "the name " + server.host() + " could not be resolved"
              : "no address of ours reaches it";
      LOG.debug("{} {}: {} {}", options.id(), server.url(), why, String.valueOf(failure));
      servers.ended(server, why);
      listener.candidateError(
          new IceCandidateError("", 0, server.url(), IceCandidateError.UNREACHABLE, why));
    }
    advance();
    gatheringMayBeComplete();
  }

  private void reflexiveEnded(ReflexiveGatherer.Outcome outcome) {
    if (outcome instanceof ReflexiveGatherer.Outcome.Mapped mapped) {
      serverReflexive(mapped);
    } else if (outcome instanceof ReflexiveGatherer.Outcome.Failed failed) {
      servers.ended(failed.server(), failed.text());
      timeline.add(loop.nowNanos(), failed.server().url() + ": " + failed.text());
      InetSocketAddress at = failed.base().address();
      listener.candidateError(
          new IceCandidateError(
              AddressText.of(at.getAddress()),
              at.getPort(),
              failed.server().url(),
              failed.code(),
              failed.text()));
    }
  }

  private void serverReflexive(ReflexiveGatherer.Outcome.Mapped mapped) {
    LocalBase base = mapped.base();
    InetSocketAddress address = mapped.mapped();
    String text = AddressText.of(address.getAddress()) + " port " + address.getPort();
    timeline.add(loop.nowNanos(), mapped.server().url() + " sees " + text);
    servers.ended(mapped.server(), "sees us as " + text);
    if (address.equals(base.address())
        || address.getPort() == 0
        || PairableAddress.refusal(address).isPresent()
        || isKnownHere(address)) {
      return;
    }
    var candidate =
        new IceCandidate(
            Foundations.of(
                IceCandidateType.SERVER_REFLEXIVE,
                AddressText.of(base.address().getAddress()),
                mapped.serverAddress().getAddress().getHostAddress()),
            1,
            "udp",
            Priorities.candidate(
                IceCandidateType.SERVER_REFLEXIVE,
                (int) (base.candidate().priority() >> 8 & 0xffff)),
            AddressText.of(address.getAddress()),
            address.getPort(),
            IceCandidateType.SERVER_REFLEXIVE,
            Optional.of(
                new IceCandidate.RelatedAddress(
                    AddressText.of(base.address().getAddress()), base.address().getPort())),
            Optional.empty(),
            Optional.of(local.ufrag()));
    core.addReflexive(address, candidate);
    announce(candidate);
  }

  /** Two servers usually see the same address: one candidate is enough (RFC 8445 section 5.1.3). */
  private boolean isKnownHere(InetSocketAddress address) {
    String host = AddressText.of(address.getAddress());
    for (IceCandidate candidate : localCandidates) {
      if (candidate.port() == address.getPort() && candidate.address().equals(host)) {
        return true;
      }
    }
    return false;
  }

  private void gatheringMayBeComplete() {
    if (gatheringState == IceGatheringState.GATHERING
        && pendingBinds == 0
        && pendingNames == 0
        && reflexive.isIdle()) {
      gatheringBecomes(IceGatheringState.COMPLETE);
    }
  }

  private void gatheringBecomes(IceGatheringState next) {
    gatheringState = next;
    timeline.add(loop.nowNanos(), "gathering " + next);
    listener.gatheringStateChanged(next);
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

  private @Nullable String refusal(IceCandidate candidate) {
    if (!candidate.isUdp()) {
      return "not paired: transport " + candidate.transport();
    }
    if (candidate.component() != 1) {
      return "not paired: component " + candidate.component();
    }
    IceRemote remote = core.remote();
    if (remote != null
        && candidate.ufrag().isPresent()
        && !candidate.ufrag().get().equals(remote.credentials().ufrag())) {
      return "not paired: of another generation";
    }
    if (AddressLiterals.parse(candidate.address()).isEmpty()) {
      if (!candidate.isMulticastDnsName()) {
        return "not paired: a host name";
      }
      if (options.multicastDns() == IceAgentOptions.MulticastDns.OFF) {
        return "not paired: names are not resolved";
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
    if (outcome.equals(CheckAgent.UNREACHED)) {
      unreached.put(candidate, new InetSocketAddress(address, candidate.port()));
    }
    report(candidate, outcome);
    advance();
  }

  private void report(IceCandidate candidate, String outcome) {
    LOG.debug("{} remote {}: {}", options.id(), candidate.toLine(), outcome);
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
    return gatheringState;
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
    return Reports.make(
        core, localCandidates, remotes, servers.reports(), timeline.events(), drops);
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
    for (Socket socket : sockets) {
      socket.udp().close();
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
      UdpSocket socket, byte[] buffer, int offset, int length, InetSocketAddress from) {
    LocalBase base = baseOf(socket);
    if (closed || base == null) {
      return;
    }
    if (length == 0) {
      drops.count(IceDrop.EMPTY);
      return;
    }
    int first = buffer[offset] & 0xff;
    // RFC 7983 section 7.
    if (first <= 3) {
      stun(base, buffer, offset, length, from);
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

  private @Nullable LocalBase baseOf(UdpSocket socket) {
    for (Socket known : sockets) {
      if (known.udp() == socket) {
        return known.base();
      }
    }
    return null;
  }

  private void stun(LocalBase base, byte[] buffer, int offset, int length, InetSocketAddress from) {
    ReceivedStun received;
    try {
      received = StunParser.parse(buffer, offset, length);
    } catch (StunFormatException e) {
      drops.count(IceDrop.MALFORMED_STUN);
      return;
    }
    StunClass messageClass = received.message().messageClass();
    if ((messageClass == StunClass.SUCCESS || messageClass == StunClass.ERROR)
        && reflexive.expects(received.message().transactionId())) {
      reflexive.receive(received, base, from).ifPresent(this::reflexiveEnded);
      gatheringMayBeComplete();
    } else {
      core.receive(loop.nowNanos(), received, base, from);
    }
    drain();
  }

  private void dtls(Route route, byte[] buffer, int offset, int length) {
    Standing standing = core.standing(route);
    if (standing == Standing.VALID) {
      dataInTurn = true;
      listener.datagram(buffer, offset, length, loop.nowNanos());
    } else if (standing == Standing.UNKNOWN) {
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
  public void writableChanged(UdpSocket socket, boolean writable) {
    if (!closed && path.uses(socket)) {
      listener.writableChanged(writable);
    }
  }

  @Override
  public void sendFailed(UdpSocket socket, Throwable cause) {
    if (!(cause instanceof IOException)) {
      fault(cause);
      return;
    }
    // An unreachable network shows here; consent finds out what it means.
    drops.count(IceDrop.SEND_ERROR);
    LOG.trace("{} send failed: {}", options.id(), cause.toString());
  }

  @Override
  public void segmentationFailed(UdpSocket socket, Throwable cause) {
    drops.count(IceDrop.GSO_FALLBACK);
    LOG.debug("{} GSO is off for this path: {}", options.id(), cause.toString());
    timeline.add(loop.nowNanos(), "the system refused to split a batch, sending singly");
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
        more |= askServers();
        more |= tellAll();
      }
    } finally {
      draining = false;
    }
    if (closed) {
      return;
    }
    for (Socket socket : sockets) {
      socket.udp().flush();
    }
    long next = Math.min(core.nextDeadlineNanos(), reflexive.nextDeadlineNanos());
    if (next != Timer.NOT_RUNNING) {
      timer.armFor(next, loop.nowNanos());
    }
  }

  private boolean sendAll() {
    boolean any = false;
    for (Transmit t = core.pollTransmit(); t != null; t = core.pollTransmit()) {
      any = true;
      sockets.get(t.route().base()).udp().write(t.bytes(), t.route().remote());
    }
    return any;
  }

  private boolean askServers() {
    if (reflexive.isIdle()) {
      return false;
    }
    List<ReflexiveGatherer.Outcome> ended = new ArrayList<>();
    List<ReflexiveGatherer.Request> requests = reflexive.poll(loop.nowNanos(), ended);
    for (ReflexiveGatherer.Request request : requests) {
      sockets.get(request.base().index()).udp().write(request.bytes(), request.to());
    }
    ended.forEach(this::reflexiveEnded);
    if (!ended.isEmpty()) {
      gatheringMayBeComplete();
    }
    return !ended.isEmpty();
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
        IceReport report = report();
        LOG.info("{} ICE failed: {}", options.id(), report.hint());
        LOG.debug("{} {}", options.id(), report);
      }
      listener.stateChanged(changed.state());
    } else if (event instanceof CheckEvent.PairChanged changed) {
      LOG.debug(
          "{} pair in use: {} <-> {}",
          options.id(),
          changed.pair().local().toLine(),
          changed.pair().remote().toLine());
      path.use(sockets.get(changed.route().base()).udp(), changed.route().remote(), this);
      listener.selectedPairChanged(changed.pair());
      if (!changed.first()) {
        listener.pathChanged();
      }
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
