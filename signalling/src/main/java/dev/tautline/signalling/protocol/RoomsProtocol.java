package dev.tautline.signalling.protocol;

/** The protocol's fixed words and numbers. */
public final class RoomsProtocol {
  /** The version that claims announce. */
  public static final int VERSION = 1;

  /** The subprotocol that the server selects on a WebSocket. */
  public static final String SUBPROTOCOL = "tautline.rooms.v1";

  /**
   * What a client's token follows in its list of subprotocols. A browser's script can set no header
   * on a WebSocket, and URLs end up in logs.
   */
  public static final String TOKEN_SUBPROTOCOL_PREFIX = "token.";

  /** The largest message in either direction, in bytes of UTF-8, unless an option says less. */
  public static final int MAX_MESSAGE_BYTES = 65_536;

  /** The largest number in any message: what JavaScript holds exactly. */
  public static final long MAX_NUMBER = (1L << 53) - 1;

  private RoomsProtocol() {}
}
