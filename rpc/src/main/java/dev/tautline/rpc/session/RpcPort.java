package dev.tautline.rpc.session;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A port with calls on it. One that this side exported is only served, one that the peer made is
 * only called, the root is both. Guarded by the session's lock.
 */
final class RpcPort {
  final String uid;

  /** What is served; null: nothing, yet or any more. */
  @Nullable ServedObject served;

  /** Keeps assignments and reads in the order in which they came. */
  final SerialExecutor inOrder;

  /** Own calls by id; null on ports that are only served. */
  final @Nullable Map<String, PendingCall> pending;

  /** Whether the peer gave the serving side up. */
  boolean releasedByPeer;

  /** Whether this side gave the calling side up. */
  boolean releasedByUs;

  /** Held while the lease lives. */
  Lease.@Nullable Ended leaseEnd;

  private RpcPort(String uid, SerialExecutor inOrder, boolean calls) {
    this.uid = uid;
    this.inOrder = inOrder;
    this.pending = calls ? new LinkedHashMap<>() : null;
  }

  static RpcPort root(String uid, SerialExecutor inOrder) {
    return new RpcPort(uid, inOrder, true);
  }

  static RpcPort exported(String uid, SerialExecutor inOrder, ServedObject served) {
    RpcPort port = new RpcPort(uid, inOrder, false);
    port.served = served;
    return port;
  }

  static RpcPort imported(String uid, SerialExecutor inOrder) {
    return new RpcPort(uid, inOrder, true);
  }
}
