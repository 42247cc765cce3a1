package dev.tautline.datachannel.transport;

import dev.tautline.ice.IceLoop;
import java.util.ArrayDeque;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs the user's code of one connection, one task after the other: at the end of a turn on the
 * loop, or on the executor that the user gave. This is the W3C's "queue a task": nothing of the
 * user's runs in the middle of our own work, and events keep their order.
 */
public final class Callbacks {
  private static final Logger LOG = LoggerFactory.getLogger(Callbacks.class);
  private static final long SLOW_NANOS = 100_000_000L;

  private final String id;
  private final IceLoop loop;
  private final Runnable wakeLoop;
  private final @Nullable Executor executor;

  /** On the loop only, without an executor. */
  private final Queue<Runnable> onLoop = new ArrayDeque<>();

  private boolean drainingOnLoop;

  /** So many tasks in a row, then the executor's thread is given back: it may serve others too. */
  private static final int TASKS_PER_RUN = 256;

  private final Object offLoopLock = new Object();

  /**
   * Tasks for the executor, guarded by the lock. While the executor is blocked it grows no further
   * than with what a peer is allowed: messages until the receive window is full, which opens only
   * when a message's task has run, and a handful of tasks for each channel, of which there are no
   * more than the options say until the application was told that one ended.
   */
  private ArrayDeque<Runnable> offLoop = new ArrayDeque<>();

  /** Whether a run is submitted or goes on; guarded by the lock. */
  private boolean offLoopRuns;

  /** What the present run has taken over; used by that run alone. */
  private ArrayDeque<Runnable> taken = new ArrayDeque<>();

  private volatile @Nullable Thread offLoopThread;

  Callbacks(String id, IceLoop loop, @Nullable Executor executor, Runnable wakeLoop) {
    this.id = id;
    this.loop = loop;
    this.executor = executor;
    this.wakeLoop = wakeLoop;
  }

  /** Whether user code runs on the loop. */
  public boolean onLoop() {
    return executor == null;
  }

  /** Queues a task; on the loop. */
  public void add(Runnable task) {
    if (executor == null) {
      onLoop.add(task);
      wakeLoop.run();
    } else {
      addOffLoop(task);
    }
  }

  /** Whether the caller is a task of this connection. Any thread. */
  public boolean inTask() {
    return executor == null
        ? loop.inLoop() && drainingOnLoop
        : Thread.currentThread() == offLoopThread;
  }

  /** Queues a task from any thread that is not the loop; only with an executor. */
  void addOffLoop(Runnable task) {
    synchronized (offLoopLock) {
      offLoop.add(task);
      if (offLoopRuns) {
        return;
      }
      offLoopRuns = true;
    }
    submit();
  }

  private void submit() {
    try {
      Objects.requireNonNull(executor).execute(this::runOffLoop);
    } catch (RejectedExecutionException e) {
      // The user's executor has ended before the connection. Running the rest here keeps futures
      // from waiting for ever.
      LOG.warn("{} the callback executor refuses tasks; they run on the calling thread", id);
      while (drainOffLoop()) {
        // There are more.
      }
    }
  }

  private void runOffLoop() {
    if (drainOffLoop()) {
      submit();
    }
  }

  /** Runs tasks; returns whether there are more, and then this is still the one run. */
  private boolean drainOffLoop() {
    offLoopThread = Thread.currentThread();
    for (int done = 0; done < TASKS_PER_RUN; done++) {
      Runnable task = nextOffLoop();
      if (task == null) {
        return false;
      }
      runGuarded(task);
    }
    offLoopThread = null;
    return true;
  }

  private @Nullable Runnable nextOffLoop() {
    if (taken.isEmpty()) {
      synchronized (offLoopLock) {
        if (offLoop.isEmpty()) {
          // Before another thread may begin the next run.
          offLoopThread = null;
          offLoopRuns = false;
          return null;
        }
        ArrayDeque<Runnable> emptied = taken;
        taken = offLoop;
        offLoop = emptied;
      }
    }
    return taken.poll();
  }

  /**
   * Runs what is queued for the loop; returns whether anything was. Between two pieces of our own
   * work, never within one.
   */
  public boolean drainOnLoop() {
    if (onLoop.isEmpty() || drainingOnLoop) {
      return false;
    }
    drainingOnLoop = true;
    long start = System.nanoTime();
    try {
      Runnable task;
      while ((task = onLoop.poll()) != null) {
        runGuarded(task);
      }
    } finally {
      drainingOnLoop = false;
    }
    long took = System.nanoTime() - start;
    if (took > SLOW_NANOS) {
      LOG.warn(
          "{} handlers held the event loop for {} ms; they must not block (see callbackExecutor)",
          id,
          took / 1_000_000);
    }
    return true;
  }

  private void runGuarded(Runnable task) {
    try {
      task.run();
    } catch (RuntimeException | Error e) {
      LOG.warn("{} a handler threw", id, e);
    }
  }
}
