package dev.tautline.rpc.session;

import dev.tautline.rpc.JsValue;
import dev.tautline.rpc.Remote;
import dev.tautline.rpc.expose.Exposed;
import dev.tautline.rpc.expose.ResultShape;
import dev.tautline.rpc.expose.Served;
import dev.tautline.rpc.message.Refusal;
import dev.tautline.rpc.message.Request;
import dev.tautline.rpc.message.WireValue;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * One request that runs, or waits to. It keeps its place until both its thread is done and its
 * answer has left: a peer that does not read cannot make more of them.
 */
final class ServedCall implements Runnable {
  private final Session session;
  final RpcPort port;
  final ServedObject served;
  final Request request;
  final long deadlineNanos;
  private final List<AutoCloseable> imported;
  private final AtomicBoolean answered = new AtomicBoolean();
  private final AtomicBoolean started = new AtomicBoolean();
  private final AtomicInteger openParts = new AtomicInteger(2);
  private List<Remote> releaseAfter = List.of();
  private @Nullable Thread thread;

  /**
   * A call.
   *
   * @param request its values are bound to the connection
   * @param imported what came with it, and is given back if the call is refused
   */
  ServedCall(
      Session session,
      RpcPort port,
      ServedObject served,
      Request request,
      long deadlineNanos,
      List<AutoCloseable> imported) {
    this.session = session;
    this.port = port;
    this.served = served;
    this.request = request;
    this.deadlineNanos = deadlineNanos;
    this.imported = imported;
  }

  private boolean isPropertyAccess() {
    return request instanceof Request.Get || request instanceof Request.Set;
  }

  /** Hands the call to the executor. */
  void start() {
    started.set(true);
    try {
      if (isPropertyAccess()) {
        // A page does not wait for an assignment: what it reads next must see it.
        port.inOrder.execute(this);
      } else if (port.inOrder.isIdle()) {
        session.executor().execute(this);
      } else {
        port.inOrder.execute(this::startConcurrently);
      }
    } catch (RejectedExecutionException e) {
      refuse(Refusal.rangeError("no thread for the call"));
      partDone();
    }
  }

  private void startConcurrently() {
    try {
      session.executor().execute(this);
    } catch (RejectedExecutionException e) {
      refuse(Refusal.rangeError("no thread for the call"));
      partDone();
    }
  }

  @Override
  public void run() {
    synchronized (this) {
      thread = Thread.currentThread();
    }
    try {
      if (!answered.get()) {
        evaluate();
      }
    } finally {
      synchronized (this) {
        thread = null;
        // Meant for this call, not for the thread's next task.
        Thread.interrupted();
      }
      partDone();
    }
  }

  private void evaluate() {
    Served result;
    try {
      result = perform();
      if (result.value() instanceof Future<?> future
          && !(result.value() instanceof CompletionStage)) {
        result = new Served(future.get(), result.shape(), result.releaseAfter());
      }
    } catch (Refusal e) {
      refuse(e);
      return;
    } catch (VirtualMachineError e) {
      answer(null, ResultShape.VALUE, e);
      throw e;
    } catch (Throwable e) {
      answer(null, ResultShape.VALUE, e);
      return;
    }
    releaseAfter = result.releaseAfter();
    ResultShape shape = result.shape();
    if (result.value() instanceof CompletionStage<?> stage) {
      stage.whenComplete((value, e) -> answer(value, shape, e));
    } else {
      answer(result.value(), shape, null);
    }
  }

  private Served perform() throws Throwable {
    Exposed.Walk walk = session.walk();
    Exposed target = served.exposed;
    if (request instanceof Request.Get get) {
      return target.get(get.path(), walk);
    }
    if (request instanceof Request.Set set) {
      target.set(set.path(), session.open(set.value()), walk);
      return new Served(true, ResultShape.VALUE, List.of());
    }
    if (request instanceof Request.Apply apply) {
      return target.apply(apply.path(), open(apply.arguments()), walk);
    }
    if (request instanceof Request.Construct construct) {
      return target.construct(construct.path(), open(construct.arguments()), walk);
    }
    throw new IllegalStateException("not a call: " + request);
  }

  private List<JsValue> open(List<WireValue> arguments) {
    List<JsValue> opened = new ArrayList<>(arguments.size());
    for (WireValue argument : arguments) {
      opened.add(session.open(argument));
    }
    return opened;
  }

  /** Answers that the request is not served; what came with it is given back. */
  void refuse(Refusal refusal) {
    answer(null, ResultShape.VALUE, refusal);
    session.giveBack(imported);
  }

  private void answer(@Nullable Object value, ResultShape shape, @Nullable Throwable thrown) {
    if (!answered.compareAndSet(false, true)) {
      return;
    }
    session.answer(this, value, shape, thrown, this::partDone);
    releaseAfter.forEach(Remote::close);
  }

  /** The deadline has passed. */
  void expire() {
    boolean inTime = !answered.compareAndSet(false, true);
    if (inTime) {
      return;
    }
    if (session.runner().withdraw(this)) {
      openParts.set(1);
    }
    session.answer(
        this, null, ResultShape.VALUE, Refusal.timeout("the call took too long"), this::partDone);
    interrupt();
  }

  /** The channel is closed: nobody waits for the answer any more. */
  void abandon() {
    if (!started.get()) {
      openParts.set(1);
    }
    if (answered.compareAndSet(false, true)) {
      partDone();
    }
    interrupt();
  }

  private void interrupt() {
    synchronized (this) {
      if (thread != null) {
        thread.interrupt();
      }
    }
  }

  private void partDone() {
    if (openParts.decrementAndGet() == 0) {
      session.callDone(this, started.get());
    }
  }
}
