package dev.tautline.ice.check;

import dev.tautline.base.DropCounters;
import dev.tautline.base.Timer;
import dev.tautline.ice.IceAgentOptions;
import dev.tautline.ice.IceCandidate;
import dev.tautline.ice.IceCredentials;
import dev.tautline.ice.IceGeneration;
import dev.tautline.ice.IceRemote;
import dev.tautline.ice.IceReport;
import dev.tautline.ice.IceRole;
import dev.tautline.ice.IceState;
import dev.tautline.ice.SelectedPair;
import dev.tautline.ice.candidate.AddressText;
import dev.tautline.stun.StunClass;
import dev.tautline.stun.StunMessage;
import dev.tautline.stun.attribute.Username;
import dev.tautline.stun.codec.ReceivedStun;
import java.net.InetSocketAddress;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * A session over its restarts, RFC 8445 section 9: one {@link CheckAgent} for each generation of
 * credentials, all on the same sockets. Used like one agent, with the same face.
 *
 * <p>At most three live at a time:
 *
 * <ul>
 *   <li>the <em>carrier</em>, whose pair carries the data and keeps consent,
 *   <li>the <em>active</em> one, of the descriptions that both sides agreed on last; it is the
 *       carrier until a restart, and becomes it again once a pair of it is nominated, or works when
 *       the carrier's does not,
 *   <li>the <em>prepared</em> one, of an offer of ours that is not answered: it answers checks and
 *       remembers them, and may be abandoned.
 * </ul>
 *
 * <p>From the moment that the data moved, credentials of the generation before have no effect;
 * datagrams that were on their way over its pairs are still taken for a while, as DTLS protects
 * them.
 */
public final class Generations {
  /** How long after a change datagrams over the pairs of the generation before are taken. */
  private static final long FORMER_ROUTES_NANOS = 5_000_000_000L;

  private final IceAgentOptions options;
  private final RandomGenerator random;
  private final CheckPacer pacer;
  private final DropCounters<IceDrop> drops;
  private final Timeline timeline;

  private final Map<Integer, LocalBase> bases = new LinkedHashMap<>();
  private final Map<InetSocketAddress, IceCandidate> reflexive = new LinkedHashMap<>();
  private final Deque<CheckEvent> events = new ArrayDeque<>();
  private final Deque<CheckEvent> validated = new ArrayDeque<>();

  private CheckAgent active;
  private CheckAgent carrier;
  private @Nullable CheckAgent prepared;
  private int activeNumber = 1;
  private int carrierNumber = 1;
  private IceState state = IceState.NEW;
  private @Nullable Route lastRoute;
  private Set<Route> formerRoutes = Set.of();
  private long formerUntilNanos;
  private long nowNanos;
  private boolean dataAuthenticated;

  /**
   * A session that waits for its start and answers checks already.
   *
   * @param options times and limits
   * @param local our credentials in the first generation
   * @param random for transaction ids and tie-breakers: a secure one in production
   * @param pacer keeps the checks of all agents apart
   * @param drops where to count
   * @param timeline where to note what happened
   */
  public Generations(
      IceAgentOptions options,
      IceCredentials local,
      RandomGenerator random,
      CheckPacer pacer,
      DropCounters<IceDrop> drops,
      Timeline timeline) {
    this.options = options;
    this.random = random;
    this.pacer = pacer;
    this.drops = drops;
    this.timeline = timeline;
    this.active = agent(local);
    this.carrier = active;
  }

  private CheckAgent agent(IceCredentials local) {
    return new CheckAgent(options, local, random, pacer, drops, timeline);
  }

  private List<CheckAgent> living() {
    List<CheckAgent> living = new ArrayList<>(3);
    living.add(carrier);
    if (active != carrier) {
      living.add(active);
    }
    if (prepared != null) {
      living.add(prepared);
    }
    return living;
  }

  // ---- What the driver gives -----------------------------------------------------------------

  /** Adds a socket of ours to this and every later generation. */
  public void addBase(long now, LocalBase base) {
    bases.put(base.index(), base);
    timeline.add(
        now,
        base.candidate().type().token()
            + (base.candidate().isUdp() ? "" : " TCP")
            + " candidate "
            + AddressText.of(base.address()));
    for (CheckAgent agent : living()) {
      agent.addBase(now, base.inGeneration(agent.localCredentials().ufrag()));
    }
    look(now);
  }

  /**
   * A socket of ours is gone, as its address vanished.
   *
   * @return whether it carried the data
   */
  public boolean removeBase(long now, int index) {
    if (bases.remove(index) == null) {
      return false;
    }
    Route route = carrier.route();
    for (CheckAgent agent : living()) {
      agent.removeBase(now, index);
    }
    look(now);
    return route != null && route.base() == index;
  }

  /** The TCP connection that a route stands for has ended. */
  public void removeRoute(long now, Route route) {
    for (CheckAgent agent : living()) {
      agent.removeRoute(now, route);
    }
    look(now);
  }

  /** Tells which candidate a mapped address is; it makes no pair, as its base has them all. */
  public void addReflexive(InetSocketAddress mapped, IceCandidate candidate) {
    reflexive.put(mapped, candidate);
    for (CheckAgent agent : living()) {
      agent.addReflexive(mapped, candidate.withUfrag(agent.localCredentials().ufrag()));
    }
  }

  /**
   * Begins the checks of the first generation.
   *
   * @throws IllegalStateException if it was started already
   */
  public void start(long now, IceRole role, IceRemote remote) {
    active.start(now, role, remote);
    look(now);
  }

  /**
   * Makes a new generation that answers checks: an offer of ours that restarts is about to go out.
   * One that was prepared before is abandoned.
   *
   * @param local our new credentials
   */
  public void prepare(long now, IceCredentials local) {
    abandon(now);
    CheckAgent next = agent(local);
    for (LocalBase base : bases.values()) {
      next.addBase(now, base.inGeneration(local.ufrag()));
    }
    reflexive.forEach(
        (mapped, candidate) -> next.addReflexive(mapped, candidate.withUfrag(local.ufrag())));
    prepared = next;
    timeline.add(now, "a restart is prepared, ufrag " + local.ufrag());
  }

  /** The offer was taken back, or the peer did not restart. */
  public void abandon(long now) {
    if (prepared != null) {
      prepared.close(now);
      prepared = null;
      timeline.add(now, "the restart is abandoned");
    }
  }

  /**
   * Both sides have new credentials: begins the checks of the generation that was prepared. The
   * pair in use carries data until one of the new generation is nominated.
   *
   * @throws IllegalStateException if nothing was prepared, or the first generation was not started
   */
  public void restart(long now, IceRemote remote) {
    CheckAgent next = prepared;
    IceRole role = active.role();
    if (next == null || role == null) {
      throw new IllegalStateException("a restart needs a generation before and one prepared");
    }
    prepared = null;
    if (active != carrier) {
      // The restart before this one did not get to its end.
      active.close(now);
    }
    active = next;
    activeNumber++;
    timeline.add(now, "generation " + activeNumber);
    // RFC 8445 section 6.1.1: roles last over restarts.
    next.start(now, role, remote);
    look(now);
  }

  /**
   * Adds a candidate that the peer told. One that names a generation other than the one that was
   * agreed on last is not taken.
   *
   * @param candidate a UDP candidate of component 1
   * @param address its address, resolved
   * @return what came of it, in plain words
   */
  public String addRemote(long now, IceCandidate candidate, InetSocketAddress address) {
    if (isOfAnotherGeneration(candidate)) {
      return "not paired: of another generation";
    }
    String outcome = active.addRemote(now, candidate, address);
    look(now);
    return outcome;
  }

  /** Whether a candidate of the peer names another generation than the one that is checked. */
  public boolean isOfAnotherGeneration(IceCandidate candidate) {
    IceRemote remote = active.remote();
    return remote != null
        && candidate.ufrag().isPresent()
        && !candidate.ufrag().get().equals(remote.credentials().ufrag());
  }

  /** Whether an address of the peer is part of a pair. */
  public boolean isPaired(InetSocketAddress address) {
    return active.isPaired(address);
  }

  /**
   * Takes a STUN message that came to one of our sockets.
   *
   * @param received the message
   * @param base the socket
   * @param from where it came from
   */
  public void receive(long now, ReceivedStun received, LocalBase base, InetSocketAddress from) {
    addressed(received.message()).receive(now, received, base, from);
    look(now);
  }

  /** Requests are told apart by the user name, responses by their transaction. */
  private CheckAgent addressed(StunMessage message) {
    if (message.messageClass() == StunClass.REQUEST) {
      String name = message.first(Username.class).map(Username::username).orElse("");
      for (CheckAgent agent : living()) {
        if (name.startsWith(agent.localCredentials().ufrag() + ':')) {
          return agent;
        }
      }
    } else {
      for (CheckAgent agent : living()) {
        if (agent.expects(message.transactionId())) {
          return agent;
        }
      }
    }
    return active;
  }

  /** Something authentic above ICE came over the pair in use. */
  public void authenticatedData(long now) {
    dataAuthenticated = true;
    carrier.authenticatedData(now);
    look(now);
  }

  /** Ends everything. */
  public void close(long now) {
    for (CheckAgent agent : living()) {
      agent.close(now);
    }
    prepared = null;
    formerRoutes = Set.of();
    state = IceState.CLOSED;
  }

  // ---- What the driver asks for ----------------------------------------------------------------

  /** The next datagram to send, or null. */
  public @Nullable Transmit pollTransmit() {
    Transmit transmit = carrier.pollTransmit();
    if (transmit == null && active != carrier) {
      transmit = active.pollTransmit();
    }
    if (transmit == null && prepared != null) {
      transmit = prepared.pollTransmit();
    }
    return transmit;
  }

  /** The next event, or null. */
  public @Nullable CheckEvent pollEvent() {
    return events.pollFirst();
  }

  /** What is known of an address. */
  public Standing standing(Route route) {
    Standing best = carrier.standing(route);
    if (active != carrier) {
      best = higher(best, active.standing(route));
    }
    if (prepared != null) {
      best = higher(best, prepared.standing(route));
    }
    if (best != Standing.VALID && formerRoutes.contains(route) && nowNanos < formerUntilNanos) {
      return Standing.VALID;
    }
    return best;
  }

  /**
   * Whether a DTLS datagram from there is looked at. That of a valid pair is. So is one from an
   * address that only sent an authenticated check once the layer above has opened a record: the
   * peer may use a pair that it nominated before our own check of it is answered, DTLS tells by
   * then what is genuine, and holding a bulk transfer back would tear a hole. Until then, during
   * the handshake, nothing but a valid pair counts.
   */
  public boolean takesData(Route route) {
    return switch (standing(route)) {
      case VALID -> true;
      case AUTHENTICATED -> dataAuthenticated && carrier.route() != null;
      case UNKNOWN -> false;
    };
  }

  private static Standing higher(Standing a, Standing b) {
    return a.compareTo(b) >= 0 ? a : b;
  }

  /** Where data goes now; null without a valid pair that has consent. */
  public @Nullable Route route() {
    return carrier.route();
  }

  /** The pair that carries data. */
  public Optional<SelectedPair> selectedPair() {
    return carrier.selectedPair();
  }

  /** The generation whose pair carries data, or will; empty before the start. */
  public Optional<IceGeneration> generation() {
    IceRemote remote = carrier.remote();
    return remote == null
        ? Optional.empty()
        : Optional.of(
            new IceGeneration(
                carrierNumber, carrier.localCredentials().ufrag(), remote.credentials().ufrag()));
  }

  /** Our credentials in the generation that was agreed on last. */
  public IceCredentials localCredentials() {
    return active.localCredentials();
  }

  /** Our credentials in the generation that is offered; else those agreed on. */
  public IceCredentials newestCredentials() {
    return (prepared != null ? prepared : active).localCredentials();
  }

  /** The present state. */
  public IceState state() {
    return state;
  }

  /** The present role; null before the start. */
  public @Nullable IceRole role() {
    return active.role();
  }

  /** The peer's agent in the generation that was agreed on last; null before the start. */
  public @Nullable IceRemote remote() {
    return active.remote();
  }

  /** Whether the peer refused consent with an authenticated 403. */
  public boolean consentRefused() {
    return active.consentRefused() || carrier.consentRefused();
  }

  /** How many checks came that had wrong credentials. */
  public int rejectedChecks() {
    return active.rejectedChecks();
  }

  /** How often our checks were answered 401, unsigned as such answers are. */
  public int unsignedRefusals() {
    return active.unsignedRefusals();
  }

  /** How many of the peer's addresses are known, told or seen. */
  public int remoteCount() {
    return active.remoteCount();
  }

  /** The peer's addresses, told or seen. */
  public List<InetSocketAddress> remoteAddresses() {
    return active.remoteAddresses();
  }

  /** The pairs and how they stand, best first; those of the generation before at the end. */
  public List<IceReport.Pair> pairReports() {
    List<IceReport.Pair> reports = new ArrayList<>(active.pairReports());
    if (carrier != active) {
      for (IceReport.Pair pair : carrier.pairReports()) {
        reports.add(
            new IceReport.Pair(
                pair.local(), pair.remote(), pair.outcome() + " (before the restart)"));
      }
    }
    return reports;
  }

  // ---- Time ------------------------------------------------------------------------------------

  /** When {@link #advanceTo} has work again, or {@link Timer#NOT_RUNNING}. */
  public long nextDeadlineNanos() {
    long next = carrier.nextDeadlineNanos();
    if (active != carrier) {
      next = Math.min(next, active.nextDeadlineNanos());
    }
    return next;
  }

  /** Fires what is due. */
  public void advanceTo(long now) {
    for (CheckAgent agent : living()) {
      agent.advanceTo(now);
    }
    look(now);
  }

  // ---- What the generations together mean ------------------------------------------------------

  private void look(long now) {
    nowNanos = now;
    if (state == IceState.CLOSED) {
      return;
    }
    for (CheckAgent agent : living()) {
      CheckEvent event;
      while ((event = agent.pollEvent()) != null) {
        happened(agent, event);
      }
    }
    if (active != carrier && mayTakeOver()) {
      takeOver(now);
    }
    tellState(now);
    tellValidated();
  }

  private void happened(CheckAgent agent, CheckEvent event) {
    if (event instanceof CheckEvent.PairChanged changed) {
      if (agent == carrier) {
        tellPair(changed.pair(), changed.route());
      }
    } else if (event instanceof CheckEvent.PairNamed) {
      if (agent == carrier) {
        events.addLast(event);
      }
    } else if (event instanceof CheckEvent.Validated) {
      validated.addLast(event);
    } else if (agent == carrier && agent == active) {
      // One generation alone: each of its states counts, also one that did not last.
      become(((CheckEvent.StateChanged) event).state());
    }
  }

  private boolean mayTakeOver() {
    return active.route() != null && (active.isNominated() || !carries());
  }

  /** Whether the data flows, as far as is known, over the pair of the carrier. */
  private boolean carries() {
    return carrier.route() != null
        && (carrier.state() == IceState.CONNECTED || carrier.state() == IceState.COMPLETED);
  }

  private void takeOver(long now) {
    formerRoutes = carrier.validRoutes();
    formerUntilNanos = now + FORMER_ROUTES_NANOS;
    carrier.close(now);
    carrier = active;
    carrierNumber = activeNumber;
    timeline.add(now, "generation " + carrierNumber + " carries the data");
    tellPair(carrier.selectedPair().orElseThrow(), Objects.requireNonNull(carrier.route()));
  }

  private void tellPair(SelectedPair pair, Route route) {
    boolean other = lastRoute != null && !lastRoute.equals(route);
    lastRoute = route;
    events.addLast(new CheckEvent.PairChanged(pair, route, other));
  }

  /** W3C's RTCIceTransportState: a restart leads from completed to connected, else to checking. */
  private void tellState(long now) {
    if (active == carrier) {
      become(active.state());
    } else if (carries()) {
      become(IceState.CONNECTED);
    } else if (active.state() == IceState.FAILED && carrier.state() == IceState.DISCONNECTED) {
      become(IceState.DISCONNECTED);
    } else {
      become(active.state());
    }
    if (state == IceState.FAILED) {
      formerUntilNanos = now;
    }
  }

  private void become(IceState next) {
    if (state != next) {
      state = next;
      events.addLast(new CheckEvent.StateChanged(next));
    }
  }

  /** After the state: whoever gets the datagrams that were held has been told that it connects. */
  private void tellValidated() {
    events.addAll(validated);
    validated.clear();
  }

  /** What Ta is used, in milliseconds; for tests and the report. */
  public OptionalInt pacingMillis() {
    return active.pacingMillis();
  }
}
