package dev.tautline.benchmarks.sctp;

import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What does one message cost from {@code send} at one association to the event at the other, SACKs
 * included: SCTP alone, and SCTP with every packet sealed and opened as a DTLS record?
 */
@State(Scope.Thread)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class PipelineBenchmark {
  /** The message's length. */
  @Param({"64", "16384"})
  public int bytes;

  private byte[] message = new byte[0];
  private InMemoryPath plain = new InMemoryPath(InMemoryPath.Between.NOTHING);
  private InMemoryPath sealed = new InMemoryPath(InMemoryPath.Between.SEALED_RECORDS);

  /** Connects. */
  @Setup(Level.Trial)
  public void prepare() {
    message = new byte[bytes];
    new Random(1).nextBytes(message);
    plain = new InMemoryPath(InMemoryPath.Between.NOTHING);
    sealed = new InMemoryPath(InMemoryPath.Between.SEALED_RECORDS);
  }

  /** SCTP alone. */
  @Benchmark
  public long sctp() {
    return plain.deliver(message);
  }

  /** The whole pipeline but for the sockets. */
  @Benchmark
  public long sctpAndRecords() {
    return sealed.deliver(message);
  }
}
