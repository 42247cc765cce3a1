package dev.tautline.ice;

import java.util.Optional;

/**
 * One side of one ICE session, RFC 8445 with trickle (RFC 8838) and consent (RFC 7675). Every
 * method is called on {@link #loop}, except {@link #loop} itself; the listener is called there too.
 */
public interface IceAgent {
  /** The loop the agent lives on. May be called from any thread. */
  IceLoop loop();

  /** Our ufrag and password, of the generation that was agreed on last. */
  IceCredentials localCredentials();

  /**
   * Begins to gather; candidates come to the listener one by one. A second call does nothing, until
   * {@link #prepareRestart}: then it begins anew, and what is there already is told again with the
   * new ufrag. Addresses that come later are told as they come.
   */
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
   * Prepares a restart (RFC 8445 section 9), as a description of ours with these credentials is
   * about to go out: checks of the new generation are answered from now on. The present one goes on
   * as it is. What was prepared before is abandoned. To be called after {@link #start}.
   *
   * @param local our new credentials
   */
  void prepareRestart(IceCredentials local);

  /** Takes back what {@link #prepareRestart} prepared; without that does nothing. */
  void abandonRestart();

  /**
   * Begins the checks of the generation that was prepared. Sockets, role and the pair in use stay;
   * it carries data until a pair of the new generation is nominated, or works when it does not.
   *
   * @param remote the peer's agent with its new credentials
   * @throws IllegalStateException if nothing was prepared
   */
  void restart(IceRemote remote);

  /** The generation whose pair carries data, or is looked for; empty before {@link #start}. */
  Optional<IceGeneration> generation();

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
