package dev.tautline.sctp.packet;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.HexFormat;
import java.util.SplittableRandom;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;

class PacketHeaderTest {
  private final PacketHeader header = new PacketHeader();

  /** The CRC as SCTP and iSCSI write it: least significant byte first. */
  private static String wire(byte[] bytes) {
    var crc = new CRC32C();
    crc.update(bytes);
    return HexFormat.of().toHexDigits(Integer.reverseBytes((int) crc.getValue()));
  }

  @Test
  void crc32cHasTheValuesOfRfc3720AppendixB4() {
    byte[] ones = new byte[32];
    Arrays.fill(ones, (byte) 0xff);
    byte[] incrementing = new byte[32];
    byte[] decrementing = new byte[32];
    for (int i = 0; i < 32; i++) {
      incrementing[i] = (byte) i;
      decrementing[i] = (byte) (31 - i);
    }

    assertThat(wire(new byte[32])).isEqualTo("aa36918a");
    assertThat(wire(ones)).isEqualTo("43aba862");
    assertThat(wire(incrementing)).isEqualTo("4e79dd46");
    assertThat(wire(decrementing)).isEqualTo("5cdb3f11");
  }

  @Test
  void theChecksumCountsItsOwnFieldAsZero() {
    // A packet of 32 zeros: the vector of RFC 3720 again.
    byte[] packet = new byte[32];

    header.seal(packet, 0, 32);

    assertThat(HexFormat.of().formatHex(packet, 8, 12)).isEqualTo("aa36918a");
    assertThat(header.isSealed(packet, 0, 32)).isTrue();
  }

  @Test
  void anyFlippedBitBreaksTheSeal() {
    byte[] packet = new byte[100];
    new SplittableRandom(1).nextBytes(packet);
    header.seal(packet, 0, packet.length);

    for (int bit = 0; bit < packet.length * 8; bit++) {
      packet[bit / 8] ^= (byte) (1 << bit % 8);
      assertThat(header.isSealed(packet, 0, packet.length)).isFalse();
      packet[bit / 8] ^= (byte) (1 << bit % 8);
    }
  }

  @Test
  void worksInsideALargerArray() {
    byte[] packet = new byte[64];
    PacketHeader.write(packet, 17, 5000, 65_535, 0xcafebabe);
    header.seal(packet, 17, 32);

    assertThat(PacketHeader.sourcePort(packet, 17)).isEqualTo(5000);
    assertThat(PacketHeader.destinationPort(packet, 17)).isEqualTo(65_535);
    assertThat(PacketHeader.verificationTag(packet, 17)).isEqualTo(0xcafebabe);
    assertThat(PacketHeader.hasZeroChecksum(packet, 17)).isFalse();
    assertThat(header.isSealed(packet, 17, 32)).isTrue();
  }
}
