package dev.tautline.signalling.protocol;

/**
 * A problem document, RFC 9457 section 3.1.
 *
 * @param type the kind's URI
 * @param title the kind in words
 * @param status the HTTP status
 * @param detail this occurrence in words; empty when the server said nothing
 */
public record Problem(String type, String title, int status, String detail) {
  /** The media type of problem documents. */
  public static final String MEDIA_TYPE = "application/problem+json";

  /** Whether this is a problem of that kind. */
  public boolean is(ProblemKind kind) {
    return type.equals(kind.type());
  }
}
