package dev.tautline.ice;

import java.util.OptionalInt;

/**
 * What the peer's description says of its agent.
 *
 * @param credentials the peer's ufrag and password
 * @param mode whether it is a lite agent
 * @param pacingMillis its {@code a=ice-pacing} (RFC 8839 section 5.5) in milliseconds; empty when
 *     it said nothing, which means 50
 */
public record IceRemote(IceCredentials credentials, IceMode mode, OptionalInt pacingMillis) {
  /** A full agent that said nothing of pacing. */
  public static IceRemote of(IceCredentials credentials) {
    return new IceRemote(credentials, IceMode.FULL, OptionalInt.empty());
  }
}
