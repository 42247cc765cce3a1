package dev.tautline.rpc.session;

import dev.tautline.rpc.RpcScheduler;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** Time that passes when the test says so. */
final class ManualScheduler implements RpcScheduler {
  private record Task(Runnable action, long atNanos) {}

  private final List<Task> tasks = new ArrayList<>();
  private long nowNanos = 1_000_000_000L;

  @Override
  public synchronized long nowNanos() {
    return nowNanos;
  }

  @Override
  public synchronized Runnable schedule(Runnable action, long delayNanos) {
    Task task = new Task(action, nowNanos + delayNanos);
    tasks.add(task);
    return () -> {
      synchronized (this) {
        tasks.remove(task);
      }
    };
  }

  /** Lets time pass and runs what is due, in order. */
  void advance(Duration duration) {
    long end = nowNanos() + duration.toNanos();
    while (true) {
      Task next;
      synchronized (this) {
        next =
            tasks.stream()
                .filter(t -> t.atNanos <= end)
                .min(Comparator.comparingLong(t -> t.atNanos))
                .orElse(null);
        if (next == null) {
          nowNanos = end;
          return;
        }
        tasks.remove(next);
        nowNanos = Math.max(nowNanos, next.atNanos);
      }
      next.action.run();
    }
  }
}
