package dev.tautline.datachannel;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/**
 * A channel for messages: the W3C's RTCDataChannel.
 *
 * <p>Thread rule: every method may be called from any thread. Handlers run on the connection's
 * event loop, or in order on the executor that {@link Tautline.Builder#callbackExecutor} named; on
 * the loop they must not block. Setting a handler replaces the one before.
 */
@SuppressWarnings("DoNotCallSuggester") // The transports join next.
public final class DataChannel implements AutoCloseable {
  DataChannel() {}

  private static UnsupportedOperationException unjoined() {
    return new UnsupportedOperationException("ICE, DTLS and SCTP are not joined yet");
  }

  /** The name that its maker gave it. */
  public String label() {
    throw unjoined();
  }

  /** The protocol that its maker named. */
  public String protocol() {
    throw unjoined();
  }

  /** The stream id; empty until it is known. */
  public OptionalInt id() {
    throw unjoined();
  }

  /** Whether messages keep their order. */
  public boolean ordered() {
    throw unjoined();
  }

  /** How often a message is sent again before it is given up; empty: for ever. */
  public OptionalInt maxRetransmits() {
    throw unjoined();
  }

  /** How long a message is tried before it is given up; empty: for ever. */
  public Optional<Duration> maxPacketLifeTime() {
    throw unjoined();
  }

  /** Whether both sides made it by themselves. */
  public boolean negotiated() {
    throw unjoined();
  }

  /** How far it is. */
  public DataChannelState readyState() {
    throw unjoined();
  }

  /** Payload bytes accepted for sending that were not handed to the network yet. */
  public long bufferedAmount() {
    throw unjoined();
  }

  /** At which {@link #bufferedAmount} the low event fires; 0 by default. */
  public long bufferedAmountLowThreshold() {
    throw unjoined();
  }

  /**
   * At which {@link #bufferedAmount} the low event fires.
   *
   * @param bytes 0 or more
   */
  public void setBufferedAmountLowThreshold(long bytes) {
    throw unjoined();
  }

  /** The largest message in bytes that may be sent. */
  public int maxMessageSize() {
    throw unjoined();
  }

  /**
   * Sends a string.
   *
   * @throws DataChannelException with INVALID_STATE when the channel is not open, TYPE_ERROR when
   *     the string is larger than {@link #maxMessageSize}, OPERATION_ERROR when the send buffer is
   *     full; then nothing of it is sent
   */
  public void send(String text) {
    throw unjoined();
  }

  /** Sends a copy of {@code data}; errors as {@link #send(String)}. */
  public void send(byte[] data) {
    throw unjoined();
  }

  /** Sends a copy of what remains in {@code data}, whose position stays. */
  public void send(ByteBuffer data) {
    throw unjoined();
  }

  /** Sends a string, or says why not. */
  public SendStatus trySend(String text) {
    throw unjoined();
  }

  /** Sends a copy of {@code data}, or says why not. */
  public SendStatus trySend(byte[] data) {
    throw unjoined();
  }

  /** Sends a copy of what remains in {@code data}, or says why not. */
  public SendStatus trySend(ByteBuffer data) {
    throw unjoined();
  }

  /**
   * Sends a string as soon as there is room.
   *
   * @return completes when it was accepted; fails with a {@link DataChannelException} as {@link
   *     #send(String)} would, save that a full buffer makes it wait
   */
  public CompletableFuture<Void> sendAsync(String text) {
    throw unjoined();
  }

  /** Sends a copy of {@code data} as soon as there is room; see {@link #sendAsync(String)}. */
  public CompletableFuture<Void> sendAsync(byte[] data) {
    throw unjoined();
  }

  /** Sends a copy of what remains in {@code data} as soon as there is room. */
  public CompletableFuture<Void> sendAsync(ByteBuffer data) {
    throw unjoined();
  }

  /** It is open; runs too when it was open already. */
  public DataChannel onOpen(Runnable handler) {
    throw unjoined();
  }

  /**
   * A message came. Those that came before a handler was set wait for it, and fill the receive
   * window meanwhile.
   */
  public DataChannel onMessage(Consumer<DataChannelMessage> handler) {
    throw unjoined();
  }

  /** The peer began to close it. */
  public DataChannel onClosing(Runnable handler) {
    throw unjoined();
  }

  /** It ended; runs too when it had ended already. */
  public DataChannel onClose(Runnable handler) {
    throw unjoined();
  }

  /** It ends by a fault; {@link #onClose} follows. */
  public DataChannel onError(Consumer<DataChannelException> handler) {
    throw unjoined();
  }

  /** {@link #bufferedAmount} fell to the threshold or below it. */
  public DataChannel onBufferedAmountLow(Runnable handler) {
    throw unjoined();
  }

  /** Completes when it is open; fails when it ends before. */
  public CompletableFuture<DataChannel> opened() {
    throw unjoined();
  }

  /** Completes when it ended, for whatever reason. */
  public CompletableFuture<Void> closed() {
    throw unjoined();
  }

  /**
   * Closes it: what was sent before still goes out, the peer is told, both directions end.
   *
   * @return {@link #closed}
   */
  public CompletableFuture<Void> closeAsync() {
    throw unjoined();
  }

  /** Begins to close it, without waiting. */
  @Override
  public void close() {
    throw unjoined();
  }
}
