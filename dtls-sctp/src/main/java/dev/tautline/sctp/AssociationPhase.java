package dev.tautline.sctp;

/** The states of RFC 9260 section 4, as {@link Association#state} tells them. */
public enum AssociationPhase {
  /** Not yet connected, or ended. */
  CLOSED,
  /** INIT was sent. */
  COOKIE_WAIT,
  /** COOKIE ECHO was sent. */
  COOKIE_ECHOED,
  /** Data flows. */
  ESTABLISHED,
  /** We want to end and wait for our data to be acknowledged. */
  SHUTDOWN_PENDING,
  /** SHUTDOWN was sent. */
  SHUTDOWN_SENT,
  /** The peer wants to end; our data is still to be acknowledged. */
  SHUTDOWN_RECEIVED,
  /** SHUTDOWN ACK was sent. */
  SHUTDOWN_ACK_SENT
}
