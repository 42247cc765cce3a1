package dev.tautline.sctp.fuzz;

import dev.tautline.sctp.packet.Chunk;
import dev.tautline.sctp.packet.ChunkType;

/**
 * Parameters of INIT, INIT ACK and RE-CONFIG. The first byte of the input chooses the chunk, the
 * rest is its parameters.
 */
public final class ParameterFuzz {
  private static final int INIT_FIELDS_BYTES = 16;

  private ParameterFuzz() {}

  /** Takes one input. */
  public static void fuzzerTestOneInput(byte[] input) {
    Cost.check(input, ParameterFuzz::run);
  }

  private static void run(byte[] input, Cost cost) {
    if (input.length == 0) {
      return;
    }
    int type =
        switch (input[0] & 3) {
          case 0 -> ChunkType.INIT;
          case 1 -> ChunkType.INIT_ACK;
          default -> ChunkType.RE_CONFIG;
        };
    int fields = type == ChunkType.RE_CONFIG ? 0 : INIT_FIELDS_BYTES;
    byte[] value = new byte[fields + input.length - 1];
    System.arraycopy(input, 1, value, fields, input.length - 1);
    cost.begin();
    Chunk chunk = Parsed.chunk(type, 0, value, 0, value.length);
    cost.end(value.length);
    if (chunk != null) {
      Parsed.checkRoundTrip(chunk);
    }
  }
}
