package dev.tautline.ice.endpoint;

import java.net.InetSocketAddress;

/**
 * Where datagrams leave from and arrive at: one base of RFC 8445. What arrives goes to the {@link
 * EndpointListener} it was made with. Every method on the connection's loop.
 */
public interface Endpoint {
  /** The address that peers see as the source where no NAT lies between. */
  InetSocketAddress localAddress();

  /** What it is, in a few words for the report: {@code UDP 192.0.2.1:40000}. */
  String description();

  /** Sends one datagram with the next {@link #flush}; the array is not changed afterwards. */
  void write(byte[] datagram, InetSocketAddress to);

  /** Sends what was written. */
  void flush();

  /** A batch for the one address that data goes to. */
  DatagramSink sinkTo(InetSocketAddress to);

  /** Whether it takes more; {@link EndpointListener#writableChanged} tells when that changes. */
  boolean isWritable();

  /** The longest datagram it carries, in bytes of UDP payload. */
  int maxPayload();

  /**
   * A check may soon go to this address or come from there: a relay asks for its permission. By
   * default nothing is needed.
   */
  default void prepare(InetSocketAddress peer) {}

  /**
   * A check of the peer that came from this address was authenticated. Where several connections
   * share a port, what comes from there is this one's from now on.
   */
  default void authenticated(InetSocketAddress peer) {}

  /**
   * The peer at this address consents to receive (RFC 7675): until the time is over no other
   * connection takes the address.
   *
   * @param nanos how long from now
   */
  default void consented(InetSocketAddress peer, long nanos) {}

  /** No address is this one's any more: consent ended everywhere. */
  default void forgetPeers() {}

  /** Closes it; nothing is told afterwards. What it shares with others stays open. */
  void close();
}
