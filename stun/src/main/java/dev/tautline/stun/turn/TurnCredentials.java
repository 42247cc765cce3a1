package dev.tautline.stun.turn;

/**
 * What a TURN server knows its user by: long-term credentials of RFC 8489 section 9.2.
 *
 * @param username less than 509 bytes of UTF-8
 * @param password any length
 */
public record TurnCredentials(String username, String password) {
  /** The password is left out. */
  @Override
  public String toString() {
    return "TurnCredentials[username=" + username + ']';
  }
}
