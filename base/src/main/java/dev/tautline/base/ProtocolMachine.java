package dev.tautline.base;

import org.jspecify.annotations.Nullable;

/**
 * The face that every protocol object shares: bytes and time go in, packets and events are asked
 * for. An implementation does no I/O, reads no clock, never sleeps or blocks and calls no user
 * code.
 *
 * <p>Thread rule: used by one thread at a time.
 *
 * <p>Time is nanoseconds since the object was made, starting at 0 and never going back. Output may
 * be drained after several inputs; nothing depends on draining in between.
 *
 * @param <E> what happened, as an immutable value
 */
public interface ProtocolMachine<E> {
  /**
   * Takes one packet from the network. Never throws for bad input: such a packet is dropped and
   * counted.
   *
   * @param nowNanos the present time
   * @param packet holds the packet; what of it is kept is copied before this returns
   * @param offset where the packet starts
   * @param length its length in bytes
   */
  void receive(long nowNanos, byte[] packet, int offset, int length);

  /** Fires what is due at {@code nowNanos}. */
  void advanceTo(long nowNanos);

  /** When {@link #advanceTo} has work again, or {@link Timer#NOT_RUNNING} when nothing waits. */
  long nextDeadlineNanos();

  /**
   * Writes the next packet to send into {@code out}.
   *
   * @param nowNanos the present time
   * @param out where to write
   * @param offset the index of the first byte to write
   * @param limit the index behind the last byte that may be written
   * @return the packet's length in bytes, 0 when there is nothing to send now
   */
  int pollPacket(long nowNanos, byte[] out, int offset, int limit);

  /** The next event, or null when there is none. */
  @Nullable E pollEvent();
}
