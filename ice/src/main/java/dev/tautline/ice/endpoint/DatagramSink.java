package dev.tautline.ice.endpoint;

/**
 * Collects datagrams for one address and sends them together where that saves work. Every method on
 * the connection's loop.
 */
public interface DatagramSink {
  /** Copies one datagram into the batch. */
  void append(byte[] buffer, int offset, int length);

  /**
   * Copies one datagram into the batch behind a header of 4 bytes, as TURN's channel data has.
   *
   * @param header the 4 bytes, the first as the highest
   */
  void append(int header, byte[] buffer, int offset, int length);

  /** Sends what was appended. */
  void flush();

  /** Lets go of what was not sent. */
  void discard();
}
