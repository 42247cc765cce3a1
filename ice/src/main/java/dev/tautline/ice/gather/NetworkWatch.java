package dev.tautline.ice.gather;

import java.net.SocketException;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Notices that this host's interfaces or addresses change, by asking the system again and again:
 * Java has no notification. One thread for a runtime, there only while somebody listens. Any
 * thread.
 */
public final class NetworkWatch implements AutoCloseable {
  /** How often the system is asked. */
  public static final Duration INTERVAL = Duration.ofSeconds(2);

  /**
   * When the system is asked first: listeners come as they gather and open their connection, and
   * asking costs as much as a tenth of that.
   */
  private static final Duration FIRST_LOOK = Duration.ofMillis(250);

  private static final Logger LOG = LoggerFactory.getLogger(NetworkWatch.class);

  /** Where the interfaces are asked for. */
  @FunctionalInterface
  public interface Source {
    /**
     * The interfaces that are up.
     *
     * @throws SocketException if the system does not tell
     */
    List<HostInterface> interfaces() throws SocketException;
  }

  /** Who is told. */
  @FunctionalInterface
  public interface Listener {
    /** The interfaces are other ones; called on the watch's thread, must not block. */
    void interfacesChanged(List<HostInterface> interfaces);
  }

  private final String threadName;
  private final Source source;
  private final Duration interval;
  private final Set<Listener> listeners = ConcurrentHashMap.newKeySet();
  private @Nullable ScheduledThreadPoolExecutor thread;
  private @Nullable ScheduledThreadPoolExecutor ending;
  private @Nullable List<HostInterface> last;
  private boolean closed;

  /**
   * Asks nothing until somebody listens.
   *
   * @param threadName of its thread
   * @param source where to ask
   * @param interval how often
   */
  public NetworkWatch(String threadName, Source source, Duration interval) {
    this.threadName = threadName;
    this.source = source;
    this.interval = interval;
  }

  /** Where the interfaces are asked for. */
  public Source source() {
    return source;
  }

  /** Tells the listener of changes from now on. */
  public synchronized void add(Listener listener) {
    if (closed || !listeners.add(listener) || thread != null) {
      return;
    }
    last = null;
    thread =
        new ScheduledThreadPoolExecutor(
            1,
            task -> {
              Thread t = new Thread(task, threadName);
              t.setDaemon(true);
              return t;
            });
    long first = Math.min(FIRST_LOOK.toNanos(), interval.toNanos());
    thread.scheduleWithFixedDelay(this::look, first, interval.toNanos(), TimeUnit.NANOSECONDS);
  }

  /** Tells it no more; without listeners the thread ends. */
  public synchronized void remove(Listener listener) {
    if (listeners.remove(listener) && listeners.isEmpty()) {
      stop();
    }
  }

  private void look() {
    List<HostInterface> now;
    try {
      now = source.interfaces();
    } catch (SocketException e) {
      LOG.debug("the system does not tell its interfaces: {}", e.toString());
      return;
    }
    synchronized (this) {
      List<HostInterface> before = last;
      last = now;
      if (now.equals(before)) {
        return;
      }
    }
    // The first look is told, too: something may have changed since the listener itself looked.
    LOG.debug("the network: {}", now);
    for (Listener listener : listeners) {
      listener.interfacesChanged(now);
    }
  }

  private void stop() {
    if (thread != null) {
      thread.shutdownNow();
      ending = thread;
      thread = null;
    }
  }

  /** Waits, after {@link #close}, for the thread's end. */
  public void join() {
    ScheduledThreadPoolExecutor waited;
    synchronized (this) {
      waited = ending;
    }
    try {
      if (waited != null && !waited.awaitTermination(1, TimeUnit.SECONDS)) {
        LOG.debug("the system takes its time to tell its interfaces; a daemon thread waits for it");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public synchronized void close() {
    closed = true;
    listeners.clear();
    stop();
  }
}
