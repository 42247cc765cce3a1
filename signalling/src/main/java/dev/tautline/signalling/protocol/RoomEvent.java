package dev.tautline.signalling.protocol;

/** What happened in a room, as one member sees it. */
public sealed interface RoomEvent {
  /**
   * Another member is there.
   *
   * @param peer who
   */
  record PeerJoined(Peer peer) implements RoomEvent {}

  /**
   * Another member is no longer there.
   *
   * @param peer who
   * @param reason why
   */
  record PeerLeft(Peer peer, LeaveReason reason) implements RoomEvent {}

  /**
   * Another member said something.
   *
   * @param from its number
   * @param message what
   */
  record Relayed(long from, RelayedMessage message) implements RoomEvent {}

  /**
   * An event that this version does not know: counted, else ignored.
   *
   * @param type its type on the wire
   */
  record Unknown(String type) implements RoomEvent {}
}
