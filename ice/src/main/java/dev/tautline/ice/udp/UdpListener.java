package dev.tautline.ice.udp;

import java.net.InetSocketAddress;

/** Who gets what a socket receives; every call on the socket's loop. */
public interface UdpListener {
  /**
   * A datagram came.
   *
   * @param socket where
   * @param buffer holds it; its bytes are good until this returns
   * @param offset where it starts
   * @param length its length, 0 is possible
   * @param from its source
   */
  void datagram(UdpSocket socket, byte[] buffer, int offset, int length, InetSocketAddress from);

  /** The datagrams of one read were all given. */
  void readEnd();

  /** The socket takes more, or does not. */
  void writableChanged(UdpSocket socket, boolean writable);

  /** The system refused to send something. */
  void sendFailed(UdpSocket socket, Throwable cause);

  /** A batch was refused as a whole and sent again singly. */
  void segmentationFailed(UdpSocket socket, Throwable cause);
}
