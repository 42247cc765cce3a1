package dev.tautline.ice;

/** A candidate line does not have the form of RFC 8839 section 5.1. Carries no stack trace. */
public class IceParseException extends Exception {
  private static final long serialVersionUID = 1L;

  /** The message says what is wrong and does not repeat the line. */
  public IceParseException(String message) {
    super(message, null, false, false);
  }
}
