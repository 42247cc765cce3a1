package dev.tautline.ice.udp;

/** Why a datagram that came to a shared port went to no connection. */
public enum PortDrop {
  /** No bytes, or a first byte below 4 and no STUN message. */
  MALFORMED,
  /** A check for no connection that is there. */
  UNKNOWN_UFRAG,
  /** Not STUN, and from an address that no connection authenticated: DTLS in front of all. */
  UNKNOWN_ADDRESS,
  /** A response, or an indication, that nobody waits for. */
  UNKNOWN_TRANSACTION,
  /** From an address that is another connection's, whose consent is fresh. */
  ADDRESS_TAKEN,
  /** For a connection on another loop, above what waits for that loop. */
  LOOP_BEHIND,
  /** The system refused to send it. */
  SEND_ERROR
}
