package dev.tautline.dtls.record;

import dev.tautline.base.WireReader;
import java.security.GeneralSecurityException;
import javax.crypto.AEADBadTagException;
import javax.crypto.Cipher;

/**
 * Opens the peer's records of one epoch, each number once.
 *
 * <p>Thread rule: used by one thread at a time.
 */
public final class RecordOpener {
  /** Returned for a record whose number was seen or is too old. */
  public static final int REPLAYED = -1;

  /** Returned for a record that does not open. */
  public static final int BAD = -2;

  private static final long SEQUENCE_MASK = RecordNumbers.END - 1;

  private final RecordCipher cipher;
  private final ReplayWindow window = new ReplayWindow();

  /** An opener that has seen nothing. */
  public RecordOpener(AeadAlgorithm algorithm, byte[] key, byte[] fixedIv) {
    this.cipher = new RecordCipher(algorithm, Cipher.DECRYPT_MODE, key, fixedIv);
  }

  /**
   * Opens one record into another place; the record's own bytes stay as they are.
   *
   * @param type the content type in its header
   * @param number epoch and sequence number in its header
   * @param fragment holds what stands behind the header
   * @param offset where that starts
   * @param length how long it is
   * @param out takes the plaintext; has room for {@code length} bytes
   * @return the plaintext's length, {@link #REPLAYED} or {@link #BAD}
   */
  public int open(
      int type, long number, byte[] fragment, int offset, int length, byte[] out, int outOffset) {
    int explicit = cipher.algorithm().explicitNonceBytes();
    int plaintextLength = length - explicit - AeadAlgorithm.TAG_BYTES;
    if (plaintextLength < 0 || plaintextLength > RecordHeader.MAX_PLAINTEXT_BYTES) {
      return BAD;
    }
    long sequence = number & SEQUENCE_MASK;
    if (!window.isNew(sequence)) {
      return REPLAYED;
    }
    long nonceNumber = number;
    if (explicit > 0) {
      long high = WireReader.i32At(fragment, offset) & 0xffff_ffffL;
      nonceNumber = high << 32 | WireReader.i32At(fragment, offset + 4) & 0xffff_ffffL;
    }
    try {
      cipher.run(
          type,
          nonceNumber,
          number,
          plaintextLength,
          fragment,
          offset + explicit,
          length - explicit,
          out,
          outOffset);
    } catch (AEADBadTagException e) {
      // "Invalid records SHOULD be silently discarded", RFC 6347 section 4.1.2.7.
      return BAD;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("the cipher refused to open", e);
    }
    window.mark(sequence);
    return plaintextLength;
  }
}
