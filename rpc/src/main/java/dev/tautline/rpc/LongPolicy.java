package dev.tautline.rpc;

/** What happens to integers that a JavaScript number cannot hold: beyond 2^53 - 1. */
public enum LongPolicy {
  /** A decimal string for those that do not fit; the default. */
  AUTO_STRING,
  /** A decimal string for every {@code long} and {@code BigInteger}. */
  ALWAYS_STRING,
  /** An error for those that do not fit. */
  ERROR,
  /**
   * {@code BigInt} through the handler {@code java.bigint} if the peer announced it and the value
   * is at top level, else as {@link #AUTO_STRING}.
   */
  BIGINT
}
