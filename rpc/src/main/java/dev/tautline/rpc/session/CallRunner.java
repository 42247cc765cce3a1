package dev.tautline.rpc.session;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.BooleanSupplier;

/**
 * Lets so many served calls run, so many more wait, and none start while the peer does not read.
 */
final class CallRunner {
  private final int maxRunning;
  private final int maxWaiting;
  private final BooleanSupplier mayStart;
  private final Deque<ServedCall> waiting = new ArrayDeque<>();
  private int running;
  private boolean closed;

  CallRunner(int maxRunning, int maxWaiting, BooleanSupplier mayStart) {
    this.maxRunning = maxRunning;
    this.maxWaiting = maxWaiting;
    this.mayStart = mayStart;
  }

  /** Returns false if there is no place for the call, not even to wait. */
  boolean submit(ServedCall call) {
    synchronized (this) {
      if (closed) {
        return true;
      }
      if (running >= maxRunning || !waiting.isEmpty() || !mayStart.getAsBoolean()) {
        if (waiting.size() >= maxWaiting) {
          return false;
        }
        waiting.add(call);
        return true;
      }
      running++;
    }
    call.start();
    return true;
  }

  /** A call that ran is done. */
  void finished() {
    synchronized (this) {
      running--;
    }
    kick();
  }

  /** Starts what may start now. */
  void kick() {
    while (true) {
      ServedCall next;
      synchronized (this) {
        if (closed || running >= maxRunning || waiting.isEmpty() || !mayStart.getAsBoolean()) {
          return;
        }
        next = waiting.poll();
        running++;
      }
      next.start();
    }
  }

  /** Takes a call that has not started out of the queue; returns whether it was there. */
  boolean withdraw(ServedCall call) {
    synchronized (this) {
      return waiting.remove(call);
    }
  }

  synchronized int running() {
    return running;
  }

  synchronized int waiting() {
    return waiting.size();
  }

  void close() {
    synchronized (this) {
      closed = true;
      waiting.clear();
    }
  }
}
