package dev.tautline.signalling.protocol;

import org.jspecify.annotations.Nullable;

/**
 * The body of a claim.
 *
 * @param resume the token of a former claim whose slot is wanted again, or null
 * @param token the token that the claimer wants to have, so that the server knows the claim again
 *     when its answer was lost: 43 to 64 characters of base64url; or null for one of the server's
 */
public record ClaimRequest(@Nullable String resume, @Nullable String token) {
  private static final int MIN_TOKEN = 43;
  private static final int MAX_TOKEN = 64;

  /** A claim without wishes. */
  public static final ClaimRequest PLAIN = new ClaimRequest(null, null);

  /**
   * Checks the shape of the token: 256 bits cannot be guessed, a shorter one is a mistake.
   *
   * @throws IllegalArgumentException when the shape is wrong
   */
  public ClaimRequest {
    if (token != null && !isToken(token)) {
      throw new IllegalArgumentException(
          "a token has " + MIN_TOKEN + " to " + MAX_TOKEN + " letters, digits, - or _ (ASCII)");
    }
  }

  private static boolean isToken(String text) {
    return text.length() >= MIN_TOKEN
        && text.length() <= MAX_TOKEN
        && text.chars()
            .allMatch(
                c ->
                    (c >= 'a' && c <= 'z')
                        || (c >= 'A' && c <= 'Z')
                        || (c >= '0' && c <= '9')
                        || c == '-'
                        || c == '_');
  }

  /** Leaves the secrets out: this text may be logged. */
  @Override
  public String toString() {
    return "ClaimRequest["
        + (resume == null ? "" : "resume")
        + (token == null ? "" : " token")
        + "]";
  }
}
