package dev.tautline.signalling.protocol;

/** What a member sends to the server. */
public sealed interface ClientMessage {
  /**
   * A message for another member.
   *
   * @param id counts the sender's relayed messages from 1; the server takes each once
   * @param to the receiving member's number
   * @param message what to relay
   */
  record Relay(long id, long to, RelayedMessage message) implements ClientMessage {}

  /**
   * All events up to this number have been processed.
   *
   * @param event the highest processed number
   */
  record Ack(long event) implements ClientMessage {}

  /** Does the server still answer? */
  record Ping() implements ClientMessage {}

  /** The member frees its slot. */
  record Leave() implements ClientMessage {}
}
