package dev.tautline.rpc.endpoint;

import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/** Two endpoints joined in memory: for tests, and for two components of one program. */
public final class InMemoryEndpoints {
  /** The two ends. */
  public record Pair(RpcEndpoint first, RpcEndpoint second) {}

  /** What data channels commonly announce: 256 KiB. */
  public static final int DEFAULT_MAX_MESSAGE_BYTES = 262_144;

  private InMemoryEndpoints() {}

  /** A pair with the message limit of a common data channel. */
  public static Pair pair(Executor executor) {
    return pair(executor, DEFAULT_MAX_MESSAGE_BYTES);
  }

  /**
   * A pair whose deliveries run on the executor, one at a time for each end.
   *
   * @param maxMessageBytes the largest message, in UTF-8 bytes
   */
  public static Pair pair(Executor executor, int maxMessageBytes) {
    End first = new End(executor, maxMessageBytes);
    End second = new End(executor, maxMessageBytes);
    first.peer = second;
    second.peer = first;
    return new Pair(first, second);
  }

  private static final class End implements RpcEndpoint {
    private static final long LOW_WATER_BYTES = 64 * 1024;

    private final Executor executor;
    private final int maxMessageBytes;
    private @Nullable End peer;
    private final Deque<String> inbox = new ArrayDeque<>();
    private long inboxBytes;
    private boolean scheduled;
    private boolean closed;
    private boolean closeDelivered;
    private @Nullable Listener listener;

    End(Executor executor, int maxMessageBytes) {
      this.executor = executor;
      this.maxMessageBytes = maxMessageBytes;
    }

    private End peer() {
      End other = peer;
      if (other == null) {
        throw new IllegalStateException("this end has no peer");
      }
      return other;
    }

    @Override
    public void send(String text) {
      int bytes = text.getBytes(StandardCharsets.UTF_8).length;
      if (bytes > maxMessageBytes) {
        throw new EndpointException(
            EndpointException.Reason.TOO_LARGE, bytes + " bytes, limit " + maxMessageBytes);
      }
      End other = peer();
      synchronized (other) {
        if (other.closed) {
          throw new EndpointException(EndpointException.Reason.CLOSED, "the pair is closed");
        }
        other.inbox.add(text);
        other.inboxBytes += bytes;
      }
      other.wake();
    }

    @Override
    public void start(Listener newListener) {
      synchronized (this) {
        if (listener != null) {
          throw new IllegalStateException("started already");
        }
        listener = newListener;
      }
      wake();
    }

    private void wake() {
      synchronized (this) {
        if (scheduled || listener == null) {
          return;
        }
        scheduled = true;
      }
      executor.execute(this::deliver);
    }

    private void deliver() {
      while (true) {
        String text;
        boolean crossedLowWater = false;
        Listener to;
        synchronized (this) {
          to = listener;
          text = inbox.poll();
          if (text == null || to == null) {
            if (to != null && closed && !closeDelivered) {
              closeDelivered = true;
              scheduled = false;
              break;
            }
            scheduled = false;
            return;
          }
          int bytes = text.getBytes(StandardCharsets.UTF_8).length;
          crossedLowWater =
              inboxBytes == bytes
                  || (inboxBytes > LOW_WATER_BYTES && inboxBytes - bytes <= LOW_WATER_BYTES);
          inboxBytes -= bytes;
        }
        to.text(text);
        if (crossedLowWater) {
          peer().reportDrained();
        }
      }
      Listener to = listener;
      if (to != null) {
        to.closed("the channel was closed");
      }
    }

    private void reportDrained() {
      Listener to;
      synchronized (this) {
        to = listener;
      }
      if (to != null) {
        to.drained();
      }
    }

    @Override
    public long bufferedAmount() {
      End other = peer();
      synchronized (other) {
        return other.inboxBytes;
      }
    }

    @Override
    public int maxMessageBytes() {
      return maxMessageBytes;
    }

    @Override
    public void close() {
      synchronized (this) {
        if (closed) {
          return;
        }
        closed = true;
        inbox.clear();
        inboxBytes = 0;
      }
      End other = peer();
      synchronized (other) {
        other.closed = true;
      }
      other.wake();
      wake();
    }
  }
}
