package dev.tautline.ice.endpoint;

/**
 * Collects datagrams for one address and sends them together where that saves work. Every method on
 * the connection's loop.
 */
public interface DatagramSink {
  /** Copies one datagram into the batch. */
  void append(byte[] buffer, int offset, int length);

  /** Sends what was appended. */
  void flush();

  /** Lets go of what was not sent. */
  void discard();
}
