package dev.tautline.cli;

import dev.tautline.rpc.RpcVisibleException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;

/** What both demos expose: a property, a method, a callback, an object, an exception. */
class DemoObject {
  private static final int MOST_CALLBACKS = 1000;

  private volatile String greeting = "hello from process " + ProcessHandle.current().pid();

  public String greeting() {
    return greeting;
  }

  public void greeting(String text) {
    greeting = text;
  }

  public int add(int a, int b) {
    return Math.addExact(a, b);
  }

  public CompletableFuture<Integer> sum(int upTo, DemoApi.Doubler doubler) {
    CompletableFuture<Integer> sum = CompletableFuture.completedFuture(0);
    for (int i = 1; i <= Math.min(upTo, MOST_CALLBACKS); i++) {
      sum = sum.thenCombine(doubler.twice(i), Integer::sum);
    }
    return sum;
  }

  public DemoApi.Counter counter(int start) {
    var number = new AtomicInteger(start);
    return number::incrementAndGet;
  }

  public int divide(int dividend, int divisor) {
    if (divisor == 0) {
      throw new RpcVisibleException("RangeError", dividend + " cannot be divided by 0");
    }
    return dividend / divisor;
  }
}
