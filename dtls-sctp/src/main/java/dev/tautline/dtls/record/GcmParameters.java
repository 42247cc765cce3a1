package dev.tautline.dtls.record;

import java.security.GeneralSecurityException;
import java.util.Arrays;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * The parameters of one GCM operation after another. {@code GCMParameterSpec} copies the IV twice
 * for each record; a subclass that hands out its own array spares both copies. The cipher keeps the
 * array to refuse the same IV twice, so two of them are used in turn. Whether the JDK's cipher
 * takes such a subclass is tried once; where it does not, plain parameters are made for each
 * record.
 *
 * <p>Thread rule: used by one thread at a time.
 */
final class GcmParameters {
  private static final int TAG_BITS = AeadAlgorithm.TAG_BYTES * 8;
  private static final int IV_BYTES = 12;

  /** Whether the subclass works with the cipher in use. */
  static final boolean REUSABLE = worksWithReusedArrays();

  private final ReusedSpec even = new ReusedSpec(new byte[IV_BYTES]);
  private final ReusedSpec odd = new ReusedSpec(new byte[IV_BYTES]);
  private final boolean reusable;
  private boolean turn;

  GcmParameters() {
    this(REUSABLE);
  }

  /** Package-private for the test of both ways. */
  GcmParameters(boolean reusable) {
    this.reusable = reusable;
  }

  /** The parameters for this nonce; good until the call after the next one. */
  GCMParameterSpec forNonce(byte[] nonce) {
    if (!reusable) {
      return new GCMParameterSpec(TAG_BITS, nonce);
    }
    turn = !turn;
    ReusedSpec spec = turn ? odd : even;
    System.arraycopy(nonce, 0, spec.iv, 0, IV_BYTES);
    return spec;
  }

  private static boolean worksWithReusedArrays() {
    try {
      var key = new SecretKeySpec(new byte[16], "AES");
      Cipher reused = AeadCiphers.create(AeadAlgorithm.AES_128_GCM);
      Cipher plain = AeadCiphers.create(AeadAlgorithm.AES_128_GCM);
      var parameters = new GcmParameters(true);
      byte[] nonce = new byte[IV_BYTES];
      byte[] text = new byte[48];
      for (int i = 0; i < 5; i++) {
        nonce[IV_BYTES - 1] = (byte) i;
        reused.init(Cipher.ENCRYPT_MODE, key, parameters.forNonce(nonce));
        plain.init(Cipher.ENCRYPT_MODE, key, new GCMParameterSpec(TAG_BITS, nonce));
        if (!Arrays.equals(reused.doFinal(text), plain.doFinal(text))) {
          return false;
        }
      }
      return true;
    } catch (GeneralSecurityException | RuntimeException e) {
      // Not an error: another provider may want plain parameters, and gets them.
      return false;
    }
  }

  private static final class ReusedSpec extends GCMParameterSpec {
    private final byte[] iv;

    ReusedSpec(byte[] iv) {
      super(TAG_BITS, iv);
      this.iv = iv;
    }

    @Override
    public byte[] getIV() {
      return iv;
    }
  }
}
