package dev.tautline.ice.check;

import dev.tautline.ice.IceCandidate;
import dev.tautline.ice.IceCandidateType;
import dev.tautline.ice.IceRole;
import dev.tautline.ice.SelectedPair;
import dev.tautline.ice.candidate.Priorities;

/** A pair of a socket of ours and an address of the peer, RFC 8445 section 6.1.2. */
final class Pair {
  /** States of RFC 8445 section 6.1.2.6. */
  enum State {
    /** In: creation. Out: WAITING when its foundation is free or a check is triggered. */
    FROZEN,
    /** In: unfrozen, triggered, or to be tried again. Out: IN_PROGRESS when its turn comes. */
    WAITING,
    /** In: a check was sent. Out: SUCCEEDED, FAILED; WAITING when triggered anew. */
    IN_PROGRESS,
    /** In: an authentic answer. Out: FAILED when consent ends. */
    SUCCEEDED,
    /** In: no answer, a bad one, or the end of consent. Out: WAITING when tried again. */
    FAILED
  }

  private final LocalBase base;
  private final RemotePeer remote;
  private final Route route;

  private State state = State.FROZEN;
  private long priority;
  private String outcome = "not tried";

  /** Whether an authentic answer came and consent has not ended since. */
  boolean valid;

  /** Whether an authentic check came over it. */
  boolean checkReceived;

  /** Whether the peer, controlling, sent USE-CANDIDATE on it. */
  boolean useCandidateReceived;

  /** When it did so last. */
  long lastUseCandidateNanos;

  /** When an authentic answer came last; consent counts from it. */
  long lastResponseNanos;

  /** Our side as the peer sees it: the host candidate, or the mapped one. */
  IceCandidate local;

  Pair(LocalBase base, RemotePeer remote, IceRole role) {
    this.base = base;
    this.remote = remote;
    this.route = new Route(base.index(), remote.address());
    this.local = base.candidate();
    computePriority(role);
  }

  void computePriority(IceRole role) {
    long ours = base.candidate().priority();
    long theirs = remote.candidate().priority();
    priority =
        role == IceRole.CONTROLLING ? Priorities.pair(ours, theirs) : Priorities.pair(theirs, ours);
  }

  void become(State next, String why) {
    state = next;
    outcome = why;
  }

  State state() {
    return state;
  }

  String outcome() {
    return outcome;
  }

  long priority() {
    return priority;
  }

  LocalBase base() {
    return base;
  }

  RemotePeer remote() {
    return remote;
  }

  Route route() {
    return route;
  }

  /** The same foundation on both sides: what works for one likely works for the other. */
  String foundation() {
    return base.candidate().foundation() + ':' + remote.candidate().foundation();
  }

  SelectedPair asSelected() {
    return new SelectedPair(local, remote.candidate());
  }

  /**
   * Whether a relay forwards what goes over it. Between the other kinds there is no difference
   * worth a change of path; a peer-reflexive address may be a host's that was not told yet.
   */
  boolean isRelayed() {
    return local.type() == IceCandidateType.RELAYED
        || remote.candidate().type() == IceCandidateType.RELAYED;
  }

  @Override
  public String toString() {
    return base.address() + " -> " + remote.address();
  }
}
