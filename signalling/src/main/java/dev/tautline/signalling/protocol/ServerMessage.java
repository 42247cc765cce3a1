package dev.tautline.signalling.protocol;

/** What the server sends to a member. */
public sealed interface ServerMessage {
  /**
   * The first message on every WebSocket.
   *
   * @param room the room's name
   * @param incarnation which life of the room
   * @param slot the member's slot
   * @param member the member's number
   * @param accepted the highest id of the member's messages that the server has taken
   * @param expiresMillis how long the slot lives without a sign of life, in milliseconds
   */
  record Welcome(
      RoomName room, long incarnation, Slot slot, long member, long accepted, long expiresMillis)
      implements ServerMessage {}

  /**
   * One event.
   *
   * @param number counts the member's events from 1 without gaps
   * @param event what happened
   */
  record Numbered(long number, RoomEvent event) implements ServerMessage {}

  /**
   * The server has taken all messages up to this id.
   *
   * @param id the highest taken id
   */
  record Accepted(long id) implements ServerMessage {}

  /**
   * The server has taken the message with this id and cannot deliver it.
   *
   * @param id the message's id
   * @param problem why
   */
  record Refused(long id, Problem problem) implements ServerMessage {}

  /** The answer to a ping. */
  record Pong() implements ServerMessage {}

  /**
   * A message that this version does not know: ignored.
   *
   * @param type its type on the wire
   */
  record Unknown(String type) implements ServerMessage {}
}
