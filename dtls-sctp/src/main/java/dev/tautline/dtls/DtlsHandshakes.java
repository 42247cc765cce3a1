package dev.tautline.dtls;

import dev.tautline.dtls.engine.ComputeGate;
import dev.tautline.dtls.engine.GatedTask;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Runs handshakes, each on a thread of its own: a virtual thread where the runtime has them, else a
 * daemon thread with a small stack. Many may wait for their peers, as many as there are cores
 * compute. Above the limit handshakes queue, and the queue is fair by peer: one address with a
 * thousand handshakes delays its own.
 *
 * <p>Thread rule: any thread.
 */
public final class DtlsHandshakes implements Executor, AutoCloseable {
  /** How many handshakes run at once by default; all but a few of them wait for their peers. */
  public static final int DEFAULT_MAX_RUNNING = 1024;

  /** How many handshakes may queue by default. */
  public static final int DEFAULT_MAX_QUEUED = 4096;

  /**
   * Up to how many running handshakes another one is started before its path is there. More would
   * keep threads from those that have theirs.
   */
  public static final int AHEAD_LIMIT = 64;

  private static final long STACK_BYTES = 256 * 1024;
  private static final @Nullable Function<Runnable, Thread> VIRTUAL_THREADS = virtualThreads();

  private final String threadNamePrefix;
  private final int maxRunning;
  private final int maxQueued;
  private final AtomicLong threadNumber = new AtomicLong();
  private final ReentrantLock lock = new ReentrantLock();
  private final Set<Thread> running = new HashSet<>();
  private final Map<Object, ArrayDeque<Runnable>> queues = new LinkedHashMap<>();
  private final ComputeGate gate = new CoreGate(Runtime.getRuntime().availableProcessors());
  private int queued;
  private boolean closed;

  private DtlsHandshakes(String threadNamePrefix, int maxRunning, int maxQueued) {
    if (maxRunning < 1 || maxQueued < 0) {
      throw new IllegalArgumentException(
          "running " + maxRunning + " must be above 0, queued " + maxQueued + " not below it");
    }
    this.threadNamePrefix = threadNamePrefix;
    this.maxRunning = maxRunning;
    this.maxQueued = maxQueued;
  }

  /** With the default limits. */
  public static DtlsHandshakes create() {
    return create("tautline-dtls", DEFAULT_MAX_RUNNING, DEFAULT_MAX_QUEUED);
  }

  /**
   * With limits of one's own.
   *
   * @param threadNamePrefix the start of each thread's name
   * @param maxRunning how many handshakes run at once, waiting ones included; at least 1
   * @param maxQueued how many more may queue; at least 0
   */
  public static DtlsHandshakes create(String threadNamePrefix, int maxRunning, int maxQueued) {
    return new DtlsHandshakes(threadNamePrefix, maxRunning, maxQueued);
  }

  /**
   * An executor for the handshakes of one peer.
   *
   * @param peer what makes two handshakes the same peer's, such as the remote IP address
   */
  public Executor forPeer(Object peer) {
    return task -> execute(peer, task);
  }

  /**
   * Runs a handshake of a peer that nothing is known of.
   *
   * @throws RejectedExecutionException if the queue is full or this is closed
   */
  @Override
  public void execute(Runnable task) {
    execute(this, task);
  }

  private void execute(Object peer, Runnable task) {
    lock.lock();
    try {
      if (closed) {
        throw new RejectedExecutionException("the executor of handshakes is closed");
      }
      if (running.size() < maxRunning) {
        startThread(task);
      } else if (queued < maxQueued) {
        queues.computeIfAbsent(peer, p -> new ArrayDeque<>()).add(task);
        queued++;
      } else {
        throw new RejectedExecutionException(
            maxRunning + " handshakes run and " + maxQueued + " wait");
      }
    } finally {
      lock.unlock();
    }
  }

  /** Whether a handshake may be started ahead of its path; see {@link #AHEAD_LIMIT}. */
  public boolean mayStartAhead() {
    lock.lock();
    try {
      return running.size() < Math.min(AHEAD_LIMIT, maxRunning) && !closed;
    } finally {
      lock.unlock();
    }
  }

  private void startThread(Runnable first) {
    Runnable worker = () -> work(first);
    Function<Runnable, Thread> virtual = VIRTUAL_THREADS;
    Thread thread =
        virtual != null ? virtual.apply(worker) : new Thread(null, worker, "", STACK_BYTES);
    thread.setName(threadNamePrefix + "-" + threadNumber.incrementAndGet());
    if (virtual == null) {
      thread.setDaemon(true);
    }
    running.add(thread);
    thread.start();
  }

  private void work(Runnable first) {
    try {
      for (Runnable task = first; task != null; task = next()) {
        run(task);
      }
    } finally {
      lock.lock();
      try {
        running.remove(Thread.currentThread());
      } finally {
        lock.unlock();
      }
    }
  }

  private void run(Runnable task) {
    try {
      if (task instanceof GatedTask gated) {
        gated.run(gate);
      } else {
        task.run();
      }
    } catch (RuntimeException e) {
      // The queue goes on; whoever watches the runtime's uncaught exceptions sees this one.
      Thread thread = Thread.currentThread();
      thread.getUncaughtExceptionHandler().uncaughtException(thread, e);
    }
  }

  /** The next task of the peer whose turn it is; null when nothing is queued. */
  private @Nullable Runnable next() {
    lock.lock();
    try {
      var peers = queues.entrySet().iterator();
      if (closed || !peers.hasNext()) {
        running.remove(Thread.currentThread());
        return null;
      }
      Map.Entry<Object, ArrayDeque<Runnable>> turn = peers.next();
      Object peer = turn.getKey();
      ArrayDeque<Runnable> tasks = turn.getValue();
      peers.remove();
      Runnable task = tasks.remove();
      queued--;
      if (!tasks.isEmpty()) {
        // To the end of the line.
        queues.put(peer, tasks);
      }
      return task;
    } finally {
      lock.unlock();
    }
  }

  /** Forgets what is queued and interrupts what runs. Does not wait for it. */
  @Override
  public void close() {
    lock.lock();
    try {
      closed = true;
      queues.clear();
      queued = 0;
      running.forEach(Thread::interrupt);
    } finally {
      lock.unlock();
    }
  }

  private static @Nullable Function<Runnable, Thread> virtualThreads() {
    try {
      Method ofVirtual = Thread.class.getMethod("ofVirtual");
      Method unstarted =
          Class.forName("java.lang.Thread$Builder").getMethod("unstarted", Runnable.class);
      return task -> {
        try {
          return (Thread) unstarted.invoke(ofVirtual.invoke(null), task);
        } catch (IllegalAccessException | InvocationTargetException e) {
          throw new IllegalStateException("this runtime refuses its virtual threads", e);
        }
      };
    } catch (ClassNotFoundException | NoSuchMethodException e) {
      // A runtime before 21.
      return null;
    }
  }

  /** As many turns as cores, first come, first served. */
  private static final class CoreGate implements ComputeGate {
    private final Semaphore turns;

    CoreGate(int cores) {
      turns = new Semaphore(cores, true);
    }

    @Override
    public void enter() {
      turns.acquireUninterruptibly();
    }

    @Override
    public void leave() {
      turns.release();
    }
  }
}
