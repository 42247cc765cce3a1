package dev.tautline.rpc.session;

import dev.tautline.rpc.JsValue;
import dev.tautline.rpc.RemotePort;
import dev.tautline.rpc.RpcException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A raw message port. Public for the facade only; made by {@link RemotePort#create()}. */
public final class RawPort implements RemotePort {
  private static final Logger LOG = LoggerFactory.getLogger(RawPort.class);
  private static final int MAX_POSTED_BEFORE_SENT = 1024;

  private enum State {
    /** Made here, not at any peer. */
    NEW,
    /** Named in a message that is being written. */
    ATTACHING,
    OPEN,
    CLOSED
  }

  private final Deque<Object> posted = new ArrayDeque<>();
  private final Deque<JsValue> received = new ArrayDeque<>();
  private State state = State.NEW;
  private @Nullable Session session;
  private String uid = "";
  private @Nullable SerialExecutor deliveries;
  private @Nullable Consumer<JsValue> receiver;
  private @Nullable Runnable closeHandler;
  private int waiting;

  /** A port that is not at any peer yet. */
  public RawPort() {}

  /** A port that the peer made. */
  RawPort(Session session, String uid, SerialExecutor deliveries) {
    this.session = session;
    this.uid = uid;
    this.deliveries = deliveries;
    this.state = State.OPEN;
  }

  String uid() {
    return uid;
  }

  /** Returns whether the port could be sent: each can once. */
  synchronized boolean attach(Session to, String newUid, SerialExecutor newDeliveries) {
    if (state != State.NEW) {
      return false;
    }
    state = State.ATTACHING;
    session = to;
    uid = newUid;
    deliveries = newDeliveries;
    return true;
  }

  /** The message that names the port is not sent after all. */
  synchronized void detach() {
    if (state == State.ATTACHING) {
      state = State.NEW;
      session = null;
      uid = "";
      deliveries = null;
    }
  }

  /** The message that names the port is on its way: what was posted may follow it. */
  void attached() {
    List<Object> toSend;
    Session to;
    synchronized (this) {
      to = session;
      if (state != State.ATTACHING || to == null) {
        return;
      }
      state = State.OPEN;
      toSend = new ArrayList<>(posted);
      posted.clear();
      for (Object value : toSend) {
        to.post(this, value);
      }
    }
  }

  @Override
  public void post(Object value) {
    Session to;
    synchronized (this) {
      if (state == State.CLOSED) {
        throw new RpcException(RpcException.Code.RELEASED, "the port is closed");
      }
      if (state != State.OPEN) {
        if (posted.size() >= MAX_POSTED_BEFORE_SENT) {
          throw new RpcException(
              RpcException.Code.LIMIT, "too much was posted before the port was sent");
        }
        posted.add(value);
        return;
      }
      to = session;
    }
    if (to != null) {
      to.post(this, value);
    }
  }

  /** Returns false if too many messages wait for a receiver. */
  boolean receive(JsValue value, int limit) {
    SerialExecutor executor;
    synchronized (this) {
      if (state == State.CLOSED) {
        return true;
      }
      executor = deliveries;
      if (receiver == null) {
        if (received.size() >= limit) {
          return false;
        }
        received.add(value);
        return true;
      }
      if (waiting >= limit) {
        return false;
      }
      waiting++;
    }
    if (executor != null) {
      executor.execute(() -> deliver(value));
    }
    return true;
  }

  private void deliver(JsValue value) {
    Consumer<JsValue> to;
    synchronized (this) {
      waiting--;
      to = receiver;
    }
    if (to != null) {
      try {
        to.accept(value);
      } catch (RuntimeException e) {
        LOG.warn("the receiver of a port failed", e);
      }
    }
  }

  @Override
  public RemotePort onMessage(Consumer<JsValue> newReceiver) {
    SerialExecutor executor;
    List<JsValue> early;
    synchronized (this) {
      receiver = newReceiver;
      executor = deliveries;
      early = new ArrayList<>(received);
      received.clear();
      waiting += early.size();
      if (executor != null) {
        // Inside, so that what comes next queues behind.
        for (JsValue value : early) {
          executor.execute(() -> deliver(value));
        }
      }
    }
    return this;
  }

  @Override
  public RemotePort onClose(Runnable handler) {
    SerialExecutor executor;
    synchronized (this) {
      if (state != State.CLOSED) {
        closeHandler = handler;
        return this;
      }
      executor = deliveries;
    }
    run(executor, handler);
    return this;
  }

  private static void run(@Nullable SerialExecutor executor, Runnable handler) {
    if (executor == null) {
      handler.run();
    } else {
      executor.execute(handler);
    }
  }

  @Override
  public void close() {
    Session from;
    synchronized (this) {
      from = session;
    }
    if (from != null) {
      from.closeRawPort(this);
    }
    closed();
  }

  /** The port is gone, at the wish of either side. */
  void closed() {
    SerialExecutor executor;
    Runnable handler;
    synchronized (this) {
      if (state == State.CLOSED) {
        return;
      }
      state = State.CLOSED;
      executor = deliveries;
      handler = closeHandler;
      closeHandler = null;
      posted.clear();
    }
    if (handler != null) {
      run(executor, handler);
    }
  }
}
