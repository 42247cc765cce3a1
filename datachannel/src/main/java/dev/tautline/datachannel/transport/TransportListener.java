package dev.tautline.datachannel.transport;

import dev.tautline.dtls.DtlsEvent;
import dev.tautline.ice.IceCandidate;
import dev.tautline.ice.IceCandidateError;
import dev.tautline.ice.IceGatheringState;
import dev.tautline.ice.IceState;
import dev.tautline.ice.SelectedPair;
import dev.tautline.sctp.AssociationEvent;

/** What the joined transports tell the session above. Every call on the loop. */
public interface TransportListener {
  /** A candidate of ours was found. */
  void localCandidate(IceCandidate candidate);

  /** Gathering began or ended. */
  void gatheringStateChanged(IceGatheringState state);

  /** A server gave no candidate. */
  void candidateError(IceCandidateError error);

  /** ICE's state changed. */
  void iceStateChanged(IceState state, long nowNanos);

  /** Another pair carries data from now on. */
  void selectedPairChanged(SelectedPair pair);

  /** The address of ours that carried the data vanished. */
  void addressLost();

  /** DTLS was established, closed or failed. */
  void dtlsEvent(DtlsEvent event, long nowNanos);

  /** Something happened to the association. */
  void associationEvent(AssociationEvent event, long nowNanos);

  /** A turn of the loop starts. */
  void turnStarts(long nowNanos);

  /** When {@link #deadlineReached} is to be called; {@link dev.tautline.base.Timer#NOT_RUNNING}. */
  long nextDeadlineNanos();

  /** That time has come. */
  void deadlineReached(long nowNanos);

  /** A fault of ours in a turn of the loop; the connection cannot be trusted any more. */
  void internalError(Throwable fault);
}
