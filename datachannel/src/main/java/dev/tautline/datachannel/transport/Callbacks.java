package dev.tautline.datachannel.transport;

import dev.tautline.ice.IceLoop;
import java.util.ArrayDeque;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
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

  private final Queue<Runnable> offLoop = new ConcurrentLinkedQueue<>();
  private final AtomicInteger offLoopPending = new AtomicInteger();
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
    offLoop.add(task);
    if (offLoopPending.getAndIncrement() == 0) {
      submit();
    }
  }

  private void submit() {
    try {
      Objects.requireNonNull(executor).execute(this::drainOffLoop);
    } catch (RejectedExecutionException e) {
      // The user's executor has ended before the connection. Running the rest here keeps futures
      // from waiting for ever.
      LOG.warn("{} the callback executor refuses tasks; they run on the calling thread", id);
      drainOffLoop();
    }
  }

  private void drainOffLoop() {
    offLoopThread = Thread.currentThread();
    boolean more = true;
    try {
      // Give the thread back from time to time: the executor may serve others too.
      for (int done = 0; more && done < 256; done++) {
        Runnable task = offLoop.poll();
        if (task != null) {
          runGuarded(task);
        }
        more = offLoopPending.decrementAndGet() > 0;
      }
    } finally {
      offLoopThread = null;
    }
    if (more) {
      submit();
    }
  }

  /** Runs what is queued for the loop; returns whether anything was. */
  boolean drainOnLoop() {
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
