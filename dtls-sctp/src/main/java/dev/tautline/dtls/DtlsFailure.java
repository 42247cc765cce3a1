package dev.tautline.dtls;

/** Why a DTLS association ended without anybody closing it. */
public enum DtlsFailure {
  /** The peer's certificate has none of the fingerprints that signalling announced. */
  FINGERPRINT_MISMATCH,
  /** The peer sent a fatal alert; the detail names it. */
  PEER_ALERT,
  /** The handshake did not end, or made no progress, in the time allowed. */
  TIMEOUT,
  /** The handshake cannot succeed; the detail names the alert that was sent. */
  HANDSHAKE_FAILED,
  /** The peer made us buffer more of a handshake than is allowed. */
  LIMIT_EXCEEDED,
  /** The executor of handshakes took no more. */
  OVERLOADED,
  /** All 2^48 record numbers were used. */
  RECORD_NUMBERS_EXHAUSTED,
  /** A fault of this library or of the one below it. */
  INTERNAL_ERROR
}
