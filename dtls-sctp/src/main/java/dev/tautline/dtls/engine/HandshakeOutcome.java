package dev.tautline.dtls.engine;

import dev.tautline.dtls.DtlsFailure;
import dev.tautline.dtls.record.RecordOpener;
import dev.tautline.dtls.record.RecordSealer;

/** How a handshake ended. */
public sealed interface HandshakeOutcome {
  /**
   * It succeeded.
   *
   * @param cipherSuite the suite's name in IANA's registry
   * @param peerCertificate DER
   * @param opener for the peer's records; from now on the loop's
   */
  @SuppressWarnings("ArrayRecordComponent") // Moved once from thread to thread, never compared.
  record Succeeded(String cipherSuite, byte[] peerCertificate, RecordOpener opener)
      implements HandshakeOutcome {}

  /**
   * It failed, and what is to be told to the peer is queued.
   *
   * @param code why
   * @param detail for people
   */
  record Broken(DtlsFailure code, String detail) implements HandshakeOutcome {}

  /**
   * What both threads seal with; published before the first sealed record.
   *
   * @param loopSealer a sealer of the loop's own, on the counter that both share
   */
  record Keys(RecordSealer loopSealer) {}
}
