package dev.tautline.dtls;

/**
 * The suites that are offered and accepted: ephemeral key exchange and authenticated encryption.
 */
public enum DtlsCipherSuite {
  /** The mandatory one of RFC 8827 section 6.5. */
  ECDHE_ECDSA_AES_128_GCM(0xc02b, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"),
  /** AES-256-GCM with an ECDSA certificate. */
  ECDHE_ECDSA_AES_256_GCM(0xc02c, "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"),
  /** ChaCha20-Poly1305 with an ECDSA certificate. */
  ECDHE_ECDSA_CHACHA20_POLY1305(0xcca9, "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"),
  /** AES-128-GCM with an RSA certificate; as a client only. */
  ECDHE_RSA_AES_128_GCM(0xc02f, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"),
  /** AES-256-GCM with an RSA certificate; as a client only. */
  ECDHE_RSA_AES_256_GCM(0xc030, "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"),
  /** ChaCha20-Poly1305 with an RSA certificate; as a client only. */
  ECDHE_RSA_CHACHA20_POLY1305(0xcca8, "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256");

  private final int code;
  private final String ianaName;

  DtlsCipherSuite(int code, String ianaName) {
    this.code = code;
    this.ianaName = ianaName;
  }

  /** The number in IANA's registry. */
  public int code() {
    return code;
  }

  /** The name in IANA's registry. */
  public String ianaName() {
    return ianaName;
  }

  /** Whether the server's certificate holds an RSA key, which ours never does. */
  public boolean needsRsaCertificate() {
    return this == ECDHE_RSA_AES_128_GCM
        || this == ECDHE_RSA_AES_256_GCM
        || this == ECDHE_RSA_CHACHA20_POLY1305;
  }
}
