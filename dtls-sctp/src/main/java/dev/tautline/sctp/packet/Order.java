package dev.tautline.sctp.packet;

/** Whether a message waits for those sent before it on its stream: the U bit. */
public enum Order {
  /** U = 0. */
  ORDERED,
  /** U = 1. */
  UNORDERED
}
