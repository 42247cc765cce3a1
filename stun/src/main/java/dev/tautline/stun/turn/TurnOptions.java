package dev.tautline.stun.turn;

import java.util.Optional;

/**
 * How one allocation is asked for.
 *
 * @param credentials empty for servers that ask for none
 * @param transport how the server is reached
 * @param families which relayed addresses are wanted
 * @param loopback whether a relayed address of 127.0.0.0/8 or ::1 may be used
 * @param timeoutNanos how long one request may wait for its answer
 */
public record TurnOptions(
    Optional<TurnCredentials> credentials,
    Transport transport,
    Families families,
    Loopback loopback,
    long timeoutNanos) {

  /** How the server is reached. */
  public enum Transport {
    /** UDP: requests are repeated, channel data needs no padding. */
    DATAGRAMS,
    /** TCP or TLS: requests are sent once, channel data is padded to 4 bytes. */
    STREAM
  }

  /** Which relayed addresses are wanted. */
  public enum Families {
    /** One of IPv4. */
    IPV4,
    /** One of IPv6: REQUESTED-ADDRESS-FAMILY. */
    IPV6,
    /** One of IPv4 and, where the server has it, one of IPv6: ADDITIONAL-ADDRESS-FAMILY. */
    BOTH
  }

  /** Whether a server may relay from its own loopback address; for tests on one host. */
  public enum Loopback {
    /** RFC 8656 section 7.3: such an address is no use. */
    REFUSE,
    /** It is taken. */
    ALLOW
  }

  /** Checks the range. */
  public TurnOptions {
    if (timeoutNanos <= 0) {
      throw new IllegalArgumentException("a timeout of " + timeoutNanos + " ns is not positive");
    }
  }
}
