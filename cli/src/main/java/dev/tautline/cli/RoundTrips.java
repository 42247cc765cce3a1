package dev.tautline.cli;

import dev.tautline.datachannel.DataChannel;
import dev.tautline.datachannel.DataChannelMessage;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;

/** Measures how long a 64-byte message takes there and back, one at a time. */
final class RoundTrips {
  static final String LABEL = "round trips";
  private static final int MESSAGE_BYTES = 64;
  private static final int WARM_UP = 2_000;
  private static final int COUNTED = 3_000;

  private RoundTrips() {}

  /** Sends everything back. */
  static void echo(DataChannel channel) {
    channel.onMessage(
        message -> {
          if (message instanceof DataChannelMessage.Binary binary) {
            channel.send(binary.data());
          }
        });
  }

  /** Microseconds at the median and the 99th percentile. */
  record Figures(double p50Micros, double p99Micros) {}

  static CompletableFuture<Figures> measure(DataChannel channel) {
    var result = new CompletableFuture<Figures>();
    long[] nanos = new long[COUNTED];
    byte[] message = new byte[MESSAGE_BYTES];
    ByteBuffer header = ByteBuffer.wrap(message);
    var state =
        new Object() {
          int number;
          long sentNanos;
        };
    Runnable send =
        () -> {
          header.putInt(0, state.number);
          state.sentNanos = System.nanoTime();
          channel.send(message);
        };
    channel.onClose(
        () ->
            result.completeExceptionally(
                new IllegalStateException("the channel closed during the round trips")));
    channel.onMessage(
        reply -> {
          long now = System.nanoTime();
          if (!(reply instanceof DataChannelMessage.Binary binary)
              || binary.data().length != MESSAGE_BYTES
              || ByteBuffer.wrap(binary.data()).getInt(0) != state.number) {
            result.completeExceptionally(
                new IllegalStateException("message " + state.number + " came back changed"));
            return;
          }
          if (state.number >= WARM_UP) {
            nanos[state.number - WARM_UP] = now - state.sentNanos;
          }
          if (++state.number == WARM_UP + COUNTED) {
            Arrays.sort(nanos);
            result.complete(new Figures(nanos[COUNTED / 2] / 1e3, nanos[COUNTED * 99 / 100] / 1e3));
            return;
          }
          send.run();
        });
    channel.onOpen(send);
    return result;
  }
}
