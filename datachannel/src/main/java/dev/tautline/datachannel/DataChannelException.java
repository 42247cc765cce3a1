package dev.tautline.datachannel;

import java.util.OptionalInt;

/** A channel refused a call, or ended by a fault; {@link #code()} says which. */
public final class DataChannelException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** Which refusal or fault. The names in brackets are the W3C's. */
  public enum Code {
    /** The channel is not open (InvalidStateError). */
    INVALID_STATE,
    /** The message is larger than the peer takes (TypeError). */
    TYPE_ERROR,
    /** The send buffer is full (OperationError). */
    OPERATION_ERROR,
    /** The association under the channels ended (RTCError sctp-failure). */
    SCTP_FAILURE,
    /**
     * The channel itself broke: its id cannot be used, the peer refused it (data-channel-failure).
     */
    DATA_CHANNEL_FAILURE,
    /** ICE or DTLS ended under the channel. */
    TRANSPORT_FAILURE,
    /** The connection was closed on this side. */
    CLOSED
  }

  private final Code code;
  private final int sctpCauseCode;

  DataChannelException(Code code, String message) {
    this(code, message, -1);
  }

  DataChannelException(Code code, String message, int sctpCauseCode) {
    super(message);
    this.code = code;
    this.sctpCauseCode = sctpCauseCode;
  }

  /** Which refusal or fault. */
  public Code code() {
    return code;
  }

  /** The cause code of the peer's ABORT (RFC 9260 section 3.3.10), with SCTP_FAILURE only. */
  public OptionalInt sctpCauseCode() {
    return sctpCauseCode < 0 ? OptionalInt.empty() : OptionalInt.of(sctpCauseCode);
  }
}
