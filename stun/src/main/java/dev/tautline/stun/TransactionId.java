package dev.tautline.stun;

import dev.tautline.base.WireFormatException;
import dev.tautline.base.WireReader;
import dev.tautline.base.WireWriter;
import java.util.random.RandomGenerator;

/**
 * The 96 bits that join a response to its request, RFC 8489 section 5.
 *
 * @param high the first 64 bits on the wire
 * @param low the last 32
 */
public record TransactionId(long high, int low) {
  /** Its length on the wire, in bytes. */
  public static final int LENGTH = 12;

  /**
   * A new one. RFC 8489 section 6: "uniformly and randomly chosen" and "cryptographically random".
   */
  public static TransactionId generate(RandomGenerator random) {
    return new TransactionId(random.nextLong(), random.nextInt());
  }

  /** Reads the 12 bytes. */
  public static TransactionId read(WireReader in) throws WireFormatException {
    return new TransactionId(in.u64Bits(), in.u32Bits());
  }

  /** Writes the 12 bytes. */
  public void write(WireWriter out) {
    out.u64(high).u32(low);
  }
}
