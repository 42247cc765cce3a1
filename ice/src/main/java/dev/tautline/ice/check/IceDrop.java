package dev.tautline.ice.check;

/** Why something was dropped or refused, for counting. */
public enum IceDrop {
  /** A datagram without bytes. */
  EMPTY,
  /** A first byte that no protocol here has (RFC 7983). */
  FIRST_BYTE,
  /** RTP or RTCP, which is not spoken here. */
  RTP,
  /** TURN channel data that no TURN server of ours sent. */
  CHANNEL_DATA,
  /** A first byte of 0 to 3, and no STUN message. */
  MALFORMED_STUN,
  /** A STUN request that is no check: another method, or no FINGERPRINT. */
  NO_CHECK,
  /** A STUN indication. */
  INDICATION,
  /** A check with missing or wrong credentials. */
  UNAUTHENTICATED_CHECK,
  /** A response to no request of ours. */
  UNKNOWN_TRANSACTION,
  /** A response without valid integrity, or from elsewhere. */
  UNAUTHENTICATED_RESPONSE,
  /**
   * An error answer that was not sent, as too many were, or as it would be longer than the request.
   */
  ERROR_ANSWER_WITHHELD,
  /** A candidate of the peer above the limit. */
  REMOTE_CANDIDATE_LIMIT,
  /** A peer-reflexive candidate above the limit. */
  PEER_REFLEXIVE_LIMIT,
  /** A pair that was dropped as 100 better ones are there. */
  PAIR_LIMIT,
  /** A check that came before the peer's credentials, above the limit of those remembered. */
  EARLY_CHECK_LIMIT,
  /** A DTLS datagram from an address that ICE does not know. */
  DTLS_FROM_UNKNOWN,
  /** A DTLS datagram that came before the pair was valid, above what is held. */
  DTLS_HELD_LIMIT,
  /** A datagram that was not sent, as there is no pair with consent. */
  NOT_SENT_WITHOUT_CONSENT,
  /** A batch that the system did not split (GSO), sent again singly. */
  GSO_FALLBACK,
  /** A datagram that the system refused to send. */
  SEND_ERROR
}
