package dev.tautline.dtls.engine;

/**
 * Limits how many handshakes compute at once. Held while a handshake computes, given back while it
 * waits for the peer.
 *
 * <p>Thread rule: any thread.
 */
public interface ComputeGate {
  /** Lets everybody through. */
  ComputeGate OPEN =
      new ComputeGate() {
        @Override
        public void enter() {}

        @Override
        public void leave() {}
      };

  /** Waits for its turn; not interruptible, since every turn is short. */
  void enter();

  /** Gives the turn back. */
  void leave();
}
