package dev.tautline.signalling.protocol;

/**
 * A message is not what the protocol says. It has no stack trace: a hostile peer causes these at
 * will.
 */
public final class RoomsProtocolException extends Exception {
  private static final long serialVersionUID = 1L;

  private final ProblemKind kind;

  RoomsProtocolException(ProblemKind kind, String message) {
    super(message, null, false, false);
    this.kind = kind;
  }

  /** {@link ProblemKind#BAD_JSON} or {@link ProblemKind#BAD_MESSAGE}. */
  public ProblemKind kind() {
    return kind;
  }

  /** The message, which is always there. */
  @Override
  public String getMessage() {
    return String.valueOf(super.getMessage());
  }
}
