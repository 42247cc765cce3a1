package dev.tautline.sctp.fuzz;

import dev.tautline.sctp.packet.Chunk;
import dev.tautline.sctp.packet.ChunkType;

/**
 * Error causes. The first byte of the input chooses ERROR or ABORT with its flags, the rest is the
 * causes.
 */
public final class ErrorCauseFuzz {
  private ErrorCauseFuzz() {}

  /** Takes one input. */
  public static void fuzzerTestOneInput(byte[] input) {
    Cost.check(input, ErrorCauseFuzz::run);
  }

  private static void run(byte[] input, Cost cost) {
    if (input.length == 0) {
      return;
    }
    int type = (input[0] & 2) == 0 ? ChunkType.ERROR : ChunkType.ABORT;
    cost.begin();
    Chunk chunk = Parsed.chunk(type, input[0] & 1, input, 1, input.length - 1);
    cost.end(input.length);
    if (chunk != null) {
      Parsed.checkRoundTrip(chunk);
    }
  }
}
