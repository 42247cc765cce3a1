package dev.tautline.rpc;

import dev.tautline.rpc.session.RawPort;
import java.util.function.Consumer;

/**
 * One end of a raw message port, as JavaScript's {@code MessagePort}: values go both ways, nothing
 * is answered. An end made with {@link #create()} becomes usable by being sent: as an argument, a
 * result, or inside either.
 *
 * <p>Safe for use by any thread. Messages are delivered in order, one at a time, on the
 * connection's executor; those that come before {@link #onMessage} is called wait.
 */
public interface RemotePort extends AutoCloseable {
  /** A new end that is not at any peer yet. What is posted before it is sent waits for that. */
  static RemotePort create() {
    return new RawPort();
  }

  /**
   * Sends a value.
   *
   * @throws RpcException when the port is closed, the value cannot be sent, or is too large
   */
  void post(Object value);

  /** Sets the receiver; replaces the one before. */
  RemotePort onMessage(Consumer<JsValue> receiver);

  /** Runs once when the port or its connection is closed; at once if it is closed already. */
  RemotePort onClose(Runnable handler);

  /** Forgets the port, and tells a peer that understands it. Idempotent. */
  @Override
  void close();
}
