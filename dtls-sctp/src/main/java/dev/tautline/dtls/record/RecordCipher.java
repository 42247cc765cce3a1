package dev.tautline.dtls.record;

import dev.tautline.base.WireWriter;
import java.security.GeneralSecurityException;
import java.security.spec.AlgorithmParameterSpec;
import javax.crypto.Cipher;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/** One direction's key, nonces and additional data: what sealing and opening have in common. */
final class RecordCipher {
  private final AeadAlgorithm algorithm;
  private final SecretKeySpec key;
  private final byte[] fixedIv;
  private Cipher cipher;
  private final int mode;
  private long lastNonceNumber = -1;
  private final GcmParameters gcmParameters = new GcmParameters();
  private final byte[] nonce = new byte[12];
  // seq_num, type, version, length: RFC 5246 section 6.2.3.3.
  private final byte[] additionalData = new byte[13];

  RecordCipher(AeadAlgorithm algorithm, int mode, byte[] key, byte[] fixedIv) {
    if (key.length != algorithm.keyBytes() || fixedIv.length != algorithm.fixedIvBytes()) {
      throw new IllegalArgumentException(
          algorithm + " takes a key of " + algorithm.keyBytes() + " bytes, not " + key.length);
    }
    this.algorithm = algorithm;
    this.mode = mode;
    this.key = new SecretKeySpec(key, AeadCiphers.keyName(algorithm));
    this.fixedIv = fixedIv.clone();
    this.cipher = create(algorithm);
  }

  private static Cipher create(AeadAlgorithm algorithm) {
    try {
      return AeadCiphers.create(algorithm);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("this JDK has no " + algorithm, e);
    }
  }

  AeadAlgorithm algorithm() {
    return algorithm;
  }

  /**
   * Runs the cipher over one record.
   *
   * @param nonceNumber what goes into the nonce: the record number when sealing, the explicit part
   *     as it travelled when opening GCM
   * @param number the record number, authenticated
   */
  int run(
      int type,
      long nonceNumber,
      long number,
      int plaintextLength,
      byte[] in,
      int inOffset,
      int inLength,
      byte[] out,
      int outOffset)
      throws GeneralSecurityException {
    WireWriter.putI32(additionalData, 0, (int) (number >>> 32));
    WireWriter.putI32(additionalData, 4, (int) number);
    additionalData[8] = (byte) type;
    WireWriter.putU16(additionalData, 9, RecordHeader.VERSION_1_2);
    WireWriter.putU16(additionalData, 11, plaintextLength);
    if (algorithm == AeadAlgorithm.CHACHA20_POLY1305
        && mode == Cipher.DECRYPT_MODE
        && nonceNumber == lastNonceNumber) {
      // The JDK's ChaCha20 refuses the same nonce twice in a row for opening too, and the peer's
      // true record may follow a forged one of its number.
      cipher = create(algorithm);
    }
    lastNonceNumber = nonceNumber;
    cipher.init(mode, key, parameters(nonceNumber));
    cipher.updateAAD(additionalData);
    return cipher.doFinal(in, inOffset, inLength, out, outOffset);
  }

  private AlgorithmParameterSpec parameters(long nonceNumber) {
    WireWriter.putI32(nonce, 4, (int) (nonceNumber >>> 32));
    WireWriter.putI32(nonce, 8, (int) nonceNumber);
    if (algorithm == AeadAlgorithm.CHACHA20_POLY1305) {
      // RFC 7905 section 2: the record number, padded on the left, XOR the write IV.
      for (int i = 0; i < nonce.length; i++) {
        nonce[i] = i < 4 ? fixedIv[i] : (byte) (nonce[i] ^ fixedIv[i]);
      }
      return new IvParameterSpec(nonce);
    }
    System.arraycopy(fixedIv, 0, nonce, 0, fixedIv.length);
    return gcmParameters.forNonce(nonce);
  }
}
