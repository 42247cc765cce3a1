package dev.tautline.stun;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.tautline.stun.StunFormatException.Reason;
import dev.tautline.stun.attribute.AddressErrorCode;
import dev.tautline.stun.attribute.ErrorCode;
import dev.tautline.stun.attribute.Icmp;
import dev.tautline.stun.attribute.PasswordAlgorithms;
import dev.tautline.stun.attribute.UnknownAttributes;
import dev.tautline.stun.attribute.XorPeerAddress;
import dev.tautline.stun.codec.ReceivedStun;
import dev.tautline.stun.codec.StunParser;
import dev.tautline.stun.codec.StunWriter;
import java.net.InetSocketAddress;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Hostile bytes: only {@link StunFormatException} comes out of the parser, whatever goes in. */
class MalformedInputTest {
  static Stream<Arguments> golden() {
    return Stream.of(
        arguments("request", Rfc5769VectorsTest.bytes(Rfc5769VectorsTest.REQUEST)),
        arguments("IPv4 response", Rfc5769VectorsTest.bytes(Rfc5769VectorsTest.IPV4_RESPONSE)),
        arguments("IPv6 response", Rfc5769VectorsTest.bytes(Rfc5769VectorsTest.IPV6_RESPONSE)),
        arguments("long term", Rfc5769VectorsTest.bytes(Rfc5769VectorsTest.LONG_TERM_REQUEST)),
        arguments("SHA-256", Rfc5769VectorsTest.bytes(Rfc5769VectorsTest.SHA256_REQUEST)),
        arguments(
            "many attributes",
            new StunWriter(
                    StunMessage.of(
                        StunClass.ERROR,
                        StunMethod.ALLOCATE,
                        new TransactionId(1, 2),
                        new ErrorCode(420, "unknown"),
                        new UnknownAttributes(List.of(1, 2, 3)),
                        new AddressErrorCode(2, 440, "no"),
                        new Icmp(3, 4, 1280),
                        new PasswordAlgorithms(
                            List.of(
                                PasswordAlgorithms.Entry.of(2), PasswordAlgorithms.Entry.of(1))),
                        new XorPeerAddress(new InetSocketAddress("192.0.2.7", 7))))
                .withFingerprint()
                .toBytes()));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("golden")
  void everyShorterLengthIsRefused(String name, byte[] golden) {
    for (int length = 0; length < golden.length; length++) {
      byte[] cut = Arrays.copyOf(golden, length);
      assertThatThrownBy(() -> StunParser.parse(cut, 0, cut.length))
          .as(name + " cut to " + length)
          .isInstanceOf(StunFormatException.class);
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("golden")
  void everyShorterLengthWithItsHeaderSetIsRefusedOrRead(String name, byte[] golden) {
    for (int length = 20; length < golden.length; length += 4) {
      byte[] cut = Arrays.copyOf(golden, length);
      cut[2] = (byte) (length - 20 >> 8);
      cut[3] = (byte) (length - 20);
      parseOrRefuse(cut);
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("golden")
  void everyFlippedBitIsSurvivedAndNeverAuthentic(String name, byte[] golden) {
    IntegrityKey key = IntegrityKey.shortTerm("VOkJxbRl1RmTxUk/WvJxBt");
    for (int bit = 0; bit < golden.length * 8; bit++) {
      byte[] flipped = golden.clone();
      flipped[bit / 8] ^= (byte) (1 << bit % 8);
      ReceivedStun received = parseOrRefuse(flipped);
      boolean inFingerprintHeader = bit / 8 >= golden.length - 8 && bit / 8 < golden.length - 4;
      if (received != null && inFingerprintHeader) {
        // Integrity does not cover what follows it; without FINGERPRINT it is no check for ICE.
        assertThat(received.hasFingerprint()).as(name + " bit " + bit).isFalse();
      } else if (received != null) {
        assertThat(received.isAuthentic(key)).as(name + " bit " + bit).isFalse();
      }
    }
  }

  @Test
  void randomBytesBehindAHeaderNeverThrowAnythingElse() {
    var random = new Random(5769);
    for (int round = 0; round < 20_000; round++) {
      int words = random.nextInt(24);
      byte[] bytes = new byte[20 + 4 * words];
      random.nextBytes(bytes);
      bytes[0] &= 0x3f;
      bytes[2] = (byte) (4 * words >> 8);
      bytes[3] = (byte) (4 * words);
      bytes[4] = 0x21;
      bytes[5] = 0x12;
      bytes[6] = (byte) 0xa4;
      bytes[7] = 0x42;
      if (words > 0) {
        // A plausible type and length make the attribute parsers run.
        bytes[20] = random.nextBoolean() ? 0 : (byte) 0x80;
        bytes[21] = (byte) random.nextInt(0x30);
        bytes[22] = 0;
        bytes[23] = (byte) random.nextInt(4 * words);
      }
      parseOrRefuse(bytes);
    }
  }

  @Test
  void anAttributeThatRunsPastTheMessageIsRefused() {
    byte[] bytes =
        Rfc5769VectorsTest.bytes("00010008 2112a442 000000000000000000000000 00060010 61626364");
    assertThatThrownBy(() -> StunParser.parse(bytes, 0, bytes.length))
        .isInstanceOfSatisfying(
            StunFormatException.class, e -> assertThat(e.reason()).isEqualTo(Reason.BAD_ATTRIBUTE));
  }

  @Test
  void paddingMayHoldAnything() throws StunFormatException {
    ReceivedStun received =
        Rfc5769VectorsTest.parse(
            "0001000c 2112a442 000000000000000000000000 00060005 6162636465 ffeedd");
    assertThat(received.message().attributes()).hasSize(1);
  }

  @Test
  void anAttributeBehindTheFingerprintIsRefused() {
    byte[] signed =
        new StunWriter(StunMessage.of(StunClass.REQUEST, 1, new TransactionId(1, 1)))
            .withFingerprint()
            .toBytes();
    byte[] longer = Arrays.copyOf(signed, signed.length + 4);
    longer[3] += 4;
    assertThatThrownBy(() -> StunParser.parse(longer, 0, longer.length))
        .isInstanceOfSatisfying(
            StunFormatException.class,
            e -> assertThat(e.reason()).isEqualTo(Reason.BAD_FINGERPRINT));
  }

  @Test
  void attributesBehindIntegrityAreIgnored() throws StunFormatException {
    byte[] signed =
        new StunWriter(StunMessage.of(StunClass.REQUEST, 1, new TransactionId(1, 1)))
            .withIntegrity(IntegrityKey.shortTerm("password"))
            .toBytes();
    byte[] longer = Arrays.copyOf(signed, signed.length + 8);
    longer[3] += 8;
    // USE-CANDIDATE and an unknown one that must be understood: anybody may have appended them.
    longer[signed.length + 1] = 0x25;
    longer[signed.length + 5] = 0x7f;
    ReceivedStun received = StunParser.parse(longer, 0, longer.length);
    assertThat(received.message().attributes()).isEmpty();
    assertThat(received.unknownRequired()).isEmpty();
    assertThat(received.isAuthentic(IntegrityKey.shortTerm("password"))).isTrue();
  }

  private static ReceivedStun parseOrRefuse(byte[] bytes) {
    try {
      return StunParser.parse(bytes, 0, bytes.length);
    } catch (StunFormatException e) {
      return null;
    }
  }
}
