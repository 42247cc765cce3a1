package dev.tautline.benchmarks.rpc;

import dev.tautline.rpc.Rpc;
import dev.tautline.rpc.RpcConnection;
import dev.tautline.rpc.RpcLimits;
import dev.tautline.rpc.RpcOptions;
import dev.tautline.rpc.endpoint.InMemoryEndpoints;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** What does a call and its answer cost, from typed proxy to typed result, without a network? */
@State(Scope.Thread)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
public class CallBenchmark {
  /** What is called. */
  public interface Adder {
    /** Adds. */
    int add(int a, int b);
  }

  private final ExecutorService carrier = Executors.newSingleThreadExecutor();
  private final InMemoryEndpoints.Pair pair = InMemoryEndpoints.pair(carrier);
  private final RpcOptions options =
      RpcOptions.builder()
          .limits(RpcLimits.DEFAULTS.withFramesPerSecond(Integer.MAX_VALUE))
          .build();
  private final RpcConnection server = Rpc.connect(pair.first(), options);
  private final RpcConnection client = Rpc.connect(pair.second(), options);
  private final Adder adder = client.wrap(Adder.class);
  private int number;

  /** Exposes. */
  @Setup(Level.Trial)
  public void prepare() {
    server.expose(Adder.class, Integer::sum);
  }

  /** Closes. */
  @TearDown(Level.Trial)
  public void close() {
    client.close();
    server.close();
    carrier.shutdown();
  }

  /** One call with two numbers, waited for. */
  @Benchmark
  public int call() {
    return adder.add(number++ & 0xffff, 1);
  }
}
