package dev.tautline.ice.mdns;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.util.UUID;
import java.util.random.RandomGenerator;
import java.util.regex.Pattern;

/**
 * A name of ours and the one address that it stands for, draft-ietf-mmusic-mdns-ice-candidates
 * section 3.1.1.
 *
 * @param name a version 4 UUID in lower case and {@code .local}
 * @param address an address of this host
 */
public record OwnName(String name, InetAddress address) {
  private static final Pattern FORM =
      Pattern.compile(
          "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\\.local");

  /** Checks the name's form. */
  public OwnName {
    if (!FORM.matcher(name).matches()) {
      throw new IllegalArgumentException("\"" + name + "\" is not <UUID version 4>.local");
    }
  }

  /**
   * A name that nobody has, RFC 4122 section 4.4.
   *
   * @param random secure, as who guesses the name learns the address
   */
  public static OwnName random(InetAddress address, RandomGenerator random) {
    long high = random.nextLong() & ~0xf000L | 0x4000L;
    long low = random.nextLong() & ~(0xc0L << 56) | 0x80L << 56;
    return new OwnName(new UUID(high, low) + ".local", address);
  }

  /** The type of its address record. */
  int type() {
    return address instanceof Inet6Address ? MdnsType.AAAA : MdnsType.A;
  }
}
