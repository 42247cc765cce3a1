package dev.tautline.ice;

/**
 * The way out for datagrams of the layer above. Every method on the agent's loop.
 *
 * <p>Datagrams of equal size that are appended one after another leave in one system call where the
 * operating system can split them (GSO); the last may be shorter.
 */
public interface IcePath {
  /** Whether a valid pair with the peer's consent exists, so that what is appended is sent. */
  boolean ready();

  /**
   * Copies one datagram into the batch. Dropped and counted when there is no pair with consent, as
   * it would be on the network.
   *
   * @throws IllegalArgumentException if it is longer than {@link #maxPayload}
   */
  void append(byte[] buffer, int offset, int length);

  /** Sends what was appended. */
  void flush();

  /** Whether the socket takes more; when not, {@link IceListener#writableChanged} tells. */
  boolean writable();

  /** The longest datagram, in bytes of UDP payload. */
  int maxPayload();

  /** Whether the peer's consent to receive (RFC 7675) is fresh on the pair in use. */
  boolean hasConsent();

  /**
   * The layer above opened an authenticated record that came over this path. It counts as a sign of
   * life for {@link IceState#DISCONNECTED}; consent is renewed by checks alone.
   */
  void authenticated();
}
