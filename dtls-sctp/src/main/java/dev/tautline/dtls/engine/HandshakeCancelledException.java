package dev.tautline.dtls.engine;

import java.io.IOException;

/** The handshake was given up while it waited: by the loop, or by the peer's close_notify. */
public final class HandshakeCancelledException extends IOException {
  private static final long serialVersionUID = 1L;

  /** The message says who gave it up. */
  public HandshakeCancelledException(String message) {
    super(message);
  }
}
