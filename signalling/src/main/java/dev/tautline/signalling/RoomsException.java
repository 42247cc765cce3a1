package dev.tautline.signalling;

import org.jspecify.annotations.Nullable;

/** Why a rooms server did not start or a room could not be joined; the message says what to do. */
public final class RoomsException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** What went wrong. */
  public enum Code {
    /** The server's port is taken. */
    PORT_TAKEN,
    /** The server cannot listen on the address. */
    CANNOT_BIND,
    /** No rooms server answers at the address, or not in time. */
    SERVER_UNREACHABLE,
    /** What answers is not a rooms server, or one that speaks otherwise. */
    NOT_A_ROOMS_SERVER,
    /** The server refused, for one of its limits or rules. */
    REFUSED,
    /** All slots of the room are taken. */
    ROOM_FULL,
    /** Nobody else came into the room in time. */
    PEER_DID_NOT_COME,
    /** The other peer left before the connection was up. */
    PEER_LEFT,
    /** Both are in the room, but the connection between them did not come up. */
    CONNECT_FAILED,
    /** The slot was lost: the server forgot it, or someone else has its token. */
    SLOT_LOST,
    /** The room was closed on this side. */
    CLOSED
  }

  private final Code code;

  /**
   * Makes an exception.
   *
   * @param code what went wrong
   * @param message one sentence, and what to do
   * @param cause what caused it, or null
   */
  public RoomsException(Code code, String message, @Nullable Throwable cause) {
    super(message, cause);
    this.code = code;
  }

  /** What went wrong. */
  public Code code() {
    return code;
  }
}
