package dev.tautline.rpc;

import dev.tautline.rpc.endpoint.EndpointException;
import dev.tautline.rpc.endpoint.RpcEndpoint;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * A channel whose far end is the test: frames are put in by hand, and what is sent can be taken.
 */
public final class ScriptedEndpoint implements RpcEndpoint {
  private final BlockingQueue<String> sent = new LinkedBlockingQueue<>();
  private final int maxMessageBytes;
  private volatile Listener listener;
  private volatile boolean closed;
  private volatile long stuckBytes = -1;

  public ScriptedEndpoint() {
    this(262_144);
  }

  public ScriptedEndpoint(int maxMessageBytes) {
    this.maxMessageBytes = maxMessageBytes;
  }

  @Override
  public void send(String text) {
    if (closed) {
      throw new EndpointException(EndpointException.Reason.CLOSED, "closed");
    }
    int bytes = text.getBytes(StandardCharsets.UTF_8).length;
    if (bytes > maxMessageBytes) {
      throw new EndpointException(EndpointException.Reason.TOO_LARGE, bytes + " bytes");
    }
    synchronized (this) {
      if (stuckBytes >= 0) {
        stuckBytes += bytes;
      }
    }
    sent.add(text);
  }

  /** From now on the far end reads nothing: the buffer only grows. */
  public void stopReading() {
    stuckBytes = 0;
  }

  /** The far end has read everything. */
  public void readAll() {
    stuckBytes = -1;
    listener.drained();
  }

  @Override
  public void start(Listener newListener) {
    listener = newListener;
  }

  @Override
  public long bufferedAmount() {
    return Math.max(0, stuckBytes);
  }

  @Override
  public int maxMessageBytes() {
    return maxMessageBytes;
  }

  @Override
  public void close() {
    closed = true;
  }

  public boolean isClosed() {
    return closed;
  }

  /** The far end sends a frame. */
  public void deliver(String frame) {
    listener.text(frame);
  }

  /** The far end sends bytes. */
  public void deliver(byte[] message) {
    listener.binary(message);
  }

  /** The channel breaks. */
  public void breakOff(String reason) {
    closed = true;
    listener.closed(reason);
  }

  /** The next frame that was sent, other than hello; fails if none comes. */
  public String take() throws InterruptedException {
    while (true) {
      String frame = sent.poll(10, TimeUnit.SECONDS);
      if (frame == null) {
        throw new AssertionError("nothing was sent within 10 s");
      }
      if (!frame.contains("\"hello\":{\"v\"")) {
        return frame;
      }
    }
  }

  /** What was sent and not taken, other than hello. */
  public List<String> untaken() {
    List<String> frames = new ArrayList<>();
    sent.drainTo(frames);
    frames.removeIf(frame -> frame.contains("\"hello\":{\"v\""));
    return frames;
  }
}
