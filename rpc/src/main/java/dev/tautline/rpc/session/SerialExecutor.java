package dev.tautline.rpc.session;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.Executor;

/** Runs tasks in order, one at a time, on another executor. */
final class SerialExecutor implements Executor {
  private final Executor executor;
  private final Deque<Runnable> tasks = new ArrayDeque<>();
  private boolean active;

  SerialExecutor(Executor executor) {
    this.executor = executor;
  }

  @Override
  public void execute(Runnable task) {
    synchronized (this) {
      tasks.add(task);
      if (active) {
        return;
      }
      active = true;
    }
    try {
      executor.execute(this::run);
    } catch (RuntimeException e) {
      synchronized (this) {
        active = false;
        tasks.removeLastOccurrence(task);
      }
      throw e;
    }
  }

  /** Whether nothing runs or waits. */
  boolean isIdle() {
    synchronized (this) {
      return !active;
    }
  }

  private void run() {
    while (true) {
      Runnable task;
      synchronized (this) {
        task = tasks.poll();
        if (task == null) {
          active = false;
          return;
        }
      }
      task.run();
    }
  }
}
