package dev.tautline.ice.agent;

import dev.tautline.ice.IceCandidate;
import dev.tautline.ice.IceCandidateError;
import dev.tautline.ice.IceGatheringState;
import dev.tautline.ice.check.LocalBase;
import dev.tautline.ice.endpoint.Endpoint;
import java.net.InetSocketAddress;

/** What gathering tells the agent; on the loop, and never after the agent closed. */
interface GatheringListener {
  /** A base from which checks are sent; the agent gives it its number. */
  LocalBase addBase(Endpoint endpoint, IceCandidate candidate);

  /** The address of a base vanished from this host: its socket is to be closed. */
  void removeBase(LocalBase base);

  /** A mapped address of a base. */
  void addReflexive(InetSocketAddress mapped, IceCandidate candidate);

  /** A candidate that the peer is told. */
  void announce(IceCandidate candidate);

  /** A server gave no candidate. */
  void candidateError(IceCandidateError error);

  /** Gathering began or ended. */
  void gatheringStateChanged(IceGatheringState state);

  /** There may be something to send or to wait for: look at {@link Gathering#advanceTo}. */
  void wake();
}
