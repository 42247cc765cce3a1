package dev.tautline.benchmarks.throughput;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Base64;

/**
 * The lines that a contestant's process speaks on its standard streams.
 *
 * <p>Arguments: {@code send|receive MESSAGE_BYTES BUFFER_BYTES WARMUP_MILLIS MEASURE_MILLIS}. The
 * sender offers and makes one reliable ordered channel.
 *
 * <pre>{@code
 * sender   -> OFFER <base64 of the SDP with all candidates>
 * receiver <- OFFER ...            receiver -> ANSWER <base64>
 * sender   <- ANSWER ...           the sender sends messages of MESSAGE_BYTES without end, with at
 *                                  most BUFFER_BYTES of bufferedAmount
 * receiver -> RESULT <bytes> <nanoseconds> <messages> <errors>
 * both     <- STOP                 both -> CPU <nanoseconds of the process>
 * either   -> FAILED <why>
 * }</pre>
 *
 * <p>A message starts with its sequence number (64 bit, from 0) and its length (32 bit), in network
 * order; the receiver counts as an error every message that does not carry what is expected.
 */
final class ContestantProtocol {
  static final String SEND = "send";
  static final String RECEIVE = "receive";
  static final String OFFER = "OFFER";
  static final String ANSWER = "ANSWER";
  static final String RESULT = "RESULT";
  static final String STOP = "STOP";
  static final String CPU = "CPU";

  private ContestantProtocol() {}

  /** What one run is made of. */
  record Plan(int messageBytes, long bufferBytes, long warmupMillis, long measureMillis) {
    static Plan of(String[] args) {
      if (args.length != 5) {
        throw new IllegalArgumentException(
            "five arguments are needed, "
                + args.length
                + " were given: send|receive MESSAGE_BYTES BUFFER_BYTES WARMUP_MILLIS"
                + " MEASURE_MILLIS");
      }
      return new Plan(
          Integer.parseInt(args[1]),
          Long.parseLong(args[2]),
          Long.parseLong(args[3]),
          Long.parseLong(args[4]));
    }
  }

  static void printSdp(PrintStream out, String word, String sdp) {
    out.println(
        word + " " + Base64.getEncoder().encodeToString(sdp.getBytes(StandardCharsets.UTF_8)));
    out.flush();
  }

  static String readSdp(BufferedReader in, String word) throws IOException {
    String line = in.readLine();
    if (line == null || !line.startsWith(word + " ")) {
      throw new IOException("expected a line " + word + ", got " + line);
    }
    byte[] sdp = Base64.getDecoder().decode(line.substring(word.length() + 1));
    return new String(sdp, StandardCharsets.UTF_8);
  }
}
