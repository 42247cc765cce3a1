package dev.tautline.dtls.bc;

import dev.tautline.dtls.record.AeadAlgorithm;
import dev.tautline.dtls.record.RecordNumbersExhaustedException;
import dev.tautline.dtls.record.RecordOpener;
import dev.tautline.dtls.record.RecordSealer;
import java.io.IOException;
import java.util.Arrays;
import org.bouncycastle.tls.AlertDescription;
import org.bouncycastle.tls.ProtocolVersion;
import org.bouncycastle.tls.TlsFatalAlert;
import org.bouncycastle.tls.crypto.TlsCipher;
import org.bouncycastle.tls.crypto.TlsDecodeResult;
import org.bouncycastle.tls.crypto.TlsEncodeResult;

/**
 * Our record protection in the place of Bouncy Castle's. The number that the library counts is not
 * used for sealing: the loop seals under the same key, so both take theirs from one counter.
 */
final class SealingCipher implements TlsCipher {
  private final RecordSealer sealer;
  private final RecordOpener opener;
  private final LinkTransport transport;

  SealingCipher(RecordSealer sealer, RecordOpener opener, LinkTransport transport) {
    this.sealer = sealer;
    this.opener = opener;
    this.transport = transport;
  }

  RecordOpener opener() {
    return opener;
  }

  private int expansion() {
    return sealer.algorithm().explicitNonceBytes() + AeadAlgorithm.TAG_BYTES;
  }

  @Override
  public int getCiphertextDecodeLimit(int plaintextLimit) {
    return plaintextLimit + expansion();
  }

  @Override
  public int getCiphertextEncodeLimit(int plaintextLimit) {
    return plaintextLimit + expansion();
  }

  @Override
  public int getPlaintextDecodeLimit(int ciphertextLimit) {
    return ciphertextLimit - expansion();
  }

  @Override
  public int getPlaintextEncodeLimit(int ciphertextLimit) {
    return ciphertextLimit - expansion();
  }

  @Override
  public TlsEncodeResult encodePlaintext(
      long libraryNumber,
      short contentType,
      ProtocolVersion recordVersion,
      int headerAllocation,
      byte[] plaintext,
      int offset,
      int length)
      throws IOException {
    byte[] copy = Arrays.copyOfRange(plaintext, offset, offset + length);
    try {
      byte[] record = sealer.seal(contentType, copy);
      transport.sealed(new LinkTransport.SealedRecord(sealer.lastNumber(), copy));
      return new TlsEncodeResult(record, 0, record.length, contentType);
    } catch (RecordNumbersExhaustedException e) {
      throw new TlsFatalAlert(AlertDescription.internal_error, e);
    }
  }

  @Override
  public TlsDecodeResult decodeCiphertext(
      long number,
      short recordType,
      ProtocolVersion recordVersion,
      byte[] ciphertext,
      int offset,
      int length)
      throws IOException {
    byte[] plaintext = new byte[length];
    int opened = opener.open(recordType, number, ciphertext, offset, length, plaintext, 0);
    if (opened < 0) {
      // The library drops the record without an alert, RFC 6347 section 4.1.2.7.
      throw new TlsFatalAlert(AlertDescription.bad_record_mac);
    }
    return new TlsDecodeResult(plaintext, 0, opened, recordType);
  }

  @Override
  public void rekeyDecoder() throws IOException {
    throw new TlsFatalAlert(AlertDescription.internal_error);
  }

  @Override
  public void rekeyEncoder() throws IOException {
    throw new TlsFatalAlert(AlertDescription.internal_error);
  }

  @Override
  public boolean usesOpaqueRecordTypeDecode() {
    return false;
  }

  @Override
  public boolean usesOpaqueRecordTypeEncode() {
    return false;
  }
}
