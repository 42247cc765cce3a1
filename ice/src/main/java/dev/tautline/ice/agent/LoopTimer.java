package dev.tautline.ice.agent;

import dev.tautline.base.Timer;
import dev.tautline.ice.Cancellable;
import dev.tautline.ice.IceLoop;
import org.jspecify.annotations.Nullable;

/**
 * The one timer of an agent on its loop. An earlier deadline re-arms it; a later one lets it fire
 * early and look again, so that nothing is cancelled per packet.
 */
final class LoopTimer {
  private final IceLoop loop;
  private final Runnable task;
  private long armedNanos = Timer.NOT_RUNNING;
  private @Nullable Cancellable scheduled;

  LoopTimer(IceLoop loop, Runnable task) {
    this.loop = loop;
    this.task = task;
  }

  void armFor(long deadlineNanos, long nowNanos) {
    if (deadlineNanos >= armedNanos) {
      return;
    }
    if (scheduled != null) {
      scheduled.cancel();
    }
    armedNanos = deadlineNanos;
    scheduled = loop.schedule(this::fire, deadlineNanos - nowNanos);
  }

  private void fire() {
    armedNanos = Timer.NOT_RUNNING;
    scheduled = null;
    task.run();
  }

  void stop() {
    if (scheduled != null) {
      scheduled.cancel();
      scheduled = null;
    }
    armedNanos = Timer.NOT_RUNNING;
  }
}
