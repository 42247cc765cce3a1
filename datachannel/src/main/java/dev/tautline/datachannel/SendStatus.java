package dev.tautline.datachannel;

/** What became of a message that was offered with {@link DataChannel#trySend(byte[])}. */
public enum SendStatus {
  /** It will be sent. */
  ACCEPTED,
  /** The channel's or the connection's send buffer is full, or earlier messages wait for room. */
  BUFFER_FULL,
  /** It is larger than {@link DataChannel#maxMessageSize()}. */
  TOO_LARGE,
  /** The channel is not open. */
  NOT_OPEN
}
