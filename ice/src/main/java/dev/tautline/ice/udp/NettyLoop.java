package dev.tautline.ice.udp;

import dev.tautline.ice.Cancellable;
import dev.tautline.ice.IceLoop;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;

/**
 * One connection's view of its event loop: the loop, and a clock that starts with the connection.
 */
public final class NettyLoop implements IceLoop {
  private final EventLoop loop;
  private final Loops loops;
  private final long epochNanos = System.nanoTime();

  NettyLoop(EventLoop loop, Loops loops) {
    this.loop = loop;
    this.loops = loops;
  }

  @Override
  public boolean inLoop() {
    return loop.inEventLoop();
  }

  @Override
  public void execute(Runnable task) {
    loop.execute(task);
  }

  @Override
  public Cancellable schedule(Runnable task, long delayNanos) {
    ScheduledFuture<?> future = loop.schedule(task, Math.max(0, delayNanos), TimeUnit.NANOSECONDS);
    return () -> future.cancel(false);
  }

  @Override
  public long nowNanos() {
    return System.nanoTime() - epochNanos;
  }

  /** When the connection's time began, as {@link System#nanoTime} counts. */
  public long epochNanos() {
    return epochNanos;
  }

  /** The loop itself, for what registers channels. */
  public EventLoop netty() {
    return loop;
  }

  /** The loops it is one of. */
  public Loops loops() {
    return loops;
  }
}
