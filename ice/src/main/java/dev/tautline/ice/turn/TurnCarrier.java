package dev.tautline.ice.turn;

import dev.tautline.ice.endpoint.DatagramSink;

/** What brings bytes to a TURN server; on the connection's loop. */
interface TurnCarrier {
  /** Sends one message or frame with the next {@link #flush}. */
  void write(byte[] bytes);

  /** Sends what was written. */
  void flush();

  /** A batch for data, whose {@code append(header, …)} is used. */
  DatagramSink sink();

  /** Whether it takes more. */
  boolean isWritable();

  /** {@code UDP}, {@code TCP} or {@code TLS}. */
  String name();

  /** Lets what was flushed leave, and ends. */
  void close();
}
