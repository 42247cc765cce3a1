package dev.tautline.dtls.engine;

import java.io.IOException;

/** The loop gave the handshake up: time-out, close, or an end of another kind. */
public final class HandshakeCancelledException extends IOException {
  private static final long serialVersionUID = 1L;

  HandshakeCancelledException(String message) {
    super(message);
  }
}
