package dev.tautline.datachannel;

/** Whether 127.0.0.1 and ::1 are candidates. */
public enum Loopback {
  /** They are not: the default. */
  EXCLUDE,
  /** They are, beside the other addresses. */
  INCLUDE,
  /** Nothing else is: for two processes on one host. */
  ONLY
}
