package dev.tautline.dtls;

/** Why a record or a datagram was dropped. Nothing is sent in answer to any of these. */
public enum DtlsDrop {
  /** A record's length passes the datagram's end, or its header is no DTLS header. */
  MALFORMED_RECORD,
  /** The record came before {@code start} or after the end. */
  NOT_ACTIVE,
  /** A plaintext record, alert or not, after the handshake. */
  PLAINTEXT_AFTER_HANDSHAKE,
  /** A record of an epoch that is not ours. */
  OTHER_EPOCH,
  /** A record number seen before, or too old to know. */
  REPLAYED,
  /** The record did not open: forged, corrupted, or of another association. */
  BAD_RECORD,
  /** A handshake fragment that contradicts itself or another one. */
  MALFORMED_HANDSHAKE,
  /** A handshake message longer than is allowed, or too far ahead. */
  HANDSHAKE_LIMIT,
  /** A ClientHello of somebody else while a handshake or an association lives. */
  OTHER_CLIENT_HELLO,
  /** An alert before anything that could have caused it. */
  EARLY_ALERT,
  /** Application data that came early, above what is held. */
  HELD_DATA_OVERFLOW,
  /** A record type or handshake message that has no meaning now. */
  UNEXPECTED_RECORD
}
