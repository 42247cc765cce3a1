package dev.tautline.ice.udp;

/** Whose what comes from one address is, and whether another connection may take it. */
final class Claim {
  private final SharedEndpoint owner;
  private volatile boolean consented;
  private volatile long freshUntil;

  Claim(SharedEndpoint owner) {
    this.owner = owner;
  }

  SharedEndpoint owner() {
    return owner;
  }

  void consented(long nanos) {
    freshUntil = System.nanoTime() + nanos;
    consented = true;
  }

  /** Whether the peer there consents to what the owner sends: then the address does not move. */
  boolean isFresh() {
    return consented && System.nanoTime() - freshUntil < 0;
  }
}
