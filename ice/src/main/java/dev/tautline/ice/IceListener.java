package dev.tautline.ice;

/**
 * What an agent tells the layer above. Every call comes on the agent's loop; none comes after
 * {@link IceAgent#close} returned, save {@code stateChanged(CLOSED)} from within it.
 * Implementations must not block.
 */
public interface IceListener {
  /** A candidate of ours was found and can be told to the peer. */
  void localCandidate(IceCandidate candidate);

  /** Gathering began or ended. */
  void gatheringStateChanged(IceGatheringState state);

  /** A server gave no candidate. */
  void candidateError(IceCandidateError error);

  /** The agent's state changed; {@link IceAgent#state} says the same already. */
  void stateChanged(IceState state);

  /**
   * Another pair carries data from now on, or the same one with another name: the peer's candidate
   * was known from its check only and has been signalled now (RFC 8445 section 7.3.1.3).
   */
  void selectedPairChanged(SelectedPair pair);

  /**
   * A DTLS datagram (first byte 20 to 63) from an address that ICE has validated. One that came
   * between the peer's authenticated check and ours was held and comes once the pair is valid.
   *
   * @param buffer holds the datagram; its bytes are good until this returns
   * @param offset where it starts
   * @param length its length in bytes
   * @param nowNanos {@code loop().nowNanos()}
   */
  void datagram(byte[] buffer, int offset, int length, long nowNanos);

  /** The datagrams of one read were all given; a good moment to answer and to flush. */
  void turnEnd(long nowNanos);

  /**
   * The pair that carries data is another one, so what was learnt of the path (round-trip time,
   * congestion) no longer holds. Not called for the first pair.
   */
  void pathChanged();

  /**
   * The address of ours that carried the data vanished. Another pair was taken, or is looked for; a
   * restart tells the peer of the addresses that are there now.
   */
  void addressLost();

  /**
   * The socket takes datagrams again, or does not.
   *
   * @param writable what {@link IcePath#writable} says now
   */
  void writableChanged(boolean writable);
}
