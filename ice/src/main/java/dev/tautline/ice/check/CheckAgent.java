package dev.tautline.ice.check;

import dev.tautline.base.DropCounters;
import dev.tautline.base.Timer;
import dev.tautline.ice.IceAgentOptions;
import dev.tautline.ice.IceCandidate;
import dev.tautline.ice.IceCandidateType;
import dev.tautline.ice.IceCredentials;
import dev.tautline.ice.IceMode;
import dev.tautline.ice.IceRemote;
import dev.tautline.ice.IceReport;
import dev.tautline.ice.IceRole;
import dev.tautline.ice.IceState;
import dev.tautline.ice.SelectedPair;
import dev.tautline.ice.candidate.AddressText;
import dev.tautline.ice.candidate.Foundations;
import dev.tautline.ice.candidate.PairableAddress;
import dev.tautline.ice.candidate.Priorities;
import dev.tautline.stun.IntegrityKey;
import dev.tautline.stun.StunMessage;
import dev.tautline.stun.StunMethod;
import dev.tautline.stun.StunTimers;
import dev.tautline.stun.StunTransaction;
import dev.tautline.stun.TransactionId;
import dev.tautline.stun.attribute.ErrorCode;
import dev.tautline.stun.attribute.IceControlled;
import dev.tautline.stun.attribute.IceControlling;
import dev.tautline.stun.attribute.Priority;
import dev.tautline.stun.attribute.UseCandidate;
import dev.tautline.stun.attribute.Username;
import dev.tautline.stun.attribute.XorMappedAddress;
import dev.tautline.stun.codec.ReceivedStun;
import java.net.InetSocketAddress;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * The logic of one agent: RFC 8445 with the patience of RFC 8863 and the consent of RFC 7675, one
 * component, one check list. Used by one thread; does no I/O. Inputs are the methods with {@code
 * nowNanos}; after each the driver drains {@link #pollTransmit} and {@link #pollEvent} and looks at
 * {@link #nextDeadlineNanos}.
 */
public final class CheckAgent {
  /** Candidates the peer may tell. */
  public static final int MAX_REMOTE_CANDIDATES = 128;

  /** Peer-reflexive candidates that are remembered. */
  public static final int MAX_PEER_REFLEXIVE = 32;

  /** What {@link #addRemote} says when the candidate counts. */
  public static final String TAKEN = "taken";

  private static final int MAX_EARLY_CHECKS = 32;
  private static final int MAX_AUTHENTICATED = 256;
  private static final int MAX_ROLE_SWITCHES = 8;
  private static final int MAX_UNSIGNED_ERRORS_NOTED = 10;
  private static final long MILLI = 1_000_000;

  /** What a peer without {@code a=ice-pacing} means, RFC 8839 section 5.5. */
  private static final int DEFAULT_PACING_MILLIS = 50;

  private static final long MIN_RTO = 500 * MILLI;

  /** The longest first interval: so many pairs wait that Ta alone spreads them. */
  private static final long MAX_RTO = 2_000 * MILLI;

  /**
   * The longest interval between two sends of a check, unless the first is longer; a doubling one
   * would leave holes of 16 s.
   */
  private static final long MAX_CHECK_INTERVAL = 2_000 * MILLI;

  private static final int CHECK_SENDS = 7;

  /**
   * The same while no pair works: where every third packet is lost, holes of 2 s are felt. So many
   * sends that the last one stays where it is.
   */
  private static final long MAX_URGENT_INTERVAL = 1_000 * MILLI;

  private static final int URGENT_SENDS = 11;

  /** How much longer than a direct pair a relayed one is let wait for a better one. */
  private static final int RELAY_DELAY_FACTOR = 5;

  /**
   * A controlling peer that nominates a worse pair this long after the better one was nominated
   * last changed its mind; one that does so earlier nominates aggressively (RFC 5245), and the
   * better pair stays.
   */
  private static final long AGGRESSIVE_NOMINATION = 2_000 * MILLI;

  private record EarlyCheck(Route route, long priority, String remoteUfrag, boolean useCandidate) {}

  private final IceAgentOptions options;
  private final IceCredentials local;
  private final IntegrityKey localKey;
  private final RandomGenerator random;
  private final CheckSlots slots;
  private final Consent consent;
  private final DropCounters<IceDrop> drops;
  private final Timeline timeline;
  private final ErrorAnswerLimit errorAnswers = new ErrorAnswerLimit();

  private final Map<Integer, LocalBase> bases = new LinkedHashMap<>();
  private final Map<InetSocketAddress, IceCandidate> reflexive = new HashMap<>();
  private final Map<InetSocketAddress, RemotePeer> remotes = new LinkedHashMap<>();

  /** The ends of TCP connections that the peer made to us; none of them is ever signalled. */
  private final Map<InetSocketAddress, RemotePeer> tcpRemotes = new LinkedHashMap<>();

  private final CheckList list = new CheckList();
  private final Map<TransactionId, Check> checks = new LinkedHashMap<>();
  private final Set<Route> authenticated = new HashSet<>();
  private final Map<Route, EarlyCheck> early = new LinkedHashMap<>();
  private final Deque<Transmit> transmits = new ArrayDeque<>();
  private final Deque<CheckEvent> events = new ArrayDeque<>();

  private IceState state = IceState.NEW;
  private IceState stateBeforeSilence = IceState.CONNECTED;
  private @Nullable IceRole role;
  private @Nullable IceRemote remote;
  private @Nullable IntegrityKey remoteKey;
  private long tieBreaker;
  private int roleSwitches;
  private long silentSinceNanos = Timer.NOT_RUNNING;
  private int signalled;
  private int peerReflexive;
  private int rejectedChecks;
  private int unsignedRefusals;
  private int unsignedErrorsNoted;
  private long taNanos;
  private boolean retransmitNext;
  private long patienceEndNanos = Timer.NOT_RUNNING;
  private long firstValidNanos = Timer.NOT_RUNNING;
  private @Nullable Pair nominee;
  private @Nullable Pair selected;
  private @Nullable Pair current;
  private boolean hadPair;
  private boolean consentRefused;

  /**
   * An agent that waits for its start and answers checks already.
   *
   * @param options times and limits
   * @param local our credentials
   * @param random for transaction ids and the tie-breaker: a secure one in production
   * @param pacer keeps the checks of all agents apart
   * @param drops where to count
   * @param timeline where to note what happened
   */
  public CheckAgent(
      IceAgentOptions options,
      IceCredentials local,
      RandomGenerator random,
      CheckPacer pacer,
      DropCounters<IceDrop> drops,
      Timeline timeline) {
    this.options = options;
    this.local = local;
    this.localKey = IntegrityKey.shortTerm(local.pwd());
    this.random = random;
    this.slots = new CheckSlots(pacer);
    this.drops = drops;
    this.timeline = timeline;
    this.tieBreaker = random.nextLong();
    this.taNanos = options.pacingMillis() * MILLI;
    this.consent =
        new Consent(
            options.consentInterval().toNanos(),
            options.consentTimeout().toNanos(),
            options.disconnectedAfter().toNanos(),
            random);
  }

  // ---- What the driver gives -----------------------------------------------------------------

  /** Adds a socket of ours; pairs it with what the peer told. */
  public void addBase(long nowNanos, LocalBase base) {
    bases.put(base.index(), base);
    pairWithAll(base);
    advanceTo(nowNanos);
  }

  /**
   * A socket of ours is gone, as its address vanished: its pairs end at once.
   *
   * @param index the base's
   */
  public void removeBase(long nowNanos, int index) {
    if (bases.remove(index) == null) {
      return;
    }
    early.keySet().removeIf(route -> route.base() == index);
    authenticated.removeIf(route -> route.base() == index);
    transmits.removeIf(transmit -> transmit.route().base() == index);
    boolean carried = false;
    for (Pair pair : List.copyOf(list.pairs())) {
      if (pair.route().base() == index) {
        carried |= pair == current;
        drop(pair);
        list.remove(pair);
      }
    }
    if (carried) {
      timeline.add(nowNanos, "the address that carried the data has vanished");
      lostCurrent(nowNanos);
    }
    advanceTo(nowNanos);
  }

  /**
   * The peer's TCP connection ended: there is no way back to that address.
   *
   * @return whether it carried the data
   */
  public boolean removeRoute(long nowNanos, Route route) {
    tcpRemotes.remove(route.remote());
    early.remove(route);
    authenticated.remove(route);
    transmits.removeIf(transmit -> transmit.route().equals(route));
    Pair pair = list.find(route);
    if (pair == null) {
      return false;
    }
    peerReflexive = Math.max(0, peerReflexive - 1);
    drop(pair);
    list.remove(pair);
    boolean carried = pair == current;
    if (carried) {
      timeline.add(nowNanos, "the TCP connection that carried the data has ended");
      lostCurrent(nowNanos);
    }
    advanceTo(nowNanos);
    return carried;
  }

  /** Nothing refers to it any more but, maybe, {@link #current}. */
  private void drop(Pair pair) {
    pair.valid = false;
    pair.useCandidateReceived = false;
    checks.values().removeIf(check -> check.pair() == pair);
    list.untrigger(pair);
    if (pair == nominee) {
      nominee = null;
    }
    if (pair == selected) {
      selected = null;
    }
  }

  /** The pair in use is none any more: another one that works takes over, or is looked for. */
  private void lostCurrent(long nowNanos) {
    current = null;
    consent.stop();
    Pair other = bestConsented(nowNanos);
    if (other != null) {
      use(nowNanos, other);
      return;
    }
    silentSinceNanos = nowNanos;
    stateBeforeSilence = IceState.CONNECTED;
    firstValidNanos = Timer.NOT_RUNNING;
    patienceEndNanos = nowNanos + consent.timeoutNanos();
    tryAllAgain();
    becomeState(nowNanos, IceState.DISCONNECTED);
  }

  private @Nullable Pair bestConsented(long nowNanos) {
    return list.bestValid(pair -> nowNanos < consent.expiryNanos(pair.lastResponseNanos));
  }

  /** Tells which candidate a mapped address is; it makes no pair, as its base has them all. */
  public void addReflexive(InetSocketAddress mapped, IceCandidate candidate) {
    reflexive.putIfAbsent(mapped, candidate);
  }

  /**
   * Begins checks.
   *
   * @throws IllegalStateException if it was started already
   */
  public void start(long nowNanos, IceRole wantedRole, IceRemote peer) {
    if (remote != null) {
      throw new IllegalStateException("the agent was started already");
    }
    remote = peer;
    remoteKey = IntegrityKey.shortTerm(peer.credentials().pwd());
    // RFC 8445 section 6.1.1: a lite peer is always controlled.
    role = peer.mode() == IceMode.LITE ? IceRole.CONTROLLING : wantedRole;
    int pacing =
        Math.max(options.pacingMillis(), peer.pacingMillis().orElse(DEFAULT_PACING_MILLIS));
    taNanos = Math.min(pacing, 500) * MILLI;
    patienceEndNanos = nowNanos + options.patience().toNanos();
    timeline.add(nowNanos, "started as " + role + ", a check every " + pacing + " ms");
    list.reorder(role);
    becomeState(nowNanos, IceState.CHECKING);
    bases.values().forEach(this::pairWithAll);
    for (EarlyCheck check : early.values()) {
      if (check.remoteUfrag().equals(peer.credentials().ufrag())) {
        checkReceived(nowNanos, check.route(), check.priority(), check.useCandidate());
      }
    }
    early.clear();
    advanceTo(nowNanos);
  }

  /**
   * Adds a candidate that the peer told.
   *
   * @param candidate a UDP candidate of component 1
   * @param address its address, resolved
   * @return what came of it, in plain words
   */
  public String addRemote(long nowNanos, IceCandidate candidate, InetSocketAddress address) {
    Optional<String> refusal = PairableAddress.refusal(address);
    if (refusal.isPresent()) {
      return "not paired: " + refusal.get();
    }
    RemotePeer known = remotes.get(address);
    if (known != null) {
      if (known.candidate().type() == IceCandidateType.PEER_REFLEXIVE) {
        known.replaceBy(candidate);
        if (role != null) {
          list.reorder(role);
        }
        if (current != null && current.remote() == known) {
          events.addLast(new CheckEvent.PairNamed(current.asSelected()));
        }
        return "known before from its check";
      }
      return "told before";
    }
    if (signalled >= MAX_REMOTE_CANDIDATES) {
      drops.count(IceDrop.REMOTE_CANDIDATE_LIMIT);
      return "ignored: more than " + MAX_REMOTE_CANDIDATES + " candidates";
    }
    signalled++;
    var peer = new RemotePeer(address, candidate);
    remotes.put(address, peer);
    int paired = 0;
    for (LocalBase base : bases.values()) {
      paired += base.candidate().isUdp() && pairUp(base, peer) ? 1 : 0;
    }
    advanceTo(nowNanos);
    if (paired > 0 || role == null) {
      return TAKEN;
    }
    return PairableAddress.UNREACHED;
  }

  /** Whether an address of the peer is part of a pair. */
  public boolean isPaired(InetSocketAddress address) {
    return list.pairs().stream().anyMatch(pair -> pair.remote().address().equals(address));
  }

  /**
   * Takes a STUN message that came to one of our sockets.
   *
   * @param received the message
   * @param base the socket
   * @param from where it came from
   */
  public void receive(
      long nowNanos, ReceivedStun received, LocalBase base, InetSocketAddress from) {
    var route = new Route(base.index(), from);
    switch (received.message().messageClass()) {
      case REQUEST -> request(nowNanos, received, route);
      case INDICATION -> drops.count(IceDrop.INDICATION);
      case SUCCESS, ERROR -> response(nowNanos, received, route);
    }
    advanceTo(nowNanos);
  }

  /** Something authentic above ICE came over the pair in use. */
  public void authenticatedData(long nowNanos) {
    if (current != null) {
      consent.signOfLife(nowNanos);
      endSilence(nowNanos);
    }
  }

  /** Ends everything. */
  public void close(long nowNanos) {
    checks.clear();
    list.clearTriggered();
    transmits.clear();
    current = null;
    selected = null;
    nominee = null;
    consent.stop();
    patienceEndNanos = Timer.NOT_RUNNING;
    slots.release();
    becomeState(nowNanos, IceState.CLOSED);
  }

  /** Whether a response is to a check of this agent. */
  boolean expects(TransactionId id) {
    return checks.containsKey(id);
  }

  /** Ours in this generation. */
  IceCredentials localCredentials() {
    return local;
  }

  /** Whether a pair was nominated and still works. */
  boolean isNominated() {
    return selected != null;
  }

  /** The routes of the pairs that work. */
  Set<Route> validRoutes() {
    Set<Route> routes = new HashSet<>();
    for (Pair pair : list.pairs()) {
      if (pair.valid) {
        routes.add(pair.route());
      }
    }
    return routes;
  }

  // ---- What the driver asks for ----------------------------------------------------------------

  /** The next datagram to send, or null. */
  public @Nullable Transmit pollTransmit() {
    return transmits.pollFirst();
  }

  /** The next event, or null. */
  public @Nullable CheckEvent pollEvent() {
    return events.pollFirst();
  }

  /** What is known of an address. */
  public Standing standing(Route route) {
    Pair pair = list.find(route);
    if (pair != null && pair.valid) {
      return Standing.VALID;
    }
    return authenticated.contains(route) ? Standing.AUTHENTICATED : Standing.UNKNOWN;
  }

  /** Where data goes now; null without a valid pair that has consent. */
  public @Nullable Route route() {
    return current == null ? null : current.route();
  }

  /** The pair that carries data. */
  public Optional<SelectedPair> selectedPair() {
    return Optional.ofNullable(current).map(Pair::asSelected);
  }

  /** The present state. */
  public IceState state() {
    return state;
  }

  /** The present role; null before the start. */
  public @Nullable IceRole role() {
    return role;
  }

  /** The peer's agent; null before the start. */
  public @Nullable IceRemote remote() {
    return remote;
  }

  /** Whether the peer refused consent with an authenticated 403. */
  public boolean consentRefused() {
    return consentRefused;
  }

  /** How many checks came that had wrong credentials. */
  public int rejectedChecks() {
    return rejectedChecks;
  }

  /** How often our checks were answered 401, unsigned as such answers are. */
  public int unsignedRefusals() {
    return unsignedRefusals;
  }

  /** How many of the peer's addresses are known, told or seen. */
  public int remoteCount() {
    return remotes.size();
  }

  /** The peer's addresses, told or seen. */
  public List<InetSocketAddress> remoteAddresses() {
    return List.copyOf(remotes.keySet());
  }

  /** The pairs and how they stand, best first. */
  public List<IceReport.Pair> pairReports() {
    List<IceReport.Pair> reports = new ArrayList<>();
    for (Pair pair : list.pairs()) {
      String mark = pair == current ? ", in use" : "";
      mark += pair == selected ? ", nominated" : "";
      reports.add(
          new IceReport.Pair(
              pair.local.type().token() + " " + text(pair.base().address()),
              pair.remote().candidate().type().token() + " " + text(pair.remote().address()),
              pair.outcome() + mark));
    }
    return reports;
  }

  // ---- Time ------------------------------------------------------------------------------------

  /** When {@link #advanceTo} has work again, or {@link Timer#NOT_RUNNING}. */
  public long nextDeadlineNanos() {
    long slot = slots.nextNanos();
    long next = Math.min(patienceEndNanos, slot);
    if (current != null) {
      next = Math.min(next, consent.nextDeadlineNanos(state == IceState.DISCONNECTED));
      next = Math.min(next, consent.expiryNanos(current.lastResponseNanos));
    }
    if (awaitsNomination()) {
      next = Math.min(next, nominationNanos());
    }
    for (Check check : checks.values()) {
      long due = check.transaction().nextDeadlineNanos();
      // A repetition that is due already waits for the slot.
      boolean waits =
          slot != Timer.NOT_RUNNING
              && check.kind() != Check.Kind.CONSENT
              && check.transaction().mayRepeat();
      next = Math.min(next, waits ? Math.max(due, slot) : due);
    }
    return next;
  }

  /** Fires what is due. */
  public void advanceTo(long nowNanos) {
    if (state == IceState.CLOSED || remote == null) {
      return;
    }
    if (nowNanos >= patienceEndNanos) {
      patienceEnded(nowNanos);
    }
    expireConsent(nowNanos);
    noticeSilence(nowNanos);
    nominate(nowNanos);
    timeOutChecks(nowNanos);
    sendConsentCheck(nowNanos);
    sendPaced(nowNanos);
  }

  private void patienceEnded(long nowNanos) {
    patienceEndNanos = Timer.NOT_RUNNING;
    if (state == IceState.CHECKING) {
      timeline.add(nowNanos, "no pair within " + options.patience().toMillis() + " ms (RFC 8863)");
      fail(nowNanos);
    } else if (state == IceState.DISCONNECTED && current == null) {
      timeline.add(nowNanos, "no other pair within " + consent.timeoutNanos() / MILLI + " ms");
      fail(nowNanos);
    }
  }

  private void fail(long nowNanos) {
    for (Pair pair : list.pairs()) {
      pair.valid = false;
      if (pair.state() == Pair.State.IN_PROGRESS || pair.state() == Pair.State.WAITING) {
        pair.become(Pair.State.FAILED, pair.outcome() + ", until the time was over");
      }
    }
    checks.clear();
    list.clearTriggered();
    slots.release();
    current = null;
    selected = null;
    nominee = null;
    consent.stop();
    becomeState(nowNanos, IceState.FAILED);
  }

  // ---- Sending checks --------------------------------------------------------------------------

  private boolean mayCheck() {
    return remote != null && state != IceState.FAILED && state != IceState.CLOSED;
  }

  /** Whether the pair is worth an ordinary check now. */
  private boolean isWorthACheck(Pair pair) {
    Pair chosen = selected;
    return chosen == null
        || state == IceState.DISCONNECTED
        || chosen.isRelayed() && !pair.isRelayed();
  }

  private @Nullable Pair nextOrdinary() {
    return list.nextOrdinary(this::isWorthACheck);
  }

  private @Nullable Check dueRetransmission(long nowNanos) {
    Check due = null;
    for (Check check : checks.values()) {
      StunTransaction t = check.transaction();
      if (check.kind() != Check.Kind.CONSENT
          && t.nextDeadlineNanos() <= nowNanos
          && (due == null || t.nextDeadlineNanos() < due.transaction().nextDeadlineNanos())) {
        due = check;
      }
    }
    return due;
  }

  /**
   * Sends one check, first send or repetition, per slot: repetitions are paced too, so that a
   * hundred pairs never make a burst.
   */
  private void sendPaced(long nowNanos) {
    while (mayCheck()) {
      Check retransmission = dueRetransmission(nowNanos);
      boolean fresh = list.hasTriggered() || nextOrdinary() != null;
      if (retransmission == null && !fresh) {
        slots.release();
        return;
      }
      if (!slots.take(nowNanos, taNanos)) {
        return;
      }
      sendOne(nowNanos, retransmission, fresh);
    }
  }

  private void sendOne(long nowNanos, @Nullable Check retransmission, boolean fresh) {
    if (retransmission != null && (retransmitNext || !fresh) && !list.hasTriggered()) {
      retransmitNext = false;
      transmitIfDue(nowNanos, retransmission);
      return;
    }
    retransmitNext = true;
    Pair pair = list.pollTriggered();
    if (pair == null) {
      pair = nextOrdinary();
    }
    if (pair != null) {
      Check.Kind kind =
          pair == nominee && role == IceRole.CONTROLLING
              ? Check.Kind.NOMINATION
              : Check.Kind.CONNECTIVITY;
      if (pair.state() != Pair.State.SUCCEEDED) {
        pair.become(Pair.State.IN_PROGRESS, "no answer yet");
      }
      long rto = Math.max(MIN_RTO, Math.min(MAX_RTO, taNanos * list.waitingOrInProgress()));
      StunTimers timers =
          isWithoutWorkingPair()
              ? new StunTimers(rto, Math.max(rto, MAX_URGENT_INTERVAL), URGENT_SENDS, MAX_RTO)
              : new StunTimers(rto, Math.max(rto, MAX_CHECK_INTERVAL), CHECK_SENDS, MAX_RTO);
      send(nowNanos, pair, kind, timers);
    }
  }

  private void send(long nowNanos, Pair pair, Check.Kind kind, StunTimers timers) {
    IceRemote peer = remote;
    IceRole ours = role;
    if (peer == null || ours == null) {
      throw new IllegalStateException("a check before the start");
    }
    TransactionId id = TransactionId.generate(random);
    byte[] request =
        CheckMessages.request(
            id,
            local,
            peer.credentials(),
            ours,
            tieBreaker,
            peerReflexivePriority(pair.base().candidate()),
            kind == Check.Kind.NOMINATION ? CheckMessages.Nominate.YES : CheckMessages.Nominate.NO);
    var transaction =
        new StunTransaction(
            id, StunMethod.BINDING, request, pair.remote().address(), remoteKey, timers);
    var check = new Check(transaction, pair, ours, kind);
    checks.put(id, check);
    transmitIfDue(nowNanos, check);
  }

  private static long peerReflexivePriority(IceCandidate candidate) {
    return candidate.isUdp()
        ? Priorities.peerReflexive(candidate.priority())
        : Priorities.peerReflexiveTcp(candidate.priority());
  }

  private void transmitIfDue(long nowNanos, Check check) {
    if (check.transaction().pollSend(nowNanos)) {
      transmits.addLast(new Transmit(check.pair().route(), check.transaction().request()));
      if (check.transaction().sends() > 1) {
        // RFC 8445 section 6.1.4.2 keeps pairs of one foundation frozen until the check of another
        // ends, which without an answer takes most of our patience: a relay that the peer lost and
        // offers again beside its new one would keep the two apart.
        list.unfreeze(check.pair().foundation());
      }
    }
  }

  private void timeOutChecks(long nowNanos) {
    List<Check> ended = null;
    for (Iterator<Check> i = checks.values().iterator(); i.hasNext(); ) {
      Check check = i.next();
      StunTransaction t = check.transaction();
      // One that may still repeat waits for its slot; the others end here.
      if (t.nextDeadlineNanos() <= nowNanos && !t.mayRepeat()) {
        t.pollSend(nowNanos);
        i.remove();
        ended = ended == null ? new ArrayList<>() : ended;
        ended.add(check);
      }
    }
    if (ended != null) {
      for (Check check : ended) {
        timedOut(nowNanos, check);
      }
    }
  }

  private void timedOut(long nowNanos, Check check) {
    Pair pair = check.pair();
    if (check.kind() == Check.Kind.CONSENT || hasPendingCheck(pair)) {
      return;
    }
    if (check.kind() == Check.Kind.NOMINATION && pair == nominee) {
      timeline.add(nowNanos, "nomination of " + pair + " got no answer");
      nominee = null;
      if (pair.valid && pair != current) {
        pair.valid = false;
      }
    }
    if (pair.state() == Pair.State.IN_PROGRESS) {
      int sends = check.transaction().sends();
      String unanswered = "no answer to " + (sends == 1 ? "1 request" : sends + " requests");
      // Until the patience ends a pair that failed is tried again: on a lossy path a few lost
      // requests prove little.
      if (isWithoutWorkingPair()) {
        pair.become(Pair.State.WAITING, unanswered + ", trying again");
      } else {
        pair.become(Pair.State.FAILED, unanswered);
      }
    }
  }

  private boolean isWithoutWorkingPair() {
    return state == IceState.CHECKING || state == IceState.DISCONNECTED;
  }

  private boolean hasPendingCheck(Pair pair) {
    for (Check check : checks.values()) {
      if (check.pair() == pair && check.kind() != Check.Kind.CONSENT) {
        return true;
      }
    }
    return false;
  }

  // ---- Pairs -----------------------------------------------------------------------------------

  /** With what the peer told; over TCP there is a pair only where the peer connected. */
  private void pairWithAll(LocalBase base) {
    if (base.candidate().isUdp()) {
      for (RemotePeer peer : remotes.values()) {
        pairUp(base, peer);
      }
    }
  }

  /** Makes the pair if it may be; returns whether it is there afterwards. */
  private boolean pairUp(LocalBase base, RemotePeer peer) {
    IceRole ours = role;
    if (ours == null) {
      return false;
    }
    var route = new Route(base.index(), peer.address());
    if (list.find(route) != null) {
      return true;
    }
    if (!PairableAddress.canReach(base.address().getAddress(), peer.address().getAddress())) {
      return false;
    }
    var pair = new Pair(base, peer, ours);
    pair.checkReceived = authenticated.contains(route);
    Pair dropped = list.add(pair);
    if (dropped != null) {
      drops.count(IceDrop.PAIR_LIMIT);
      checks.values().removeIf(check -> check.pair() == dropped);
      if (dropped == nominee) {
        nominee = null;
      }
    }
    if (dropped == pair) {
      return false;
    }
    return true;
  }

  // ---- Checks of the peer ----------------------------------------------------------------------

  private void request(long nowNanos, ReceivedStun received, Route route) {
    StunMessage message = received.message();
    TransactionId id = message.transactionId();
    if (message.method() != StunMethod.BINDING || !received.hasFingerprint()) {
      drops.count(IceDrop.NO_CHECK);
      return;
    }
    Optional<String> username = message.first(Username.class).map(Username::username);
    if (username.isEmpty() || !received.hasIntegrity()) {
      refuse(nowNanos, received, route, ErrorCode.BAD_REQUEST);
      return;
    }
    int colon = username.get().indexOf(':');
    String ours = colon < 0 ? "" : username.get().substring(0, colon);
    String theirs = username.get().substring(colon + 1);
    IceRemote peer = remote;
    if (!ours.equals(local.ufrag())
        || peer != null && !theirs.equals(peer.credentials().ufrag())
        || !received.isAuthentic(localKey)) {
      rejectedChecks++;
      refuse(nowNanos, received, route, ErrorCode.UNAUTHENTICATED);
      return;
    }
    if (!received.unknownRequired().isEmpty()) {
      transmit(route, CheckMessages.unknownAttributes(id, received.unknownRequired(), localKey));
      return;
    }
    Optional<Priority> priority = message.first(Priority.class);
    if (priority.isEmpty()) {
      Pair known = list.find(route);
      if (known != null && known.valid) {
        // A consent check needs none: RFC 7675 section 5.1 speaks of a Binding request, and some
        // leave out what only serves to make a candidate.
        transmit(route, CheckMessages.success(id, route.remote(), localKey));
        signOfLife(nowNanos, route);
        return;
      }
      transmit(route, CheckMessages.error(id, ErrorCode.BAD_REQUEST, localKey));
      return;
    }
    if (!resolveRoleConflict(nowNanos, message)) {
      transmit(route, CheckMessages.error(id, ErrorCode.ROLE_CONFLICT, localKey));
      return;
    }
    transmit(route, CheckMessages.success(id, route.remote(), localKey));
    boolean useCandidate = message.has(UseCandidate.class);
    if (peer == null) {
      remember(nowNanos, new EarlyCheck(route, priority.get().priority(), theirs, useCandidate));
    } else {
      checkReceived(nowNanos, route, priority.get().priority(), useCandidate);
    }
  }

  private void refuse(long nowNanos, ReceivedStun received, Route route, int code) {
    drops.count(IceDrop.UNAUTHENTICATED_CHECK);
    byte[] answer = CheckMessages.unauthenticatedError(received.message().transactionId(), code);
    // Whoever forges a source must not get more bytes out of us than it puts in.
    if (answer.length > received.length() || !errorAnswers.allows(nowNanos)) {
      drops.count(IceDrop.ERROR_ANSWER_WITHHELD);
      return;
    }
    transmit(route, answer);
  }

  private void transmit(Route route, byte[] bytes) {
    transmits.addLast(new Transmit(route, bytes));
  }

  private void remember(long nowNanos, EarlyCheck check) {
    EarlyCheck before = early.get(check.route());
    if (before == null && early.size() >= MAX_EARLY_CHECKS) {
      drops.count(IceDrop.EARLY_CHECK_LIMIT);
      return;
    }
    if (before == null) {
      timeline.add(nowNanos, "check from " + text(check.route().remote()) + " before the answer");
      markAuthenticated(check.route());
    }
    boolean nominated = check.useCandidate() || before != null && before.useCandidate();
    early.put(
        check.route(),
        new EarlyCheck(check.route(), check.priority(), check.remoteUfrag(), nominated));
  }

  private void markAuthenticated(Route route) {
    if (authenticated.size() < MAX_AUTHENTICATED) {
      authenticated.add(route);
    }
  }

  /**
   * RFC 8445 section 7.3.1.1; returns false when 487 is to be answered. Both controlling: the
   * larger tie-breaker stays. Both controlled: the larger one becomes controlling.
   */
  private boolean resolveRoleConflict(long nowNanos, StunMessage message) {
    IceRole ours = role;
    if (ours == null || remote == null || remote.mode() == IceMode.LITE) {
      return true;
    }
    Optional<Long> theirs =
        ours == IceRole.CONTROLLING
            ? message.first(IceControlling.class).map(IceControlling::tieBreaker)
            : message.first(IceControlled.class).map(IceControlled::tieBreaker);
    if (theirs.isEmpty()) {
      return true;
    }
    boolean oursIsLarger = Long.compareUnsigned(tieBreaker, theirs.get()) >= 0;
    if (oursIsLarger == (ours == IceRole.CONTROLLING)) {
      return false;
    }
    switchRole(nowNanos, ours.opposite());
    return true;
  }

  private void switchRole(long nowNanos, IceRole next) {
    if (role == next || roleSwitches >= MAX_ROLE_SWITCHES) {
      return;
    }
    roleSwitches++;
    role = next;
    nominee = null;
    timeline.add(nowNanos, "role conflict: now " + next);
    list.reorder(next);
  }

  /** An authenticated check came: RFC 8445 sections 7.3.1.3 to 7.3.1.5. */
  private void checkReceived(long nowNanos, Route route, long priority, boolean useCandidate) {
    markAuthenticated(route);
    signOfLife(nowNanos, route);
    if (!mayCheck()) {
      return;
    }
    LocalBase base = bases.get(route.base());
    if (base == null) {
      return;
    }
    boolean udp = base.candidate().isUdp();
    Map<InetSocketAddress, RemotePeer> known = udp ? remotes : tcpRemotes;
    RemotePeer peer = known.get(route.remote());
    if (peer == null) {
      if (peerReflexive >= MAX_PEER_REFLEXIVE) {
        drops.count(IceDrop.PEER_REFLEXIVE_LIMIT);
        return;
      }
      peerReflexive++;
      peer = new RemotePeer(route.remote(), peerReflexiveCandidate(route.remote(), priority, udp));
      known.put(route.remote(), peer);
      timeline.add(nowNanos, "peer-reflexive candidate " + text(route.remote()));
    }
    if (!pairUp(base, peer)) {
      return;
    }
    Pair pair = list.find(route);
    if (pair == null) {
      return;
    }
    pair.checkReceived = true;
    if (useCandidate && role == IceRole.CONTROLLED) {
      pair.useCandidateReceived = true;
    }
    if (pair.state() == Pair.State.SUCCEEDED && pair.valid) {
      if (useCandidate && role == IceRole.CONTROLLED) {
        nominatedByPeer(nowNanos, pair);
        pair.lastUseCandidateNanos = nowNanos;
      }
      return;
    }
    if (useCandidate) {
      pair.lastUseCandidateNanos = nowNanos;
    }
    trigger(pair);
  }

  private void signOfLife(long nowNanos, Route route) {
    if (current != null && route.equals(current.route())) {
      consent.signOfLife(nowNanos);
      endSilence(nowNanos);
    }
  }

  private void trigger(Pair pair) {
    if (pair.state() == Pair.State.IN_PROGRESS) {
      // Section 7.3.1.4: the running check is sent no more but may still be answered; a new one is
      // sent soon, which the peer's NAT now lets in.
      for (Check check : checks.values()) {
        if (check.pair() == pair && check.kind() != Check.Kind.CONSENT) {
          check.transaction().stopRetransmissions();
        }
      }
    }
    pair.become(Pair.State.WAITING, "check triggered");
    list.trigger(pair);
  }

  private static IceCandidate peerReflexiveCandidate(
      InetSocketAddress address, long priority, boolean udp) {
    return new IceCandidate(
        Foundations.of(
            IceCandidateType.PEER_REFLEXIVE, text(address), udp ? "remote" : "remote tcp"),
        1,
        udp ? "udp" : "tcp",
        priority,
        AddressText.of(address.getAddress()),
        address.getPort(),
        IceCandidateType.PEER_REFLEXIVE,
        Optional.empty(),
        udp ? Optional.empty() : Optional.of("active"),
        Optional.empty());
  }

  // ---- Answers to our checks -------------------------------------------------------------------

  private void response(long nowNanos, ReceivedStun received, Route route) {
    Check check = checks.get(received.message().transactionId());
    IntegrityKey key = remoteKey;
    if (check == null || key == null) {
      drops.count(IceDrop.UNKNOWN_TRANSACTION);
      return;
    }
    if (received.message().method() != StunMethod.BINDING || !received.isAuthentic(key)) {
      drops.count(IceDrop.UNAUTHENTICATED_RESPONSE);
      received
          .message()
          .first(ErrorCode.class)
          .ifPresent(error -> unsignedError(nowNanos, error.code(), check.pair()));
      return;
    }
    Pair pair = check.pair();
    if (!route.equals(pair.route())) {
      // Section 7.2.5.2.1: addresses that are not symmetric fail the pair.
      checks.remove(check.transaction().id());
      if (check.kind() != Check.Kind.CONSENT && !pair.valid) {
        pair.become(Pair.State.FAILED, "the answer came from " + text(route.remote()));
      }
      return;
    }
    if (check.transaction().receive(received, route.remote()) == StunTransaction.Verdict.IGNORED) {
      drops.count(IceDrop.UNKNOWN_TRANSACTION);
      return;
    }
    checks.remove(check.transaction().id());
    if (check.transaction().state() == StunTransaction.State.SUCCEEDED) {
      succeeded(nowNanos, check, received.message());
    } else {
      refused(nowNanos, check, received.message());
    }
  }

  /** Anybody may have sent it, so it has no effect but a note. */
  private void unsignedError(long nowNanos, int code, Pair pair) {
    if (code == ErrorCode.UNAUTHENTICATED) {
      unsignedRefusals++;
    }
    if (unsignedErrorsNoted++ < MAX_UNSIGNED_ERRORS_NOTED) {
      timeline.add(nowNanos, "unsigned error " + code + " to a check of " + pair);
    }
  }

  private void refused(long nowNanos, Check check, StunMessage message) {
    Pair pair = check.pair();
    int code = message.first(ErrorCode.class).map(ErrorCode::code).orElse(0);
    if (code == ErrorCode.ROLE_CONFLICT) {
      // Section 7.2.5.1: the opposite of the role the request carried. A new tie-breaker besides,
      // so
      // that two equal ones cannot make both sides flip for ever.
      if (role == check.role()) {
        switchRole(nowNanos, check.role().opposite());
        tieBreaker = random.nextLong();
      }
      if (!pair.valid) {
        pair.become(Pair.State.WAITING, "role conflict, trying again");
      }
      list.trigger(pair);
      return;
    }
    if (code == ErrorCode.FORBIDDEN) {
      // RFC 7675 section 5.2: an authenticated 403 revokes consent at once.
      consentRefused = true;
      timeline.add(nowNanos, "the peer refused consent for " + pair + " (403)");
      revoke(nowNanos, pair, "the peer refused (403)");
      return;
    }
    if (check.kind() == Check.Kind.CONSENT) {
      return;
    }
    if (pair == nominee) {
      nominee = null;
    }
    if (!pair.valid) {
      pair.become(Pair.State.FAILED, "the peer answered error " + code);
    }
  }

  private void succeeded(long nowNanos, Check check, StunMessage message) {
    Pair pair = check.pair();
    Optional<XorMappedAddress> mapped = message.first(XorMappedAddress.class);
    if (mapped.isEmpty()) {
      if (!pair.valid) {
        pair.become(Pair.State.FAILED, "the answer had no XOR-MAPPED-ADDRESS");
      }
      return;
    }
    pair.lastResponseNanos = nowNanos;
    if (pair == current) {
      consent.answered(nowNanos);
      endSilence(nowNanos);
    }
    if (check.kind() == Check.Kind.CONSENT) {
      return;
    }
    if (state == IceState.FAILED) {
      return;
    }
    pair.local = localAs(mapped.get().address(), pair);
    boolean newlyValid = !pair.valid;
    pair.valid = true;
    pair.become(Pair.State.SUCCEEDED, "works");
    if (newlyValid) {
      timeline.add(nowNanos, "pair " + pair + " works");
      list.unfreeze(pair.foundation());
    }
    if (pair != nominee) {
      list.untrigger(pair);
    }
    if (firstValidNanos == Timer.NOT_RUNNING) {
      firstValidNanos = nowNanos;
    }
    if (current == null) {
      use(nowNanos, pair);
      if (isWithoutWorkingPair()) {
        becomeState(nowNanos, IceState.CONNECTED);
      }
    }
    if (check.kind() == Check.Kind.NOMINATION && role == IceRole.CONTROLLING) {
      nominee = null;
      select(nowNanos, pair);
    } else if (role == IceRole.CONTROLLED && pair.useCandidateReceived) {
      nominatedByPeer(nowNanos, pair);
    }
    if (newlyValid) {
      // After the state: whoever gets the datagrams that were held has been told that it connects.
      events.addLast(new CheckEvent.Validated(pair.route()));
    }
  }

  /**
   * The candidate of ours that the peer sees: host, server-reflexive, or a new peer-reflexive one.
   */
  private IceCandidate localAs(InetSocketAddress mapped, Pair pair) {
    LocalBase base = pair.base();
    if (mapped.equals(base.address())) {
      return base.candidate();
    }
    IceCandidate known = reflexive.get(mapped);
    if (known != null) {
      return known;
    }
    return new IceCandidate(
        Foundations.of(IceCandidateType.PEER_REFLEXIVE, base.candidate().address(), ""),
        1,
        base.candidate().transport(),
        peerReflexivePriority(base.candidate()),
        AddressText.of(mapped.getAddress()),
        mapped.getPort(),
        IceCandidateType.PEER_REFLEXIVE,
        // The base as it was told: where a name stands for its address, the name.
        Optional.of(
            new IceCandidate.RelatedAddress(base.candidate().address(), base.candidate().port())),
        base.candidate().tcpType(),
        Optional.empty());
  }

  // ---- Nomination ------------------------------------------------------------------------------

  private boolean awaitsNomination() {
    return role == IceRole.CONTROLLING
        && selected == null
        && nominee == null
        && state != IceState.DISCONNECTED
        && firstValidNanos != Timer.NOT_RUNNING
        && list.bestValid() != null;
  }

  private long nominationNanos() {
    Pair best = list.bestValid();
    boolean relayed =
        best != null
            && (best.remote().candidate().type() == IceCandidateType.RELAYED
                || best.local.type() == IceCandidateType.RELAYED);
    long delay = options.nominationDelay().toNanos() * (relayed ? RELAY_DELAY_FACTOR : 1);
    return firstValidNanos + delay;
  }

  /** Regular nomination: the top pair at once when it is valid, else the best one after a delay. */
  private void nominate(long nowNanos) {
    if (state == IceState.DISCONNECTED && role == IceRole.CONTROLLING && nominee == null) {
      nominee = revived();
      if (nominee != null) {
        timeline.add(nowNanos, "nominating " + nominee + " in place of a silent pair");
        list.triggerFirst(nominee);
      }
      return;
    }
    if (selected != null) {
      nominateUnrelayed(nowNanos, selected);
      return;
    }
    if (!awaitsNomination() || !mayCheck()) {
      return;
    }
    Pair best = list.bestValid();
    if (best != null && (best == list.top() || nowNanos >= nominationNanos())) {
      nominee = best;
      timeline.add(nowNanos, "nominating " + best);
      list.triggerFirst(best);
    }
  }

  /**
   * A pair that needs no relay came to life later, for instance on a new interface. Agents of all
   * kinds follow a nomination of a pair with a higher priority, as aggressive nomination (RFC 5245)
   * has it; the one before carries data until the answer is there, so there is no gap.
   */
  private void nominateUnrelayed(long nowNanos, Pair chosen) {
    if (role != IceRole.CONTROLLING
        || nominee != null
        || state != IceState.COMPLETED
        || !chosen.isRelayed()) {
      return;
    }
    Pair better =
        list.bestValid(
            pair ->
                !pair.isRelayed() && Long.compareUnsigned(pair.priority(), chosen.priority()) > 0);
    if (better != null) {
      nominee = better;
      timeline.add(nowNanos, "nominating " + better + ", which needs no relay");
      list.triggerFirst(better);
    }
  }

  /** The best pair that answered since the one in use fell silent. */
  private @Nullable Pair revived() {
    for (Pair pair : list.pairs()) {
      if (pair != current && pair.valid && pair.lastResponseNanos >= silentSinceNanos) {
        return pair;
      }
    }
    return null;
  }

  private void nominatedByPeer(long nowNanos, Pair pair) {
    Pair before = selected;
    if (before == pair) {
      return;
    }
    if (before == null
        || Long.compareUnsigned(pair.priority(), before.priority()) > 0
        || nowNanos - before.lastUseCandidateNanos > AGGRESSIVE_NOMINATION) {
      select(nowNanos, pair);
    }
  }

  private void select(long nowNanos, Pair pair) {
    selected = pair;
    timeline.add(nowNanos, "pair " + pair + " is nominated");
    for (Check check : checks.values()) {
      if (!check.pair().valid && !isWorthACheck(check.pair())) {
        check.transaction().stopRetransmissions();
      }
    }
    if (current != pair) {
      use(nowNanos, pair);
    }
    if (state == IceState.CHECKING
        || state == IceState.CONNECTED
        || state == IceState.DISCONNECTED) {
      becomeState(nowNanos, IceState.COMPLETED);
    }
  }

  private void use(long nowNanos, Pair pair) {
    current = pair;
    consent.start(nowNanos);
    patienceEndNanos = Timer.NOT_RUNNING;
    events.addLast(new CheckEvent.PairChanged(pair.asSelected(), pair.route(), hadPair));
    hadPair = true;
  }

  // ---- Consent ---------------------------------------------------------------------------------

  private void sendConsentCheck(long nowNanos) {
    Pair pair = current;
    if (pair != null && consent.isCheckDue(nowNanos)) {
      consent.checkSent(nowNanos);
      send(nowNanos, pair, Check.Kind.CONSENT, StunTimers.once(consent.timeoutNanos()));
    }
  }

  private void expireConsent(long nowNanos) {
    Pair pair = current;
    if (pair != null && nowNanos >= consent.expiryNanos(pair.lastResponseNanos)) {
      timeline.add(nowNanos, "consent of " + pair + " ended (RFC 7675)");
      revoke(
          nowNanos,
          pair,
          "worked, then no answer for " + options.consentTimeout().toMillis() + " ms");
    }
  }

  private void revoke(long nowNanos, Pair pair, String why) {
    drop(pair);
    pair.become(Pair.State.FAILED, why);
    if (pair != current) {
      return;
    }
    current = null;
    Pair other = bestConsented(nowNanos);
    if (other != null) {
      use(nowNanos, other);
    } else {
      fail(nowNanos);
    }
  }

  private void noticeSilence(long nowNanos) {
    if (current == null
        || state != IceState.CONNECTED && state != IceState.COMPLETED
        || !consent.isSilent(nowNanos)) {
      return;
    }
    stateBeforeSilence = state;
    silentSinceNanos = nowNanos;
    timeline.add(nowNanos, "nothing authentic came for a while");
    becomeState(nowNanos, IceState.DISCONNECTED);
    tryAllAgain();
  }

  /** Another pair may live where one died: all of them are tried again, at the usual pace. */
  private void tryAllAgain() {
    for (Pair pair : list.pairs()) {
      if (pair != current && pair.state() != Pair.State.IN_PROGRESS) {
        pair.become(Pair.State.WAITING, "trying again");
      }
    }
    if (role == IceRole.CONTROLLING) {
      nominee = null;
    }
  }

  private void endSilence(long nowNanos) {
    if (state == IceState.DISCONNECTED) {
      becomeState(nowNanos, stateBeforeSilence);
    }
  }

  // ---- State -----------------------------------------------------------------------------------

  private void becomeState(long nowNanos, IceState next) {
    if (state != next && state != IceState.CLOSED) {
      timeline.add(nowNanos, "state " + next);
      state = next;
      events.addLast(new CheckEvent.StateChanged(next));
    }
  }

  private static String text(InetSocketAddress address) {
    return AddressText.of(address);
  }

  /** What Ta is used, in milliseconds; for tests and the report. */
  public OptionalInt pacingMillis() {
    return remote == null ? OptionalInt.empty() : OptionalInt.of((int) (taNanos / MILLI));
  }
}
