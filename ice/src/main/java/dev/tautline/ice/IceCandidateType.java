package dev.tautline.ice;

/** Where a candidate's address comes from, RFC 8445 section 5.1.1. */
public enum IceCandidateType {
  /** An address of the host itself. */
  HOST("host", 126),
  /** The address a STUN server saw. */
  SERVER_REFLEXIVE("srflx", 100),
  /** The address the peer saw in a check. */
  PEER_REFLEXIVE("prflx", 110),
  /** An address on a TURN server. */
  RELAYED("relay", 0);

  private final String token;
  private final int preference;

  IceCandidateType(String token, int preference) {
    this.token = token;
    this.preference = preference;
  }

  /** The word in a candidate line: {@code host}, {@code srflx}, {@code prflx} or {@code relay}. */
  public String token() {
    return token;
  }

  /** The type preference of RFC 8445 section 5.1.2.2, 0 to 126. */
  public int preference() {
    return preference;
  }
}
