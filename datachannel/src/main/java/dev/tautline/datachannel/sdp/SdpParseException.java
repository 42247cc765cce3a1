package dev.tautline.datachannel.sdp;

/** A text is not a session description that could be used; the message names the line's number. */
public final class SdpParseException extends Exception {
  private static final long serialVersionUID = 1L;

  private final int lineNumber;

  SdpParseException(int lineNumber, String message) {
    super(lineNumber > 0 ? "line " + lineNumber + ": " + message : message);
    this.lineNumber = lineNumber;
  }

  /** The number of the line from 1, 0 when the text as a whole is wrong. */
  public int lineNumber() {
    return lineNumber;
  }
}
