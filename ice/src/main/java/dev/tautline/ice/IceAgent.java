package dev.tautline.ice;

import java.util.Optional;

/**
 * One side of one ICE session, RFC 8445 with trickle (RFC 8838) and consent (RFC 7675). Every
 * method is called on {@link #loop}, except {@link #loop} itself; the listener is called there too.
 */
public interface IceAgent {
  /** The loop the agent lives on. May be called from any thread. */
  IceLoop loop();

  /** Our ufrag and password. */
  IceCredentials localCredentials();

  /** Begins to gather; candidates come to the listener one by one. A second call does nothing. */
  void gather();

  /**
   * Gives the peer's credentials and begins checks. Checks of the peer that came before were
   * answered and are followed up now. Remote candidates may come before or after.
   *
   * @param role our role; a conflict may change it
   * @param remote the peer's agent
   * @throws IllegalStateException if it was started already
   */
  void start(IceRole role, IceRemote remote);

  /**
   * Adds a candidate of the peer. One that cannot be used (TCP, another component, another
   * generation, an address that no pair may have, a name that cannot be resolved) is kept in the
   * report and goes nowhere; so is one above the limit of 128.
   */
  void addRemoteCandidate(IceCandidate candidate);

  /** The peer has no more candidates in this generation. */
  void remoteEndOfCandidates();

  /** The way out for datagrams; the same object for the agent's life. */
  IcePath path();

  /** Our role now; empty before {@link #start}. */
  Optional<IceRole> role();

  /** The present state. */
  IceState state();

  /** How far gathering is. */
  IceGatheringState gatheringState();

  /** The pair that carries data. */
  Optional<SelectedPair> selectedPair();

  /** What happened so far. */
  IceReport report();

  /** Ends the agent and closes its sockets. A second call does nothing. */
  void close();
}
