package dev.tautline.dtls.record;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;
import java.util.TreeSet;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("dtls")
class RecordProtectionTest {
  private static byte[] bytes(int length, int seed) {
    byte[] bytes = new byte[length];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }

  private static RecordSealer sealer(AeadAlgorithm algorithm, RecordNumbers numbers) {
    return new RecordSealer(
        algorithm, bytes(algorithm.keyBytes(), 1), bytes(algorithm.fixedIvBytes(), 2), numbers);
  }

  private static RecordOpener opener(AeadAlgorithm algorithm) {
    return new RecordOpener(
        algorithm, bytes(algorithm.keyBytes(), 1), bytes(algorithm.fixedIvBytes(), 2));
  }

  private static int open(RecordOpener opener, byte[] record, byte[] out) {
    return opener.open(
        RecordHeader.type(record, 0),
        RecordHeader.number(record, 0),
        record,
        RecordHeader.LENGTH,
        record.length - RecordHeader.LENGTH,
        out,
        0);
  }

  @ParameterizedTest
  @EnumSource
  void opensWhatWasSealed(AeadAlgorithm algorithm) throws Exception {
    var sealer = sealer(algorithm, new RecordNumbers(1));
    var opener = opener(algorithm);
    byte[] out = new byte[20_000];
    for (int length : new int[] {0, 1, 15, 16, 17, 1188, 16_384}) {
      byte[] plaintext = bytes(length, length);
      byte[] record = sealer.seal(RecordHeader.APPLICATION_DATA, plaintext);

      assertThat(record).hasSize(sealer.recordLength(length));
      assertThat(open(opener, record, out)).isEqualTo(length);
      assertThat(Arrays.copyOf(out, length)).isEqualTo(plaintext);
    }
  }

  /** Against the JDK's cipher with plain parameters, put together by hand from RFC 5288. */
  @Test
  void aGcmRecordIsAsTheRfcSays() throws Exception {
    var sealer = sealer(AeadAlgorithm.AES_128_GCM, new RecordNumbers(1, 0x0102_0304_0506L));
    byte[] plaintext = bytes(77, 9);
    byte[] record = sealer.seal(RecordHeader.APPLICATION_DATA, plaintext);

    HexFormat hex = HexFormat.of();
    assertThat(hex.formatHex(record, 0, 21))
        .isEqualTo("17" + "fefd" + "0001010203040506" + "0065" + "0001010203040506");
    byte[] iv = Arrays.copyOf(bytes(4, 2), 12);
    System.arraycopy(record, 3, iv, 4, 8);
    Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
    cipher.init(
        Cipher.ENCRYPT_MODE, new SecretKeySpec(bytes(16, 1), "AES"), new GCMParameterSpec(128, iv));
    cipher.updateAAD(hex.parseHex("0001010203040506" + "17" + "fefd" + "004d"));
    assertThat(Arrays.copyOfRange(record, 21, record.length)).isEqualTo(cipher.doFinal(plaintext));
  }

  @Test
  void twoSealersOfAnEpochShareTheirNumbers() throws Exception {
    var numbers = new RecordNumbers(1);
    var one = sealer(AeadAlgorithm.AES_128_GCM, numbers);
    var two = sealer(AeadAlgorithm.AES_128_GCM, numbers);
    var opener = opener(AeadAlgorithm.AES_128_GCM);
    byte[] out = new byte[100];
    for (int i = 0; i < 10; i++) {
      byte[] record = (i % 3 == 0 ? one : two).seal(RecordHeader.APPLICATION_DATA, new byte[10]);
      assertThat(RecordHeader.number(record, 0)).isEqualTo(1L << 48 | i);
      assertThat(open(opener, record, out)).isEqualTo(10);
    }
  }

  @Test
  void twoThreadsNeverTakeTheSameNumber() throws Exception {
    var numbers = new RecordNumbers(1);
    long[][] taken = new long[2][50_000];
    Thread[] threads = new Thread[2];
    for (int t = 0; t < 2; t++) {
      long[] mine = taken[t];
      threads[t] =
          new Thread(
              () -> {
                for (int i = 0; i < mine.length; i++) {
                  try {
                    mine[i] = numbers.take();
                  } catch (RecordNumbersExhaustedException e) {
                    throw new AssertionError(e);
                  }
                }
              });
      threads[t].start();
    }
    var all = new TreeSet<Long>();
    for (int t = 0; t < 2; t++) {
      threads[t].join();
      Arrays.stream(taken[t]).forEach(all::add);
    }
    assertThat(all).hasSize(100_000);
  }

  @Test
  void theLastNumbersAreKeptForAlertsAndThenThereAreNone() throws Exception {
    long first = RecordNumbers.END - RecordNumbers.RESERVE - 1;
    var sealer = sealer(AeadAlgorithm.AES_128_GCM, new RecordNumbers(1, first));
    sealer.seal(RecordHeader.APPLICATION_DATA, new byte[1]);
    for (int i = 0; i < 3; i++) {
      assertThatExceptionOfType(RecordNumbersExhaustedException.class)
          .isThrownBy(() -> sealer.seal(RecordHeader.APPLICATION_DATA, new byte[1]));
    }
    for (int i = 0; i < RecordNumbers.RESERVE; i++) {
      sealer.seal(RecordHeader.ALERT, new byte[2]);
    }
    assertThat(sealer.lastNumber()).isEqualTo(1L << 48 | RecordNumbers.END - 1);
    assertThatExceptionOfType(RecordNumbersExhaustedException.class)
        .isThrownBy(() -> sealer.seal(RecordHeader.ALERT, new byte[2]));
  }

  @ParameterizedTest
  @EnumSource
  void refusesWhatWasNotSealedSo(AeadAlgorithm algorithm) throws Exception {
    var sealer = sealer(algorithm, new RecordNumbers(1));
    var opener = opener(algorithm);
    byte[] record = sealer.seal(RecordHeader.APPLICATION_DATA, new byte[20]);
    byte[] out = new byte[100];
    // The type, the version's place in the additional data, the epoch and the number.
    for (int i : new int[] {0, 4, 10}) {
      byte[] changed = record.clone();
      changed[i] ^= 1;
      assertThat(open(opener, changed, out)).isEqualTo(RecordOpener.BAD);
    }
    for (int length = RecordHeader.LENGTH; length < record.length; length++) {
      assertThat(open(opener, Arrays.copyOf(record, length), out)).isEqualTo(RecordOpener.BAD);
    }
    assertThat(open(opener, record, out)).isEqualTo(20);
    assertThat(open(opener, record, out)).isEqualTo(RecordOpener.REPLAYED);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void reusedParametersSealAsFreshOnesDo(boolean reusable) throws Exception {
    var parameters = new GcmParameters(reusable);
    var key = new SecretKeySpec(bytes(16, 3), "AES");
    Cipher cipher = AeadCiphers.create(AeadAlgorithm.AES_128_GCM);
    Cipher reference = AeadCiphers.create(AeadAlgorithm.AES_128_GCM);
    byte[] nonce = new byte[12];
    for (int i = 0; i < 100; i++) {
      nonce[11] = (byte) i;
      cipher.init(Cipher.ENCRYPT_MODE, key, parameters.forNonce(nonce));
      reference.init(Cipher.ENCRYPT_MODE, key, new GCMParameterSpec(128, nonce.clone()));
      assertThat(cipher.doFinal(new byte[100])).isEqualTo(reference.doFinal(new byte[100]));
    }
  }

  @Test
  void theFastWayWorksOnThisJdk() {
    assertThat(GcmParameters.REUSABLE).isTrue();
    assertThat(AeadCipherProvider.nameOf(AeadAlgorithm.AES_128_GCM)).isEqualTo("SunJCE");
  }

  @Test
  void refusesKeysOfTheWrongLength() {
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                new RecordSealer(
                    AeadAlgorithm.AES_256_GCM, new byte[16], new byte[4], new RecordNumbers(1)));
  }

  private static final class AeadCipherProvider {
    static String nameOf(AeadAlgorithm algorithm) {
      try {
        return AeadCiphers.create(algorithm).getProvider().getName();
      } catch (java.security.GeneralSecurityException e) {
        throw new AssertionError(e);
      }
    }
  }
}
