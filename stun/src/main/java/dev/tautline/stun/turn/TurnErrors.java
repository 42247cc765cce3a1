package dev.tautline.stun.turn;

/** Error codes of TURN in plain words, RFC 8489 section 14.8 and RFC 8656 section 19. */
public final class TurnErrors {
  /** No allocation here, or one of somebody else. */
  public static final int ALLOCATION_MISMATCH = 437;

  /** The address family is not relayed. */
  public static final int FAMILY_NOT_SUPPORTED = 440;

  /** Other credentials than the allocation was made with. */
  public static final int WRONG_CREDENTIALS = 441;

  /** The transport to peers is not supported. */
  public static final int UNSUPPORTED_TRANSPORT = 442;

  /** A peer of another family than the relayed address. */
  public static final int PEER_FAMILY_MISMATCH = 443;

  /** The user has as many allocations as it may. */
  public static final int QUOTA_REACHED = 486;

  /** The server has no room. */
  public static final int INSUFFICIENT_CAPACITY = 508;

  private TurnErrors() {}

  /** What a server's error means, for a sentence that begins with "the TURN server". */
  public static String inWords(int code) {
    String words =
        switch (code) {
          case 300 -> "names another server";
          case 400 -> "takes the request for malformed";
          case 401 -> "refused the password";
          case 403 -> "forbids it";
          case 420 -> "does not know an attribute of the request";
          case ALLOCATION_MISMATCH -> "knows another allocation, or none, for our address";
          case 438 -> "calls every nonce stale";
          case FAMILY_NOT_SUPPORTED -> "does not relay this address family";
          case WRONG_CREDENTIALS -> "made the allocation for other credentials";
          case UNSUPPORTED_TRANSPORT -> "does not relay UDP";
          case PEER_FAMILY_MISMATCH -> "does not reach the peer's address family";
          case QUOTA_REACHED -> "gives this user no more allocations";
          case 500 -> "failed";
          case INSUFFICIENT_CAPACITY -> "has no room";
          default -> "answered an error";
        };
    return words + " (" + code + ')';
  }
}
