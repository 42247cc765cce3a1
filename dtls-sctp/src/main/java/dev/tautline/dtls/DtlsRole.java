package dev.tautline.dtls;

/** Who sends the ClientHello. */
public enum DtlsRole {
  /** {@code a=setup:active}: sends the ClientHello. */
  CLIENT,
  /** {@code a=setup:passive}: waits for it. */
  SERVER
}
