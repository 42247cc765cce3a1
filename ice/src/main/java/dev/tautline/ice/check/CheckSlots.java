package dev.tautline.ice.check;

import dev.tautline.base.Timer;

/**
 * When this agent may send its next check: not before its Ta has passed, and not in a moment that
 * the runtime's pacer gave to another agent. The pacer is asked only once Ta has passed, so that a
 * slow agent's future slot blocks nobody.
 */
final class CheckSlots {
  private final CheckPacer pacer;
  private long lastNanos;
  private boolean anyTaken;
  private boolean reserved;
  private long slotNanos = Timer.NOT_RUNNING;

  CheckSlots(CheckPacer pacer) {
    this.pacer = pacer;
  }

  /** Takes the slot if it is there; else {@link #nextNanos} says when to ask again. */
  boolean take(long nowNanos, long taNanos) {
    if (!reserved) {
      long earliest = anyTaken ? lastNanos + taNanos : nowNanos;
      if (nowNanos < earliest) {
        slotNanos = earliest;
        return false;
      }
      slotNanos = pacer.reserve(nowNanos);
      reserved = true;
    }
    if (nowNanos < slotNanos) {
      return false;
    }
    lastNanos = nowNanos;
    anyTaken = true;
    release();
    return true;
  }

  /** Nothing is to be sent. */
  void release() {
    reserved = false;
    slotNanos = Timer.NOT_RUNNING;
  }

  /** When to ask again, or {@link Timer#NOT_RUNNING} when nothing waits. */
  long nextNanos() {
    return slotNanos;
  }
}
