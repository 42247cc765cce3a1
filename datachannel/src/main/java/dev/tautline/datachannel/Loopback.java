package dev.tautline.datachannel;

/** Whether 127.0.0.1 and ::1 are candidates. */
public enum Loopback {
  /**
   * They are not, as RFC 8445 section 5.1.1.1 wants it, unless an ICE server is at {@code
   * localhost} or another loopback address: nothing else reaches that. The default.
   */
  EXCLUDE,
  /** They are, beside the other addresses. */
  INCLUDE,
  /** Nothing else is: for two processes on one host. */
  ONLY
}
