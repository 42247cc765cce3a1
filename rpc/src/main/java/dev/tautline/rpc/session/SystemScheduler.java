package dev.tautline.rpc.session;

import dev.tautline.rpc.RpcScheduler;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** Real time. One daemon thread for all connections, which ends when nothing is scheduled. */
final class SystemScheduler implements RpcScheduler {
  static final SystemScheduler INSTANCE = new SystemScheduler();

  private final ScheduledThreadPoolExecutor timer;

  private SystemScheduler() {
    timer =
        new ScheduledThreadPoolExecutor(
            1,
            task -> {
              Thread thread = new Thread(task, "tautline-rpc-timer");
              thread.setDaemon(true);
              return thread;
            });
    timer.setKeepAliveTime(1, TimeUnit.SECONDS);
    timer.allowCoreThreadTimeOut(true);
    timer.setRemoveOnCancelPolicy(true);
  }

  @Override
  public long nowNanos() {
    return System.nanoTime();
  }

  @Override
  public Runnable schedule(Runnable task, long delayNanos) {
    Future<?> scheduled = timer.schedule(task, delayNanos, TimeUnit.NANOSECONDS);
    return () -> scheduled.cancel(false);
  }
}
