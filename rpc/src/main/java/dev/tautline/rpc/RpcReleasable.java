package dev.tautline.rpc;

/** An exposed object that wants to know when no peer can reach it any more. */
@FunctionalInterface
public interface RpcReleasable {
  /**
   * Runs once, on the connection's executor, when the last port to this object is released or the
   * channel is closed, and running calls have ended.
   */
  void released();
}
