package dev.tautline.benchmarks.codec;

import dev.tautline.dtls.record.AeadAlgorithm;
import dev.tautline.dtls.record.RecordHeader;
import dev.tautline.dtls.record.RecordNumbers;
import dev.tautline.dtls.record.RecordNumbersExhaustedException;
import dev.tautline.dtls.record.RecordOpener;
import dev.tautline.dtls.record.RecordSealer;
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

/** What does it cost to seal one DTLS record in place, and to open it again? */
@State(Scope.Thread)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class RecordBenchmark {
  /** The plaintext of a record: one SCTP packet. */
  @Param({"1188"})
  public int bytes;

  /** The cipher. */
  @Param({"AES_128_GCM", "AES_256_GCM"})
  public AeadAlgorithm algorithm = AeadAlgorithm.AES_128_GCM;

  private byte[] plaintext = new byte[0];
  private byte[] buffer = new byte[0];
  private byte[] key = new byte[0];
  private byte[] fixedIv = new byte[0];
  private RecordSealer sealer = newSealer();
  private RecordOpener opener = new RecordOpener(algorithm, new byte[16], new byte[4]);

  private RecordSealer newSealer() {
    return new RecordSealer(algorithm, new byte[16], new byte[4], new RecordNumbers(1));
  }

  /** Keys and text, seeded. */
  @Setup(Level.Iteration)
  public void prepare() {
    var random = new Random(1);
    key = new byte[algorithm.keyBytes()];
    fixedIv = new byte[algorithm.fixedIvBytes()];
    plaintext = new byte[bytes];
    random.nextBytes(key);
    random.nextBytes(fixedIv);
    random.nextBytes(plaintext);
    sealer = new RecordSealer(algorithm, key, fixedIv, new RecordNumbers(1));
    opener = new RecordOpener(algorithm, key, fixedIv);
    buffer = new byte[algorithm.headroomBytes() + bytes + AeadAlgorithm.TAG_BYTES];
  }

  /** Copies the packet into the scratch, as SCTP writes it there, and seals. */
  @Benchmark
  public int seal() throws RecordNumbersExhaustedException {
    int headroom = algorithm.headroomBytes();
    System.arraycopy(plaintext, 0, buffer, headroom, bytes);
    return sealer.seal(RecordHeader.APPLICATION_DATA, buffer, headroom, bytes);
  }

  /** Seals and opens. */
  @Benchmark
  public int sealAndOpen() throws RecordNumbersExhaustedException {
    int length = seal();
    int fragment = RecordHeader.fragmentLength(buffer, 0);
    int opened =
        opener.open(
            RecordHeader.APPLICATION_DATA,
            RecordHeader.number(buffer, 0),
            buffer,
            RecordHeader.LENGTH,
            fragment,
            buffer,
            algorithm.headroomBytes());
    if (opened != bytes) {
      throw new IllegalStateException("a record of " + length + " bytes was not opened: " + opened);
    }
    return opened;
  }
}
