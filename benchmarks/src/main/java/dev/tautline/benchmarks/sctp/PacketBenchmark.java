package dev.tautline.benchmarks.sctp;

import dev.tautline.sctp.packet.DataView;
import dev.tautline.sctp.packet.SackView;
import dev.tautline.sctp.packet.SctpParseException;
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

/** What does it cost to read the chunks of the hot path in place? */
@State(Scope.Thread)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class PacketBenchmark {
  private static final int PAYLOAD = 1160;

  private final DataView dataView = new DataView();
  private final SackView sackView = new SackView();
  private final byte[] data = data();
  private final byte[] sack = sack();

  private static byte[] data() {
    byte[] chunk = new byte[16 + PAYLOAD];
    chunk[1] = 3;
    chunk[2] = (byte) (chunk.length >> 8);
    chunk[3] = (byte) chunk.length;
    return chunk;
  }

  private static byte[] sack() {
    byte[] chunk = new byte[16 + 8];
    chunk[0] = 3;
    chunk[3] = (byte) chunk.length;
    chunk[13] = 2;
    // Blocks 2 to 3 and 5 to 7 behind the cumulative acknowledgement.
    chunk[17] = 2;
    chunk[19] = 3;
    chunk[21] = 5;
    chunk[23] = 7;
    return chunk;
  }

  /** DATA with a full payload. */
  @Benchmark
  public int data1160() throws SctpParseException {
    dataView.wrap(data, 0, data.length);
    return dataView.tsn() + dataView.streamId() + dataView.payloadLength();
  }

  /** SACK with two blocks. */
  @Benchmark
  public int sackOfTwoBlocks() throws SctpParseException {
    sackView.wrap(sack, 0, sack.length);
    return sackView.gapEnd(1) + sackView.cumulativeTsnAck();
  }
}
