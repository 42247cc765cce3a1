package dev.tautline.benchmarks.rpc;

import dev.tautline.rpc.JsValue;
import dev.tautline.rpc.codec.JsonCodec;
import dev.tautline.rpc.codec.json.JacksonJson;
import dev.tautline.rpc.frame.Frame;
import dev.tautline.rpc.frame.Transfers;
import java.util.Objects;
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

/** What does it cost to read the frame of a call, and to write it again? */
@State(Scope.Thread)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class FrameBenchmark {
  private static final String CALL =
      "{\"uid\":\"\",\"data\":{\"id\":\"119f5f4aabcb1b-151b8df372621b-1a26da7d441505-7d91551c88a8d\","
          + "\"type\":\"APPLY\",\"path\":[\"add\"],\"argumentList\":[{\"type\":\"RAW\",\"value\":3},"
          + "{\"type\":\"RAW\",\"value\":4}]},\"transfer\":[]}";

  private final JsonCodec json = new JacksonJson(1 << 20, 64);

  /** Reads the frame. */
  @Benchmark
  public Frame decode() {
    JsonCodec.Parsed parsed =
        Objects.requireNonNull(json.parse(CALL, JsonCodec.Depth.WHOLE), "the frame is JSON");
    JsValue value = parsed.value();
    return Objects.requireNonNull(Frame.of(value), "the JSON is a frame");
  }

  /** Reads the frame and writes it again. */
  @Benchmark
  public String decodeAndEncode() {
    Frame frame = decode();
    return Frame.write(json, frame.uid(), frame.data(), Transfers.BytesAs.HEX);
  }
}
