package dev.tautline.testkit;

/**
 * A packet as its sender made it.
 *
 * @param number counts the packets of the network from 1 in the order they were sent
 * @param sentNanos when it was sent, in the network's time
 * @param direction which way it goes
 * @param from the sender's name
 * @param to the receiver's name
 * @param bytes its bytes; not to be changed
 */
@SuppressWarnings("ArrayRecordComponent") // Shown to rules by the hundred thousand: not copied.
public record SimulatedPacket(
    long number, long sentNanos, Direction direction, String from, String to, byte[] bytes) {
  /** Its length in bytes. */
  public int length() {
    return bytes.length;
  }

  /**
   * One byte of it as an unsigned number; -1 behind its end, so that rules need no length check.
   */
  public int u8(int index) {
    return index < bytes.length ? bytes[index] & 0xff : -1;
  }

  @Override
  public String toString() {
    return "#" + number + " " + from + " -> " + to + " " + bytes.length + " bytes";
  }
}
