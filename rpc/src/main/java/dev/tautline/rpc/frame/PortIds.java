package dev.tautline.rpc.frame;

import java.util.random.RandomGenerator;

/** Names of ports and requests: the shape that Comlink gives them, and what a peer's may be. */
public final class PortIds {
  private static final int MAX_CHARS = 128;
  private static final int GROUPS = 4;
  private static final long MASK_53 = (1L << 53) - 1;

  private PortIds() {}

  /** Four random numbers below 2^53 in hex. */
  public static String next(RandomGenerator random) {
    StringBuilder id = new StringBuilder(64);
    for (int i = 0; i < GROUPS; i++) {
      if (i > 0) {
        id.append('-');
      }
      id.append(Long.toHexString(random.nextLong() & MASK_53));
    }
    return id.toString();
  }

  /** Whether a peer may name a port so: 1 to 128 letters, digits, {@code - _ .}. */
  public static boolean isWellFormed(String id) {
    if (id.isEmpty() || id.length() > MAX_CHARS) {
      return false;
    }
    for (int i = 0; i < id.length(); i++) {
      char c = id.charAt(i);
      boolean good =
          (c >= 'a' && c <= 'z')
              || (c >= 'A' && c <= 'Z')
              || (c >= '0' && c <= '9')
              || c == '-'
              || c == '_'
              || c == '.';
      if (!good) {
        return false;
      }
    }
    return true;
  }
}
