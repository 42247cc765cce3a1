package dev.tautline.interop.peer;

import dev.tautline.datachannel.DataChannel;
import dev.tautline.datachannel.DataChannelMessage;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** A channel of ours and the messages that came on it. */
public final class OurChannel {
  private final OurPeer peer;
  private final DataChannel channel;
  private final BlockingQueue<DataChannelMessage> messages = new LinkedBlockingQueue<>();

  OurChannel(OurPeer peer, DataChannel channel) {
    this.peer = peer;
    this.channel = channel;
    channel.onMessage(messages::add);
  }

  /** The channel itself. */
  public DataChannel channel() {
    return channel;
  }

  /** Waits until it is open. */
  public OurChannel awaitOpen() {
    peer.await(channel.opened(), "channel " + channel.label() + " opens");
    return this;
  }

  /** Waits until it is closed. */
  public void awaitClosed() {
    peer.await(channel.closed(), "channel " + channel.label() + " closes");
  }

  /** Waits for the next message. */
  public DataChannelMessage await(long limitSeconds) {
    try {
      DataChannelMessage message = messages.poll(limitSeconds, TimeUnit.SECONDS);
      if (message == null) {
        throw peer.failure("no message on " + channel.label() + " in " + limitSeconds + " s", null);
      }
      return message;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw peer.failure("interrupted while waiting for a message", e);
    }
  }

  /** Waits for the next message, which must be text. */
  public String awaitText() {
    DataChannelMessage message = await(ForeignPeer.LIMIT.toSeconds());
    if (message instanceof DataChannelMessage.Text text) {
      return text.text();
    }
    throw peer.failure("expected text on " + channel.label() + ", bytes came", null);
  }

  /** Waits for the next message, which must be bytes. */
  public byte[] awaitBytes() {
    DataChannelMessage message = await(ForeignPeer.LIMIT.toSeconds());
    if (message instanceof DataChannelMessage.Binary binary) {
      return binary.data();
    }
    throw peer.failure("expected bytes on " + channel.label() + ", text came: " + message, null);
  }

  /** How many messages wait. */
  public int waiting() {
    return messages.size();
  }
}
