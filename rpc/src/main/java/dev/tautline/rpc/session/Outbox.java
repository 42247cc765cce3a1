package dev.tautline.rpc.session;

import dev.tautline.rpc.PayloadTooLargeException;
import dev.tautline.rpc.RpcException;
import dev.tautline.rpc.codec.JsonCodec;
import dev.tautline.rpc.endpoint.EndpointException;
import dev.tautline.rpc.endpoint.RpcEndpoint;
import dev.tautline.rpc.frame.Chunker;
import dev.tautline.rpc.frame.Hello;
import dev.tautline.rpc.frame.Utf8;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Frames on their way to the channel. Keeps the order within each port, takes turns between ports
 * so that a large message does not hold up small ones, and stops writing while the channel's own
 * buffer is full. A port's frames wait until the frame that introduced the port has been sent.
 *
 * <p>Only one thread writes at a time, and no lock is held while it does.
 */
final class Outbox {
  /** What may lie in the channel's buffer before writing stops; adapters report well below it. */
  static final long CHANNEL_BUFFER_BYTES = 256 * 1024;

  private static final class Message {
    final Deque<String> frames = new ArrayDeque<>();
    final long bytes;
    final List<String> introduces;
    final @Nullable Runnable settled;

    Message(long bytes, List<String> introduces, @Nullable Runnable settled) {
      this.bytes = bytes;
      this.introduces = introduces;
      this.settled = settled;
    }
  }

  private static final class Lane {
    final String port;
    final Deque<Message> messages = new ArrayDeque<>();
    boolean ready;

    Lane(String port) {
      this.port = port;
    }
  }

  private final RpcEndpoint endpoint;
  private final JsonCodec json;
  private final long maxQueuedBytes;
  private final Consumer<String> broken;
  private final Runnable roomAgain;
  private final ReentrantLock lock = new ReentrantLock();
  private final Map<String, Lane> lanes = new HashMap<>();
  private final Deque<Lane> ready = new ArrayDeque<>();
  private final Map<String, Message> introducing = new HashMap<>();
  private volatile Hello peer = Hello.PLAIN;
  private final AtomicLong queuedBytes = new AtomicLong();
  private final AtomicLong framesSent = new AtomicLong();
  private long labels;
  private boolean pumping;
  private boolean again;
  private boolean closed;

  /**
   * An outbox.
   *
   * @param broken is told when the channel takes no more
   * @param roomAgain is told when something has been written
   */
  Outbox(
      RpcEndpoint endpoint,
      JsonCodec json,
      long maxQueuedBytes,
      Consumer<String> broken,
      Runnable roomAgain) {
    this.endpoint = endpoint;
    this.json = json;
    this.maxQueuedBytes = maxQueuedBytes;
    this.broken = broken;
    this.roomAgain = roomAgain;
  }

  void peerSaid(Hello hello) {
    peer = hello;
  }

  /** UTF-8 bytes that wait here and in the channel. */
  long unsentBytes() {
    return queuedBytes.get() + endpoint.bufferedAmount();
  }

  long framesSent() {
    return framesSent.get();
  }

  /**
   * Takes a frame.
   *
   * @param introduces ports whose frames wait until this one has been sent
   * @param settled runs once, when the frame has been handed to the channel or never will be
   * @throws PayloadTooLargeException if it does not fit; nothing was taken
   * @throws RpcException if the outbox is closed or full; nothing was taken
   */
  void add(String port, String text, List<String> introduces, @Nullable Runnable settled) {
    long bytes = Utf8.length(text);
    int limit = endpoint.maxMessageBytes();
    List<String> chunks = List.of();
    if (bytes > limit) {
      Hello hello = peer;
      boolean chunked = hello.has(Hello.CHUNK) && bytes <= hello.maxMessage();
      if (chunked) {
        String label;
        lock.lock();
        try {
          label = "k" + Long.toString(labels++, 36);
        } finally {
          lock.unlock();
        }
        chunks = Chunker.cut(json, text, label, limit);
      }
      if (chunks.isEmpty()) {
        throw new PayloadTooLargeException(
            bytes, hello.has(Hello.CHUNK) ? Math.max(limit, hello.maxMessage()) : limit);
      }
    }
    Message message = new Message(bytes, introduces, settled);
    if (chunks.isEmpty()) {
      message.frames.add(text);
    } else {
      message.frames.addAll(chunks);
    }
    lock.lock();
    try {
      if (closed) {
        throw new RpcException(RpcException.Code.CLOSED, "the connection is closed");
      }
      if (queuedBytes.get() > 0 && queuedBytes.get() + bytes > maxQueuedBytes) {
        throw new RpcException(
            RpcException.Code.LIMIT, queuedBytes.get() + " bytes wait to be sent already");
      }
      Lane lane = lanes.computeIfAbsent(port, Lane::new);
      lane.messages.add(message);
      queuedBytes.addAndGet(bytes);
      for (String introduced : introduces) {
        introducing.put(introduced, message);
      }
      makeReady(lane);
    } finally {
      lock.unlock();
    }
    pump();
  }

  private void makeReady(Lane lane) {
    if (!lane.ready && !lane.messages.isEmpty() && !introducing.containsKey(lane.port)) {
      lane.ready = true;
      ready.addLast(lane);
    }
  }

  /** Writes what the channel takes. */
  void pump() {
    lock.lock();
    try {
      if (pumping) {
        again = true;
        return;
      }
      pumping = true;
    } finally {
      lock.unlock();
    }
    boolean wrote = false;
    while (true) {
      Lane lane;
      String frame;
      lock.lock();
      try {
        lane =
            closed || endpoint.bufferedAmount() >= CHANNEL_BUFFER_BYTES ? null : ready.pollFirst();
        if (lane == null) {
          if (again && !closed) {
            again = false;
            continue;
          }
          again = false;
          pumping = false;
          break;
        }
        lane.ready = false;
        frame = lane.messages.getFirst().frames.getFirst();
      } finally {
        lock.unlock();
      }
      try {
        endpoint.send(frame);
      } catch (EndpointException e) {
        if (notTaken(lane, e)) {
          continue;
        }
        break;
      }
      wrote = true;
      sent(lane);
    }
    if (wrote) {
      roomAgain.run();
    }
  }

  /** Returns whether to try again at once. */
  private boolean notTaken(Lane lane, EndpointException e) {
    boolean full = e.reason() == EndpointException.Reason.FULL;
    lock.lock();
    try {
      if (full && !closed) {
        lane.ready = true;
        ready.addFirst(lane);
        if (again) {
          again = false;
          return true;
        }
      }
      pumping = false;
    } finally {
      lock.unlock();
    }
    if (!full) {
      broken.accept("the channel took no more: " + e.getMessage());
    }
    return false;
  }

  private void sent(Lane lane) {
    Runnable settled = null;
    lock.lock();
    try {
      framesSent.incrementAndGet();
      Message message = lane.messages.peekFirst();
      if (message == null) {
        return;
      }
      message.frames.removeFirst();
      if (message.frames.isEmpty()) {
        lane.messages.removeFirst();
        queuedBytes.addAndGet(-message.bytes);
        settled = message.settled;
        for (String introduced : message.introduces) {
          introducing.remove(introduced, message);
          Lane waiting = lanes.get(introduced);
          if (waiting != null) {
            makeReady(waiting);
          }
        }
      }
      if (lane.messages.isEmpty()) {
        lanes.remove(lane.port, lane);
      } else {
        makeReady(lane);
      }
    } finally {
      lock.unlock();
    }
    if (settled != null) {
      settled.run();
    }
  }

  void close() {
    List<Runnable> settled = new ArrayList<>();
    lock.lock();
    try {
      if (closed) {
        return;
      }
      closed = true;
      for (Lane lane : lanes.values()) {
        for (Message message : lane.messages) {
          if (message.settled != null) {
            settled.add(message.settled);
          }
        }
        lane.messages.clear();
      }
      lanes.clear();
      ready.clear();
      introducing.clear();
      queuedBytes.set(0);
    } finally {
      lock.unlock();
    }
    settled.forEach(Runnable::run);
  }
}
