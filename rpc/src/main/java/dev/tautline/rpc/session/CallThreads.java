package dev.tautline.rpc.session;

import java.lang.reflect.InvocationTargetException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedTransferQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** Threads for served calls when the application gives none. */
final class CallThreads {
  private static final long IDLE_SECONDS = 5;

  private CallThreads() {}

  /** Virtual threads where the runtime has them, else a bounded pool of daemon threads. */
  static ExecutorService create(int maxThreads) {
    try {
      return (ExecutorService)
          Executors.class.getMethod("newVirtualThreadPerTaskExecutor").invoke(null);
    } catch (NoSuchMethodException | IllegalAccessException | InvocationTargetException e) {
      // Before JDK 21 there are none; in 19 and 20 they need a flag.
      return pool(maxThreads);
    }
  }

  private static ExecutorService pool(int maxThreads) {
    AtomicInteger number = new AtomicInteger();
    // A thread is made only when none is idle, and a task waits only when no more may be made: the
    // queue takes a task at once only if a thread is waiting for it.
    LinkedTransferQueue<Runnable> queue =
        new LinkedTransferQueue<>() {
          private static final long serialVersionUID = 1L;

          @Override
          public boolean offer(Runnable task) {
            return tryTransfer(task);
          }
        };
    return new ThreadPoolExecutor(
        0,
        maxThreads,
        IDLE_SECONDS,
        TimeUnit.SECONDS,
        queue,
        task -> {
          Thread thread = new Thread(task, "tautline-rpc-" + number.incrementAndGet());
          thread.setDaemon(true);
          return thread;
        },
        (task, pool) -> {
          if (!pool.isShutdown()) {
            queue.put(task);
          }
          // Also when it was shut down meanwhile: then nobody may come to take the task.
          if (pool.isShutdown()) {
            queue.remove(task);
            throw new RejectedExecutionException("the connection's threads have ended");
          }
        });
  }
}
