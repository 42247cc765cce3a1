package dev.tautline.stun;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tautline.stun.attribute.IceControlled;
import dev.tautline.stun.attribute.Nonce;
import dev.tautline.stun.attribute.Octets;
import dev.tautline.stun.attribute.PasswordAlgorithm;
import dev.tautline.stun.attribute.PasswordAlgorithms;
import dev.tautline.stun.attribute.Priority;
import dev.tautline.stun.attribute.Realm;
import dev.tautline.stun.attribute.Software;
import dev.tautline.stun.attribute.UserHash;
import dev.tautline.stun.attribute.Username;
import dev.tautline.stun.attribute.XorMappedAddress;
import dev.tautline.stun.codec.ReceivedStun;
import dev.tautline.stun.codec.ReceivedStun.Integrity;
import dev.tautline.stun.codec.StunParser;
import java.net.InetSocketAddress;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

/** The sample messages of RFC 5769 section 2 and RFC 8489 appendix B.1. */
class Rfc5769VectorsTest {
  static final String REQUEST =
      """
      00010058 2112a442 b7e7a701bc34d686fa87dfae
      80220010 5354554e207465737420636c69656e74
      00240004 6e0001ff
      80290008 932ff9b151263b36
      00060009 6576746a3a6836765920 2020
      00080014 9aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a2
      80280004 e57a3bcf
      """;
  static final String IPV4_RESPONSE =
      """
      0101003c 2112a442 b7e7a701bc34d686fa87dfae
      8022000b 7465737420766563746f7220
      00200008 0001a147e112a643
      00080014 2b91f599fd9e90c38c7489f92af9ba53f06be7d7
      80280004 c07d4c96
      """;
  static final String IPV6_RESPONSE =
      """
      01010048 2112a442 b7e7a701bc34d686fa87dfae
      8022000b 7465737420766563746f7220
      00200014 0002a1470113a9faa5d3f179bc25f4b5bed2b9d9
      00080014 a382954e4be67bf11784c97c8292c275bfe3ed41
      80280004 c8fb0b4c
      """;
  static final String LONG_TERM_REQUEST =
      """
      00010060 2112a442 78ad3433c6ad72c029da412e
      00060012 e3839ee38388e383aae38383e382afe382b9 0000
      0015001c 662f2f3439396b39353464364f4c33346f4c39465354767936347341
      0014000b 6578616d706c652e6f726700
      00080014 f67024656dd64a3e02b8e0712e85c9a28ca89666
      """;
  static final String SHA256_REQUEST =
      """
      00010090 2112a442 78ad3433c6ad72c029da412e
      001e0020 4a3cf38fef6992bda952c6780417da0f24819415569e60b205c46e41407f1704
      00150029 6f624d61744a6f733241414143662f2f3439396b39353464364f4c33346f4c39465354767936347341
               000000
      0014000b 6578616d706c652e6f726700
      001d0004 00020000
      001c0020 b5c7bf005b6c52a21c51c5e892f81924136296cb927c43149309278cc6518e65
      """;

  private static final IntegrityKey SHORT = IntegrityKey.shortTerm("VOkJxbRl1RmTxUk/WvJxBt");

  static byte[] bytes(String hex) {
    return HexFormat.of().parseHex(hex.replaceAll("\\s", ""));
  }

  static ReceivedStun parse(String hex) throws StunFormatException {
    byte[] bytes = bytes(hex);
    return StunParser.parse(bytes, 0, bytes.length);
  }

  @Test
  void section21Request() throws StunFormatException {
    ReceivedStun received = parse(REQUEST);
    StunMessage message = received.message();
    assertThat(message.messageClass()).isEqualTo(StunClass.REQUEST);
    assertThat(message.method()).isEqualTo(StunMethod.BINDING);
    assertThat(message.transactionId())
        .isEqualTo(new TransactionId(0xb7e7a701bc34d686L, 0xfa87dfae));
    assertThat(message.attributes())
        .containsExactly(
            new Software("STUN test client"),
            new Priority(0x6e0001ffL),
            new IceControlled(0x932ff9b151263b36L),
            new Username("evtj:h6vY"));
    assertThat(received.hasFingerprint()).isTrue();
    assertThat(received.verifyIntegrity(SHORT)).isEqualTo(Integrity.VALID);
    assertThat(received.isAuthentic(SHORT)).isTrue();
    assertThat(received.isAuthentic(IntegrityKey.shortTerm("another password"))).isFalse();
  }

  @Test
  void section22Ipv4Response() throws StunFormatException {
    ReceivedStun received = parse(IPV4_RESPONSE);
    assertThat(received.message().messageClass()).isEqualTo(StunClass.SUCCESS);
    assertThat(received.message().attributes())
        .containsExactly(
            new Software("test vector"),
            new XorMappedAddress(new InetSocketAddress("192.0.2.1", 32853)));
    assertThat(received.verifyIntegrity(SHORT)).isEqualTo(Integrity.VALID);
    assertThat(received.hasFingerprint()).isTrue();
  }

  @Test
  void section23Ipv6Response() throws StunFormatException {
    ReceivedStun received = parse(IPV6_RESPONSE);
    assertThat(received.message().attributes())
        .containsExactly(
            new Software("test vector"),
            new XorMappedAddress(
                new InetSocketAddress("2001:db8:1234:5678:11:2233:4455:6677", 32853)));
    assertThat(received.verifyIntegrity(SHORT)).isEqualTo(Integrity.VALID);
    assertThat(received.hasFingerprint()).isTrue();
  }

  @Test
  void section24LongTermRequest() throws StunFormatException {
    ReceivedStun received = parse(LONG_TERM_REQUEST);
    assertThat(received.message().attributes())
        .containsExactly(
            new Username("マトリックス"),
            new Nonce("f//499k954d6OL34oL9FSTvy64sA"),
            new Realm("example.org"));
    IntegrityKey key = IntegrityKey.longTermMd5("マトリックス", "example.org", "TheMatrIX");
    assertThat(received.verifyIntegrity(key)).isEqualTo(Integrity.VALID);
    assertThat(received.hasFingerprint()).isFalse();
  }

  @Test
  void rfc8489AppendixB1WithUserHashAndSha256() throws StunFormatException {
    ReceivedStun received = parse(SHA256_REQUEST);
    assertThat(received.message().attributes())
        .containsExactly(
            new UserHash(Octets.of(IntegrityKey.userHash("マトリックス", "example.org"))),
            new Nonce("obMatJos2AAACf//499k954d6OL34oL9FSTvy64sA"),
            new Realm("example.org"),
            new PasswordAlgorithm(PasswordAlgorithms.Entry.of(PasswordAlgorithms.SHA_256)));
    IntegrityKey key = IntegrityKey.longTermSha256("マトリックス", "example.org", "TheMatrIX");
    assertThat(received.verifyIntegritySha256(key)).isEqualTo(Integrity.VALID);
    assertThat(received.isAuthentic(key)).isTrue();
    assertThat(received.verifyIntegrity(key)).isEqualTo(Integrity.ABSENT);
  }
}
