package dev.tautline.ice.gather;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Resolves the names of servers with the system's resolver, which blocks, on at most two threads
 * that end after five idle seconds. A loop never waits for it.
 */
public final class NameResolver {
  private static final Logger LOG = LoggerFactory.getLogger(NameResolver.class);
  private static final int MAX_THREADS = 2;
  private static final int MAX_WAITING = 256;
  private static final long IDLE_SECONDS = 5;

  private final ThreadPoolExecutor threads;

  /**
   * A resolver without threads yet.
   *
   * @param threadNamePrefix what its threads' names start with
   */
  public NameResolver(String threadNamePrefix) {
    var number = new AtomicInteger();
    threads =
        new ThreadPoolExecutor(
            MAX_THREADS,
            MAX_THREADS,
            IDLE_SECONDS,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(MAX_WAITING),
            task -> {
              var thread =
                  new Thread(task, threadNamePrefix + "-names-" + number.incrementAndGet());
              thread.setDaemon(true);
              return thread;
            });
    threads.allowCoreThreadTimeOut(true);
  }

  /** The addresses of a host; fails with {@link UnknownHostException}. */
  public CompletableFuture<List<InetAddress>> resolve(String host) {
    var literal = AddressLiterals.parse(host);
    if (literal.isPresent()) {
      return CompletableFuture.completedFuture(List.of(literal.get()));
    }
    try {
      return CompletableFuture.supplyAsync(
          () -> {
            try {
              return List.of(InetAddress.getAllByName(host));
            } catch (UnknownHostException e) {
              throw new CompletionException(e);
            }
          },
          threads);
    } catch (RejectedExecutionException e) {
      return CompletableFuture.failedFuture(
          new UnknownHostException(host + ": too many names wait, or the runtime is closed"));
    }
  }

  /** Runs something that blocks, such as reading certificates, on one of these threads. */
  public <T> CompletableFuture<T> supply(Supplier<T> work) {
    try {
      return CompletableFuture.supplyAsync(work, threads);
    } catch (RejectedExecutionException e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  /** Interrupts what runs and refuses what comes. */
  public void close() {
    threads.shutdownNow();
  }

  /**
   * Waits for its threads, after {@link #close}; at most a second, as the system's resolver cannot
   * be interrupted.
   */
  public void join() {
    try {
      boolean ended = threads.awaitTermination(1, TimeUnit.SECONDS);
      if (!ended) {
        LOG.debug("the system's resolver still waits for a name; its thread ends by itself");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
