package dev.tautline.benchmarks.codec;

import dev.tautline.datachannel.dcep.DcepException;
import dev.tautline.datachannel.dcep.DcepMessage;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** What does it cost to read and to write the message that opens a channel? */
@State(Scope.Thread)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class DcepBenchmark {
  private static final byte[] OPEN = open();

  private static byte[] open() {
    byte[] label = "tautline".getBytes(StandardCharsets.UTF_8);
    byte[] message = new byte[12 + label.length];
    message[0] = 3;
    message[9] = (byte) label.length;
    System.arraycopy(label, 0, message, 12, label.length);
    return message;
  }

  /** Reads an OPEN. */
  @Benchmark
  public DcepMessage parse() throws DcepException {
    return DcepMessage.parse(OPEN);
  }

  /** Reads an OPEN and writes it again. */
  @Benchmark
  public byte[] parseAndWrite() throws DcepException {
    return ((DcepMessage.Open) DcepMessage.parse(OPEN)).toBytes();
  }
}
