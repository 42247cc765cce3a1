package dev.tautline.dtls.bc;

import dev.tautline.dtls.DtlsOptions;

/**
 * How long Bouncy Castle waits. The engine retransmits and ends handshakes by the loop's time; the
 * library's own timers lie behind the engine's limit and only end what nobody drives any more.
 */
final class Patience {
  /** A handshake may have been started ahead of its path, which may take long to be found. */
  private static final int MARGIN_MILLIS = 3_600_000;

  private Patience() {}

  static int handshakeTimeoutMillis(DtlsOptions options) {
    return Math.toIntExact(options.handshakeTimeout().toMillis()) + MARGIN_MILLIS;
  }
}
