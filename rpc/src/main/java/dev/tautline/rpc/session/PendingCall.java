package dev.tautline.rpc.session;

import dev.tautline.rpc.message.WireValue;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** An own request that waits for its reply. */
final class PendingCall {
  /** What a port in the reply is. */
  enum Purpose {
    /** A raw port. */
    VALUE,
    /** A port with calls on it. */
    ENDPOINT
  }

  final String id;
  final Purpose purpose;
  final String description;
  final long deadlineNanos;

  /**
   * Keeps the proxy alive: a call must not be ended by garbage collection of what it was made on.
   */
  final @Nullable Lease lease;

  /** Ports that were lent for this call. */
  final List<String> lentPorts;

  /** Completed by whoever takes the call out of the table, on that thread. */
  final CompletableFuture<WireValue> reply = new CompletableFuture<>();

  PendingCall(
      String id,
      Purpose purpose,
      String description,
      long deadlineNanos,
      @Nullable Lease lease,
      List<String> lentPorts) {
    this.id = id;
    this.purpose = purpose;
    this.description = description;
    this.deadlineNanos = deadlineNanos;
    this.lease = lease;
    this.lentPorts = lentPorts;
  }
}
