package dev.tautline.ice.udp;

/** Whose what comes from one address is, and whether another connection may take it. */
final class Claim {
  /** Who is at the address. */
  enum Of {
    /** The peer: another connection may take it once consent is over. */
    PEER,
    /** A TURN server that was asked for an allocation: it is the owner's until that closes. */
    SERVER
  }

  private final SharedEndpoint owner;
  private final Of of;
  private volatile boolean consented;
  private volatile long freshUntil;

  Claim(SharedEndpoint owner, Of of) {
    this.owner = owner;
    this.of = of;
  }

  SharedEndpoint owner() {
    return owner;
  }

  boolean isServer() {
    return of == Of.SERVER;
  }

  void consented(long nanos) {
    freshUntil = System.nanoTime() + nanos;
    consented = true;
  }

  /** Whether the address does not move: the peer there consents to what the owner sends. */
  boolean isFresh() {
    return isServer() || consented && System.nanoTime() - freshUntil < 0;
  }
}
