package dev.tautline.sctp;

/** Why a packet or a part of it was dropped. */
public enum DropReason {
  /** Shorter than a header and a chunk. */
  TOO_SHORT,
  /** The checksum is wrong. */
  BAD_CHECKSUM,
  /** The ports are not this association's. */
  WRONG_PORTS,
  /** The verification tag is not this association's, RFC 9260 section 8.5. */
  WRONG_TAG,
  /** A chunk's length or value is malformed. */
  MALFORMED_CHUNK,
  /** INIT, INIT ACK or SHUTDOWN COMPLETE was bundled, RFC 9260 section 6.10. */
  BAD_BUNDLE,
  /** A chunk that means nothing in the present state. */
  UNEXPECTED_CHUNK,
  /** A chunk type that is not known. */
  UNKNOWN_CHUNK,
  /** A packet for no association, RFC 9260 section 8.4. */
  OUT_OF_THE_BLUE,
  /** A cookie that was not made here, or was edited. */
  FORGED_COOKIE,
  /** A cookie that came after its life. */
  STALE_COOKIE,
  /** A cookie of an association that no longer matches. */
  MISMATCHED_COOKIE,
  /** A SACK older than what is acknowledged. */
  OLD_SACK,
  /** A SACK for data that was never sent. */
  IMPOSSIBLE_SACK,
  /** A TSN too far ahead. */
  TSN_OUTSIDE_WINDOW,
  /** Data that came although there is no room. */
  RECEIVE_BUFFER_FULL,
  /** Data on a stream that does not exist. */
  INVALID_STREAM,
  /** A message or fragment that contradicts what came before it. */
  INCONSISTENT_DATA,
  /** FORWARD-TSN at or below what was received. */
  OLD_FORWARD_TSN,
  /** A heartbeat answer whose nonce is not ours. */
  FORGED_HEARTBEAT_ACK
}
