package dev.tautline.cli;

import dev.tautline.datachannel.DataChannel;
import dev.tautline.datachannel.DataChannelMessage;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.function.LongConsumer;

/** Moves a known amount of random bytes over a channel of its own and compares by SHA-256. */
final class Transfer {
  static final String LABEL = "transfer";
  private static final int MESSAGE_BYTES = 64 * 1024;
  private static final long BUFFER_BYTES = 4L << 20;

  private Transfer() {}

  private static MessageDigest newDigest() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  /**
   * Sends {@code total} bytes, never more than 4 MiB ahead of the network.
   *
   * @return the SHA-256 in hex of what was sent
   */
  static String send(DataChannel channel, long total, LongConsumer progress)
      throws InterruptedException {
    MessageDigest digest = newDigest();
    var random = new SplittableRandom(0x7a07);
    byte[] message = new byte[MESSAGE_BYTES];
    var room = new Semaphore(0);
    channel.setBufferedAmountLowThreshold(BUFFER_BYTES / 2);
    channel.onBufferedAmountLow(room::release);
    channel.onClose(() -> room.release(Integer.MAX_VALUE / 2));
    for (long sent = 0; sent < total; ) {
      int length = (int) Math.min(MESSAGE_BYTES, total - sent);
      if (length < message.length) {
        message = new byte[length];
      }
      random.nextBytes(message);
      digest.update(message);
      while (channel.bufferedAmount() + length > BUFFER_BYTES) {
        room.acquire();
      }
      channel.send(message);
      sent += length;
      progress.accept(sent - channel.bufferedAmount());
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  /** Takes what comes, on the connection's loop, and tells its SHA-256 at a given length. */
  static final class Receiver {
    private final MessageDigest digest = newDigest();
    private long bytes;
    private long wanted = -1;
    private final CompletableFuture<String> result = new CompletableFuture<>();

    void attach(DataChannel channel) {
      channel.onMessage(this::message);
      channel.onClose(
          () ->
              result.completeExceptionally(
                  new IllegalStateException("the channel closed before all data was there")));
    }

    private synchronized void message(DataChannelMessage message) {
      if (message instanceof DataChannelMessage.Binary binary) {
        digest.update(binary.data());
        bytes += binary.data().length;
        finishWhenComplete();
      }
    }

    synchronized CompletableFuture<String> expect(long total) {
      wanted = total;
      finishWhenComplete();
      return result;
    }

    private void finishWhenComplete() {
      if (bytes == wanted && !result.isDone()) {
        result.complete(HexFormat.of().formatHex(digest.digest()));
      }
    }
  }
}
