package dev.tautline.datachannel;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A connection refused a call, or failed; {@link #code()} says which. */
public final class PeerConnectionException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** Which refusal or failure. The names in brackets are the W3C's. */
  public enum Code {
    /** The call does not fit the present state, or the connection is closed (InvalidStateError). */
    INVALID_STATE,
    /** The local description is not the one that was created (InvalidModificationError). */
    INVALID_MODIFICATION,
    /** The description contradicts itself or the session (InvalidAccessError). */
    INVALID_ACCESS,
    /** The text is not a usable session description (RTCError sdp-syntax-error). */
    SDP_SYNTAX,
    /** An argument is out of its range (TypeError). */
    TYPE_ERROR,
    /** The call cannot be carried out (OperationError). */
    OPERATION_ERROR,
    /** No candidate pair works. */
    ICE_FAILED,
    /** The DTLS handshake failed (RTCError dtls-failure). */
    DTLS_FAILED,
    /** The peer's certificate is not the one its description announced (fingerprint-failure). */
    FINGERPRINT_MISMATCH,
    /** The SCTP association could not be established or ended (RTCError sctp-failure). */
    SCTP_FAILED,
    /** A phase took longer than its limit; the message names phase and limit. */
    TIMEOUT,
    /** The peer closed the connection. */
    PEER_CLOSED,
    /** The connection was closed on this side while the call waited. */
    CLOSED,
    /** A fault of this library. */
    INTERNAL
  }

  private final Code code;
  private final transient @Nullable IceReport iceReport;

  PeerConnectionException(Code code, String message) {
    this(code, message, null, null);
  }

  PeerConnectionException(
      Code code, String message, @Nullable IceReport iceReport, @Nullable Throwable cause) {
    super(message, cause);
    this.code = code;
    this.iceReport = iceReport;
  }

  /** Which refusal or failure. */
  public Code code() {
    return code;
  }

  /** What ICE tried and how each attempt ended, where ICE had begun. */
  public Optional<IceReport> iceReport() {
    return Optional.ofNullable(iceReport);
  }
}
