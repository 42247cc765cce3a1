package dev.tautline.ice.mdns;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import dev.tautline.base.WireFormatException;
import dev.tautline.base.WireWriter;
import dev.tautline.ice.mdns.MdnsMessage.AddressRecord;
import dev.tautline.ice.mdns.MdnsMessage.Kind;
import dev.tautline.ice.mdns.MdnsMessage.Question;
import dev.tautline.ice.mdns.MdnsMessage.Reply;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MdnsMessageTest {
  static MdnsMessage parse(byte[] bytes) throws WireFormatException {
    return MdnsMessage.parse(bytes, 0, bytes.length);
  }

  private static byte[] hex(String text) {
    return HexFormat.of().parseHex(text.replaceAll("[^0-9a-f]", ""));
  }

  @Test
  void aQueryIsReadAsItWasWritten() throws WireFormatException {
    assertThat(parse(MdnsMessage.query("host-1.local", 4)))
        .isEqualTo(
            new MdnsMessage(
                0,
                Kind.QUERY,
                List.of(new Question("host-1.local", MdnsType.A, 1, Reply.MULTICAST)),
                List.of()));
    assertThat(parse(MdnsMessage.query("host-1.local", 6)).questions())
        .extracting(Question::type)
        .containsExactly(MdnsType.AAAA);
  }

  /** Written by hand after RFC 1035 section 4.1.4: the second name is a label and a pointer. */
  @Test
  void pointersAreFollowedAndLettersMadeSmall() throws WireFormatException {
    MdnsMessage message =
        parse(
            hex(
                "0000 8400 0000 0003 0000 0000"
                    + "03 414263 05 6c6f63616c 00 0001 8001 00000078 0004 c0000207"
                    + "01 7a c010 001c 8001 00000078 0010 20010db8000000000000000000000001"
                    + "c010 0010 8001 00000078 0003 026869"));
    assertThat(message.kind()).isEqualTo(Kind.RESPONSE);
    assertThat(message.addresses())
        .extracting(AddressRecord::name)
        .containsExactly("abc.local", "z.local");
    assertThat(message.addresses())
        .extracting(record -> record.address().getHostAddress())
        .containsExactly("192.0.2.7", "2001:db8:0:0:0:0:0:1");
  }

  @Test
  void theTopBitOfAQuestionsClassAsksForUnicast() throws WireFormatException {
    MdnsMessage message = parse(hex("1234 0000 0001 0000 0000 0000 01 61 00 0001 8001"));
    assertThat(message.id()).isEqualTo(0x1234);
    assertThat(message.questions())
        .containsExactly(new Question("a", MdnsType.A, 1, Reply.UNICAST));
  }

  @Test
  void aDotWithinALabelIsNoEndOfIt() throws WireFormatException {
    MdnsMessage message = parse(hex("0000 0000 0001 0000 0000 0000 03 612e62 00 0001 0001"));
    assertThat(message.questions()).extracting(Question::name).containsExactly("a\\.b");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        // Shorter than a header.
        "",
        "0000 0000 0001 0000 0000",
        // An operation code, a response code.
        "0000 0800 0000 0000 0000 0000",
        "0000 8003 0000 0000 0000 0000",
        // Counts that say more than is there.
        "0000 0000 ffff ffff ffff ffff",
        "0000 0000 0002 0000 0000 0000 01 61 00 0001 0001",
        // A pointer to itself, forwards, behind the end, and half of one.
        "0000 0000 0001 0000 0000 0000 c00c 0001 0001",
        "0000 0000 0001 0000 0000 0000 c00e 01 61 00 0001 0001",
        "0000 0000 0001 0000 0000 0000 ffff 0001 0001",
        "0000 0000 0001 0000 0000 0000 02 6161 c0",
        // Two pointers that go round: the first one's target leads into the second.
        "0000 0000 0002 0000 0000 0000 01 61 c00c 0001 0001 c00c 0001 0001",
        // Labels of kinds that are not: 0x40, 0x80.
        "0000 0000 0001 0000 0000 0000 41 6161 00 0001 0001",
        "0000 0000 0001 0000 0000 0000 80 6161 00 0001 0001",
        // A record whose data goes past the end.
        "0000 8400 0000 0001 0000 0000 01 61 00 0001 0001 00000078 ffff 01"
      })
  void whatHasNotTheFormIsRefused(String message) {
    assertThatThrownBy(() -> parse(hex(message))).isInstanceOf(WireFormatException.class);
  }

  @Test
  void aNameOfMoreThan255OctetsIsRefusedHoweverItIsPutTogether() {
    var out = new WireWriter(4096);
    MdnsMessage.header(out, 0, 0, 6, 0, 0);
    // Each name is a label of 63 and the one before it: the fifth would be longer than a name may.
    int before = -1;
    for (int i = 0; i < 6; i++) {
      int here = out.position();
      out.u8(63).bytes("x".repeat(63).getBytes(StandardCharsets.US_ASCII));
      if (before < 0) {
        out.u8(0);
      } else {
        out.u16(0xc000 | before);
      }
      before = here;
      out.u16(1).u16(1);
    }
    byte[] bytes = Arrays.copyOf(out.array(), out.written());
    assertThatThrownBy(() -> parse(bytes))
        .isInstanceOf(WireFormatException.class)
        .hasMessageContaining("255");
  }

  @Test
  void aChainOfPointersEndsSoon() throws WireFormatException {
    assertThat(parse(chain(9)).questions()).hasSize(9);
    assertThatThrownBy(() -> parse(chain(10)))
        .isInstanceOf(WireFormatException.class)
        .hasMessageContaining("pointers");
  }

  /** Each name is a pointer to the name before it. */
  private static byte[] chain(int questions) {
    var out = new WireWriter(4096);
    MdnsMessage.header(out, 0, 0, questions, 0, 0);
    int before = out.position();
    out.u8(0).u16(1).u16(1);
    for (int i = 1; i < questions; i++) {
      int here = out.position();
      out.u16(0xc000 | before).u16(1).u16(1);
      before = here;
    }
    return Arrays.copyOf(out.array(), out.written());
  }

  @Test
  void ofAHundredQuestionsTheFirstAreReadAndAnswersFoundBehindThem() throws WireFormatException {
    var out = new WireWriter(4096);
    MdnsMessage.header(out, 0, 0, 100, 1, 0);
    for (int i = 0; i < 100; i++) {
      MdnsMessage.writeName(out, "n" + i + ".local");
      out.u16(1).u16(1);
    }
    out.u16(0xc00c).u16(1).u16(1).u32(60).u16(4).u32(0xc0000201);
    byte[] bytes = Arrays.copyOf(out.array(), out.written());
    MdnsMessage message = parse(bytes);
    assertThat(message.questions()).hasSize(64);
    assertThat(message.addresses())
        .extracting(AddressRecord::name, AddressRecord::ttlSeconds)
        .containsExactly(tuple("n0.local", 60L));
  }

  @Test
  void aMessageOfMoreThan9000BytesIsRefused() {
    assertThatThrownBy(() -> parse(new byte[9001])).isInstanceOf(WireFormatException.class);
  }

  @Test
  void everyCutAndEveryFlippedBitIsReadOrRefused() throws Exception {
    OwnName name = OwnName.random(InetAddress.getByName("192.0.2.1"), new Random(1));
    byte[] query = MdnsMessage.query(name.name(), 4);
    byte[] response =
        MdnsResponse.toOne(List.of(new MdnsResponse.Answer(name, MdnsResponse.Says.ADDRESS)));
    int read = 0;
    for (byte[] message : List.of(query, response)) {
      for (int length = 0; length < message.length; length++) {
        read += reads(Arrays.copyOf(message, length)) ? 1 : 0;
      }
      for (int bit = 0; bit < message.length * 8; bit++) {
        byte[] flipped = message.clone();
        flipped[bit >> 3] ^= (byte) (1 << (bit & 7));
        read += reads(flipped) ? 1 : 0;
      }
    }
    assertThat(read).isPositive();
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void randomBytesAreReadOrRefused(long seed) {
    var random = new Random(seed);
    int refused = 0;
    for (int i = 0; i < 20_000; i++) {
      byte[] bytes = new byte[random.nextInt(200)];
      random.nextBytes(bytes);
      if (bytes.length > 12) {
        // A header that lets it through to the names.
        Arrays.fill(bytes, 2, 12, (byte) 0);
        bytes[5] = (byte) random.nextInt(4);
        bytes[7] = (byte) random.nextInt(4);
      }
      refused += reads(bytes) ? 0 : 1;
    }
    assertThat(refused).isPositive();
  }

  private static boolean reads(byte[] bytes) {
    try {
      parse(bytes);
      return true;
    } catch (WireFormatException e) {
      return false;
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "a..local", ".local"})
  void noQueryIsWrittenForWhatIsNoName(String name) {
    assertThatIllegalArgumentException().isThrownBy(() -> MdnsMessage.query(name, 4));
  }

  @Test
  void namesOfOursAreUuidsOfVersion4AndDiffer() throws Exception {
    InetAddress address = InetAddress.getByName("192.0.2.1");
    var random = new Random(7);
    OwnName first = OwnName.random(address, random);
    assertThat(first.name()).matches("[0-9a-f-]{36}\\.local");
    assertThat(OwnName.random(address, random).name()).isNotEqualTo(first.name());
    assertThatIllegalArgumentException().isThrownBy(() -> new OwnName("printer.local", address));
  }
}
