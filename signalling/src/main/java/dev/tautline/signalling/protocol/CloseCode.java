package dev.tautline.signalling.protocol;

/** Why a server closes a WebSocket, as close codes of RFC 6455 section 7.4. */
public enum CloseCode {
  /** After {@code leave}. */
  LEFT(1000),
  /** The server stops. */
  GOING_AWAY(1001),
  /** A frame that is not text. */
  NOT_TEXT(1003),
  /** A message over the limit. */
  TOO_LARGE(1009),
  /** The server met a fault of its own. */
  INTERNAL(1011),
  /** A message broke the protocol. */
  BROKEN_PROTOCOL(4400),
  /** The token is not that of a present member. */
  BAD_TOKEN(4401),
  /** Another WebSocket with the same token took over. */
  TAKEN_OVER(4409),
  /** Too many messages per second. */
  TOO_MANY(4429);

  private final int number;

  CloseCode(int number) {
    this.number = number;
  }

  /** The code on the wire. */
  public int number() {
    return number;
  }
}
