package dev.tautline.rpc.endpoint.datachannel;

import dev.tautline.datachannel.DataChannel;
import dev.tautline.datachannel.DataChannelMessage;
import dev.tautline.datachannel.DataChannelState;
import dev.tautline.datachannel.SendStatus;
import dev.tautline.rpc.endpoint.EndpointException;
import dev.tautline.rpc.endpoint.RpcEndpoint;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * RPC on a data channel, which must be reliable and ordered. The channel may still be connecting:
 * what is sent before it opens waits. The endpoint takes the channel's handlers for itself.
 */
public final class DataChannelEndpoint implements RpcEndpoint {
  private static final long LOW_WATER_BYTES = 64 * 1024;
  private static final long MAX_EARLY_BYTES = 1 << 20;

  private final DataChannel channel;
  private final Object lock = new Object();
  private final Deque<String> early = new ArrayDeque<>();
  private long earlyBytes;
  private long waitingBytes;
  private boolean open;
  private boolean closeReported;
  private @Nullable String failure;
  private @Nullable Listener current;

  private DataChannelEndpoint(DataChannel channel) {
    this.channel = channel;
  }

  /**
   * An endpoint on the channel.
   *
   * @throws IllegalArgumentException if the channel may lose or reorder messages: a port is used
   *     right after the frame that introduces it
   */
  public static DataChannelEndpoint of(DataChannel channel) {
    if (!channel.ordered()
        || channel.maxRetransmits().isPresent()
        || channel.maxPacketLifeTime().isPresent()) {
      throw new IllegalArgumentException(
          "channel '" + channel.label() + "' is not reliable and ordered, which RPC needs");
    }
    return new DataChannelEndpoint(channel);
  }

  @Override
  public void start(Listener listener) {
    channel.setBufferedAmountLowThreshold(LOW_WATER_BYTES);
    channel.onBufferedAmountLow(listener::drained);
    channel.onError(e -> failure(e.getMessage()));
    channel.onClose(() -> report(listener));
    channel.onOpen(() -> opened(listener));
    channel.onMessage(
        message -> {
          if (message instanceof DataChannelMessage.Text text) {
            listener.text(text.text());
          } else if (message instanceof DataChannelMessage.Binary binary) {
            listener.binary(binary.data());
          }
        });
  }

  private void failure(@Nullable String message) {
    synchronized (lock) {
      failure = message;
    }
  }

  private void report(Listener listener) {
    String reason;
    synchronized (lock) {
      if (closeReported) {
        return;
      }
      closeReported = true;
      reason = failure == null ? "the data channel was closed" : failure;
    }
    listener.closed(reason);
  }

  private void opened(Listener listener) {
    synchronized (lock) {
      open = true;
      current = listener;
      try {
        String text;
        while ((text = early.poll()) != null) {
          put(listener, text);
        }
      } catch (EndpointException e) {
        // The limit is known only now, and what was accepted cannot be lost silently.
        early.clear();
        failure = "a message sent before the channel opened was not taken: " + e.getMessage();
        channel.close();
      }
      earlyBytes = 0;
    }
    listener.drained();
  }

  @Override
  public void send(String text) {
    synchronized (lock) {
      if (!open) {
        DataChannelState state = channel.readyState();
        if (state == DataChannelState.CLOSING || state == DataChannelState.CLOSED) {
          throw new EndpointException(
              EndpointException.Reason.CLOSED, "the data channel is " + state);
        }
        int bytes = text.getBytes(StandardCharsets.UTF_8).length;
        if (earlyBytes > 0 && earlyBytes + bytes > MAX_EARLY_BYTES) {
          throw new EndpointException(
              EndpointException.Reason.FULL, "the data channel is not open yet");
        }
        early.add(text);
        earlyBytes += bytes;
        return;
      }
      put(current, text);
    }
  }

  /** Under the lock, so that what was sent early goes first. */
  private void put(@Nullable Listener listener, String text) {
    SendStatus status = channel.trySend(text);
    switch (status) {
      case ACCEPTED -> {}
      case BUFFER_FULL -> waitForRoom(listener, text);
      case TOO_LARGE ->
          throw new EndpointException(
              EndpointException.Reason.TOO_LARGE,
              "more than " + channel.maxMessageSize() + " bytes");
      case NOT_OPEN ->
          throw new EndpointException(
              EndpointException.Reason.CLOSED, "the data channel is " + channel.readyState());
    }
  }

  /**
   * The buffer may be full with other channels' data, of which this one hears nothing: the channel
   * itself knows when there is room.
   */
  private void waitForRoom(@Nullable Listener listener, String text) {
    int bytes = text.getBytes(StandardCharsets.UTF_8).length;
    waitingBytes += bytes;
    channel
        .sendAsync(text)
        .whenComplete(
            (done, e) -> {
              synchronized (lock) {
                waitingBytes -= bytes;
              }
              // A failure means that the channel ended, which is reported by itself.
              if (listener != null) {
                listener.drained();
              }
            });
  }

  @Override
  public long bufferedAmount() {
    synchronized (lock) {
      return earlyBytes + waitingBytes + channel.bufferedAmount();
    }
  }

  @Override
  public int maxMessageBytes() {
    return channel.maxMessageSize();
  }

  @Override
  public void close() {
    channel.close();
  }

  @Override
  public String toString() {
    return "DataChannelEndpoint[" + channel.label() + "]";
  }
}
