package dev.tautline.dtls;

/** What happened to a DTLS association. */
public sealed interface DtlsEvent {
  /**
   * The handshake is complete and the peer's certificate has an announced fingerprint: data may
   * flow both ways.
   *
   * @param cipherSuite the suite's name in IANA's registry
   * @param peerCertificate the peer's certificate, DER; owned by the receiver of the event
   * @param role our role
   */
  @SuppressWarnings("ArrayRecordComponent") // A certificate is compared by fingerprint, not so.
  record Established(String cipherSuite, byte[] peerCertificate, DtlsRole role)
      implements DtlsEvent {}

  /** The peer sent close_notify: it sends nothing more. */
  record PeerClosed() implements DtlsEvent {}

  /**
   * The association is dead; nothing comes after this event.
   *
   * @param code why
   * @param detail for people; holds no secret
   */
  record Failed(DtlsFailure code, String detail) implements DtlsEvent {}
}
