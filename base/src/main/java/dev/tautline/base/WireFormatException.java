package dev.tautline.base;

/**
 * A peer's bytes do not have the form they claim. Carries no stack trace: a peer can cause as many
 * of these as it likes, and the place in the parser says less than the message.
 */
public class WireFormatException extends Exception {
  private static final long serialVersionUID = 1L;

  /** The message says what is wrong and never repeats the peer's bytes. */
  public WireFormatException(String message) {
    super(message, null, false, false);
  }
}
