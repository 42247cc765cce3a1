package dev.tautline.rpc.endpoint;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * Frames as lines on two byte streams, such as the standard streams of a process. A frame is JSON
 * without line breaks, so a line feed ends it. Uses two daemon threads, which end with the streams.
 */
public final class StreamEndpoint implements RpcEndpoint {
  private static final int DEFAULT_MAX_MESSAGE_BYTES = 1 << 20;
  private static final long LOW_WATER_BYTES = 64 * 1024;
  private static final long MAX_QUEUED_BYTES = 8L << 20;

  private final InputStream in;
  private final OutputStream out;
  private final int maxMessageBytes;
  private final Object lock = new Object();
  private final Deque<byte[]> queue = new ArrayDeque<>();
  private long queuedBytes;
  private boolean closed;
  private boolean closeReported;
  private @Nullable Listener listener;

  private StreamEndpoint(InputStream in, OutputStream out, int maxMessageBytes) {
    this.in = new BufferedInputStream(in);
    this.out = new BufferedOutputStream(out, 64 * 1024);
    this.maxMessageBytes = maxMessageBytes;
  }

  /** An endpoint with messages up to 1 MiB. */
  public static StreamEndpoint of(InputStream in, OutputStream out) {
    return of(in, out, DEFAULT_MAX_MESSAGE_BYTES);
  }

  /** An endpoint with messages up to so many UTF-8 bytes; longer lines are skipped. */
  public static StreamEndpoint of(InputStream in, OutputStream out, int maxMessageBytes) {
    return new StreamEndpoint(in, out, maxMessageBytes);
  }

  @Override
  public void send(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    if (bytes.length > maxMessageBytes) {
      throw new EndpointException(
          EndpointException.Reason.TOO_LARGE, bytes.length + " bytes, limit " + maxMessageBytes);
    }
    synchronized (lock) {
      if (closed) {
        throw new EndpointException(EndpointException.Reason.CLOSED, "the streams are closed");
      }
      if (queuedBytes > 0 && queuedBytes + bytes.length > MAX_QUEUED_BYTES) {
        throw new EndpointException(
            EndpointException.Reason.FULL, queuedBytes + " bytes wait to be written");
      }
      queue.add(bytes);
      queuedBytes += bytes.length;
      lock.notifyAll();
    }
  }

  @Override
  public void start(Listener newListener) {
    synchronized (lock) {
      if (listener != null) {
        throw new IllegalStateException("started already");
      }
      listener = newListener;
    }
    startDaemon("tautline-rpc-stream-read", () -> read(newListener));
    startDaemon("tautline-rpc-stream-write", () -> write(newListener));
  }

  private static void startDaemon(String name, Runnable task) {
    Thread thread = new Thread(task, name);
    thread.setDaemon(true);
    thread.start();
  }

  private void read(Listener to) {
    String reason = "end of stream";
    try {
      ByteArrayOutputStream line = new ByteArrayOutputStream(1024);
      boolean skipping = false;
      while (true) {
        int b = in.read();
        if (b < 0) {
          break;
        }
        if (b != '\n') {
          if (line.size() >= maxMessageBytes) {
            skipping = true;
          } else {
            line.write(b);
          }
          continue;
        }
        if (!skipping && line.size() > 0) {
          to.text(line.toString(StandardCharsets.UTF_8));
        }
        skipping = false;
        line.reset();
      }
    } catch (IOException e) {
      reason = "read failed: " + e.getMessage();
    }
    end(to, reason);
  }

  private void write(Listener to) {
    try {
      while (true) {
        byte[] next;
        boolean crossedLowWater;
        synchronized (lock) {
          while (queue.isEmpty() && !closed) {
            lock.wait();
          }
          next = queue.poll();
          if (next == null) {
            break;
          }
        }
        out.write(next);
        out.write('\n');
        synchronized (lock) {
          crossedLowWater =
              queuedBytes > LOW_WATER_BYTES && queuedBytes - next.length <= LOW_WATER_BYTES;
          queuedBytes -= next.length;
          if (queue.isEmpty()) {
            crossedLowWater |= queuedBytes == 0;
          }
        }
        if (bufferedAmount() == 0) {
          out.flush();
        }
        if (crossedLowWater) {
          to.drained();
        }
      }
      out.close();
    } catch (IOException e) {
      end(to, "write failed: " + e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      end(to, "the writing thread was interrupted");
    }
  }

  private void end(Listener to, String reason) {
    synchronized (lock) {
      closed = true;
      lock.notifyAll();
      if (closeReported) {
        return;
      }
      closeReported = true;
    }
    to.closed(reason);
  }

  @Override
  public long bufferedAmount() {
    synchronized (lock) {
      return queuedBytes;
    }
  }

  @Override
  public int maxMessageBytes() {
    return maxMessageBytes;
  }

  @Override
  public void close() {
    Listener to;
    synchronized (lock) {
      closed = true;
      lock.notifyAll();
      to = listener;
    }
    if (to != null) {
      end(to, "closed by this side");
    }
  }
}
