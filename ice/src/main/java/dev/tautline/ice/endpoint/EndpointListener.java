package dev.tautline.ice.endpoint;

import java.net.InetSocketAddress;

/** Who gets what an endpoint receives; every call on the connection's loop. */
public interface EndpointListener {
  /**
   * A datagram came.
   *
   * @param endpoint where
   * @param buffer holds it; its bytes are good until this returns
   * @param offset where it starts
   * @param length its length, 0 is possible
   * @param from its source
   */
  void datagram(Endpoint endpoint, byte[] buffer, int offset, int length, InetSocketAddress from);

  /** The datagrams of one read were all given. */
  void readEnd();

  /** The endpoint takes more, or does not. */
  void writableChanged(Endpoint endpoint, boolean writable);

  /** The system refused to send something. */
  void sendFailed(Endpoint endpoint, Throwable cause);

  /** A batch was refused as a whole and sent again singly. */
  void segmentationFailed(Endpoint endpoint, Throwable cause);

  /**
   * The endpoint ended by itself: a connection was closed, an allocation lost. It carries nothing
   * any more.
   *
   * @param why in plain words
   */
  void endpointLost(Endpoint endpoint, String why);

  /**
   * One peer cannot be reached over the endpoint any more: its connection ended. Others can.
   *
   * @param peer its address
   * @param why in plain words
   */
  default void peerLost(Endpoint endpoint, InetSocketAddress peer, String why) {}
}
