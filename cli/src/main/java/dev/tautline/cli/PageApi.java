package dev.tautline.cli;

import dev.tautline.rpc.RpcConstruct;
import dev.tautline.rpc.RpcExposed;
import dev.tautline.rpc.RpcProperty;
import java.util.concurrent.CompletableFuture;

/** What the JVM exposes to the demo page: what the page's buttons call. */
@RpcExposed
public interface PageApi {
  /** A property that can be read and written. */
  @RpcProperty
  String greeting();

  /** Writes the property. */
  @RpcProperty
  void greeting(String text);

  /** A method. */
  int add(int a, int b);

  /** Calls the page's function back for each number up to {@code upTo}. */
  CompletableFuture<Integer> sum(int upTo, DemoApi.Doubler doubler);

  /** An object of the JVM, made by {@code new} in the page. */
  @RpcConstruct("Counter")
  DemoApi.Counter counter(int start);

  /** Throws when {@code divisor} is 0. */
  int divide(int dividend, int divisor);

  /** The colour of the page's sliders. */
  void changeBackgroundColor(int red, int green, int blue);

  /** A line for the terminal. */
  void log(String text);
}
