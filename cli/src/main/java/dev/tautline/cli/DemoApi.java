package dev.tautline.cli;

import dev.tautline.rpc.RpcConstruct;
import dev.tautline.rpc.RpcExposed;
import dev.tautline.rpc.RpcProperty;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** What each JVM of the demo exposes to the other: one member of each kind. */
@RpcExposed
public interface DemoApi {
  /** A property that can be read and written. */
  @RpcProperty
  String greeting();

  /** Writes the property. */
  @RpcProperty
  void greeting(String text);

  /** A method. */
  int add(int a, int b);

  /**
   * Calls back once for each number from 1 to {@code upTo} and gives what the answers add up to.
   */
  CompletableFuture<Integer> sum(int upTo, Doubler doubler);

  /** An object of the other JVM, made by {@code new}. */
  @RpcConstruct("Counter")
  Counter counter(int start);

  /** Throws when {@code divisor} is 0. */
  int divide(int dividend, int divisor);

  /** Calls everything that the caller exposes, and tells how that went. */
  List<Check> checkCaller();

  /** The SHA-256 of what came on the channel of the transfer, in hex, when all of it is there. */
  CompletableFuture<String> received(long bytes);

  /** CPU seconds that this process has used. */
  double cpuSeconds();

  /** The process's id. */
  long pid();

  /** A callback. */
  @FunctionalInterface
  interface Doubler {
    /** Gives the double. */
    CompletableFuture<Integer> twice(int number);
  }

  /** Counts. */
  @RpcExposed
  interface Counter {
    /** The next number. */
    int next();
  }

  /**
   * One thing that was tried.
   *
   * @param what the kind of call
   * @param detail what came back
   * @param passed whether it is what was expected
   */
  record Check(String what, String detail, boolean passed) {}
}
