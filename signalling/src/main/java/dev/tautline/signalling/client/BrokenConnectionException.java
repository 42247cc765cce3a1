package dev.tautline.signalling.client;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** A connection that was there ended before the answer: another may do better. */
final class BrokenConnectionException extends IOException {
  private static final long serialVersionUID = 1L;

  BrokenConnectionException(@Nullable Throwable cause) {
    super("the connection ended before the answer", cause);
  }
}
