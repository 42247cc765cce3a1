package dev.tautline.rpc.endpoint;

/**
 * One reliable, ordered channel of text messages. Every method may be called by any thread; none of
 * them blocks.
 */
public interface RpcEndpoint extends AutoCloseable {
  /**
   * Sends one text message, after those sent before it.
   *
   * @throws EndpointException when it was not taken; then nothing of it was sent
   */
  void send(String text);

  /**
   * Begins to deliver to the listener, once. What came before is delivered first. A channel that is
   * closed already reports that.
   */
  void start(Listener listener);

  /** UTF-8 bytes taken by {@link #send} that have not left yet. */
  long bufferedAmount();

  /** The largest message that the peer takes, in UTF-8 bytes. May change while connecting. */
  int maxMessageBytes();

  /** Closes the channel; {@link Listener#closed} follows. Idempotent. */
  @Override
  void close();

  /** Where an endpoint delivers to: one call at a time, in order, and it does not block. */
  interface Listener {
    /** A text message. */
    void text(String frame);

    /** A binary message. */
    void binary(byte[] message);

    /** Much of what was buffered has left: a good moment to send more. May come at any time. */
    void drained();

    /** The channel is closed; nothing follows. */
    void closed(String reason);
  }
}
