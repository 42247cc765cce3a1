package dev.tautline.dtls.record;

/** The AEAD ciphers of records, with the lengths that TLS 1.2 gives them. */
public enum AeadAlgorithm {
  /** RFC 5288: 4 bytes of the nonce are implicit, 8 travel in front of the ciphertext. */
  AES_128_GCM(16, 4, 8),
  /** RFC 5288, longer key. */
  AES_256_GCM(32, 4, 8),
  /** RFC 7905: the whole nonce is implicit, mixed with the record number. */
  CHACHA20_POLY1305(32, 12, 0);

  /** The authentication tag's length in bytes. */
  public static final int TAG_BYTES = 16;

  private final int keyBytes;
  private final int fixedIvBytes;
  private final int explicitNonceBytes;

  AeadAlgorithm(int keyBytes, int fixedIvBytes, int explicitNonceBytes) {
    this.keyBytes = keyBytes;
    this.fixedIvBytes = fixedIvBytes;
    this.explicitNonceBytes = explicitNonceBytes;
  }

  /** The key's length. */
  public int keyBytes() {
    return keyBytes;
  }

  /** How much of the nonce comes from the key block. */
  public int fixedIvBytes() {
    return fixedIvBytes;
  }

  /** How much of the nonce travels with each record. */
  public int explicitNonceBytes() {
    return explicitNonceBytes;
  }

  /** What stands in front of the ciphertext: record header and explicit nonce. */
  public int headroomBytes() {
    return RecordHeader.LENGTH + explicitNonceBytes;
  }
}
