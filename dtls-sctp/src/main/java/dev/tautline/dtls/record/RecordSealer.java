package dev.tautline.dtls.record;

import dev.tautline.base.WireWriter;
import java.security.GeneralSecurityException;
import java.util.Objects;
import javax.crypto.Cipher;

/**
 * Seals records in place. The nonce is the record number, taken from the counter that all sealers
 * of an epoch share, and used for nothing else.
 *
 * <p>Thread rule: used by one thread at a time; another thread has a sealer of its own on the same
 * counter.
 */
public final class RecordSealer {
  private final RecordCipher cipher;
  private final RecordNumbers numbers;
  private long lastNumber = -1;

  /**
   * A sealer.
   *
   * @param numbers the counter of the epoch
   */
  public RecordSealer(AeadAlgorithm algorithm, byte[] key, byte[] fixedIv, RecordNumbers numbers) {
    this.cipher = new RecordCipher(algorithm, Cipher.ENCRYPT_MODE, key, fixedIv);
    this.numbers = numbers;
  }

  /** The cipher's lengths. */
  public AeadAlgorithm algorithm() {
    return cipher.algorithm();
  }

  /** How long the record of a plaintext is. */
  public int recordLength(int plaintextLength) {
    return algorithm().headroomBytes() + plaintextLength + AeadAlgorithm.TAG_BYTES;
  }

  /** The number of the record sealed last: epoch and sequence number, as in its header. */
  public long lastNumber() {
    return lastNumber;
  }

  /**
   * Seals in place.
   *
   * @param type the content type
   * @param buffer holds the plaintext, with {@link AeadAlgorithm#headroomBytes()} before it and
   *     {@link AeadAlgorithm#TAG_BYTES} behind it
   * @param offset where the plaintext starts; the record will start at {@code offset} minus the
   *     headroom
   * @param length the plaintext's length, 0 to 16384
   * @return the record's length
   * @throws RecordNumbersExhaustedException if no number is left
   */
  public int seal(int type, byte[] buffer, int offset, int length)
      throws RecordNumbersExhaustedException {
    if (length < 0 || length > RecordHeader.MAX_PLAINTEXT_BYTES) {
      throw new IllegalArgumentException(
          "plaintext of " + length + " bytes is not within 0 to 16384");
    }
    int start = offset - algorithm().headroomBytes();
    Objects.checkFromIndexSize(start, recordLength(length), buffer.length);
    long number = type == RecordHeader.APPLICATION_DATA ? numbers.takeForData() : numbers.take();
    int explicit = algorithm().explicitNonceBytes();
    RecordHeader.write(buffer, start, type, number, explicit + length + AeadAlgorithm.TAG_BYTES);
    if (explicit > 0) {
      WireWriter.putI32(buffer, start + RecordHeader.LENGTH, (int) (number >>> 32));
      WireWriter.putI32(buffer, start + RecordHeader.LENGTH + 4, (int) number);
    }
    try {
      cipher.run(type, number, number, length, buffer, offset, length, buffer, offset);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("the cipher refused to seal", e);
    }
    lastNumber = number;
    return recordLength(length);
  }

  /** Seals a copy: a whole record in an array of its own. */
  public byte[] seal(int type, byte[] plaintext) throws RecordNumbersExhaustedException {
    byte[] record = new byte[recordLength(plaintext.length)];
    System.arraycopy(plaintext, 0, record, algorithm().headroomBytes(), plaintext.length);
    seal(type, record, algorithm().headroomBytes(), plaintext.length);
    return record;
  }
}
