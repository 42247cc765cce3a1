package dev.tautline.stun;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tautline.stun.attribute.AdditionalAddressFamily;
import dev.tautline.stun.attribute.AddressErrorCode;
import dev.tautline.stun.attribute.AlternateDomain;
import dev.tautline.stun.attribute.AlternateServer;
import dev.tautline.stun.attribute.ChangeRequest;
import dev.tautline.stun.attribute.ChannelNumber;
import dev.tautline.stun.attribute.Data;
import dev.tautline.stun.attribute.DontFragment;
import dev.tautline.stun.attribute.ErrorCode;
import dev.tautline.stun.attribute.EvenPort;
import dev.tautline.stun.attribute.IceControlled;
import dev.tautline.stun.attribute.IceControlling;
import dev.tautline.stun.attribute.Icmp;
import dev.tautline.stun.attribute.Lifetime;
import dev.tautline.stun.attribute.MappedAddress;
import dev.tautline.stun.attribute.Nonce;
import dev.tautline.stun.attribute.Octets;
import dev.tautline.stun.attribute.OtherAddress;
import dev.tautline.stun.attribute.PasswordAlgorithm;
import dev.tautline.stun.attribute.PasswordAlgorithms;
import dev.tautline.stun.attribute.Priority;
import dev.tautline.stun.attribute.Realm;
import dev.tautline.stun.attribute.RequestedAddressFamily;
import dev.tautline.stun.attribute.RequestedTransport;
import dev.tautline.stun.attribute.ReservationToken;
import dev.tautline.stun.attribute.ResponseOrigin;
import dev.tautline.stun.attribute.Software;
import dev.tautline.stun.attribute.StunAttribute;
import dev.tautline.stun.attribute.UnknownAttribute;
import dev.tautline.stun.attribute.UnknownAttributes;
import dev.tautline.stun.attribute.UseCandidate;
import dev.tautline.stun.attribute.UserHash;
import dev.tautline.stun.attribute.Username;
import dev.tautline.stun.attribute.XorMappedAddress;
import dev.tautline.stun.attribute.XorPeerAddress;
import dev.tautline.stun.attribute.XorRelayedAddress;
import dev.tautline.stun.codec.ReceivedStun;
import dev.tautline.stun.codec.StunParser;
import dev.tautline.stun.codec.StunWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is written is read back the same, with seeded messages of every attribute. */
class StunPropertyTest {
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void parseAfterWriteGivesTheSame(long seed) throws StunFormatException {
    var random = new Random(seed);
    for (int round = 0; round < 500; round++) {
      StunMessage message = message(random);
      IntegrityKey key = IntegrityKey.shortTerm("password" + random.nextInt());
      var writer = new StunWriter(message);
      boolean sha1 = random.nextBoolean();
      boolean sha256 = random.nextBoolean();
      boolean fingerprint = random.nextBoolean();
      if (sha1) {
        writer.withIntegrity(key);
      }
      if (sha256) {
        writer.withIntegritySha256(key, 16 + 4 * random.nextInt(5));
      }
      if (fingerprint) {
        writer.withFingerprint();
      }
      byte[] bytes = writer.toBytes();
      byte[] inside = new byte[bytes.length + 7];
      System.arraycopy(bytes, 0, inside, 3, bytes.length);

      ReceivedStun received = StunParser.parse(inside, 3, bytes.length);

      assertThat(received.message()).as("seed " + seed).isEqualTo(message);
      assertThat(received.hasFingerprint()).isEqualTo(fingerprint);
      assertThat(received.hasIntegrity()).isEqualTo(sha1 || sha256);
      assertThat(received.isAuthentic(key)).isEqualTo(sha1 || sha256);
      assertThat(received.isAuthentic(IntegrityKey.shortTerm("other"))).isFalse();
    }
  }

  @Test
  void everyClassAndMethodSurvivesItsBits() {
    Set<Integer> seen = new HashSet<>();
    for (int method = 0; method <= 0xfff; method++) {
      for (StunClass messageClass : StunClass.values()) {
        int bits = StunMessage.typeBits(messageClass, method);
        assertThat(bits).isBetween(0, 0x3fff);
        assertThat(seen.add(bits)).isTrue();
        assertThat(StunMessage.classOf(bits)).isEqualTo(messageClass);
        assertThat(StunMessage.methodOf(bits)).isEqualTo(method);
      }
    }
  }

  @Test
  void theGeneratorKnowsEveryAttribute() {
    var random = new Random(1);
    Set<Class<?>> made = new HashSet<>();
    for (int i = 0; i < 2000; i++) {
      made.add(attribute(random).getClass());
    }
    assertThat(made).isEqualTo(records(StunAttribute.class).collect(Collectors.toSet()));
  }

  private static Stream<Class<?>> records(Class<?> kind) {
    return kind.isRecord()
        ? Stream.of(kind)
        : Arrays.stream(kind.getPermittedSubclasses()).flatMap(StunPropertyTest::records);
  }

  private static StunMessage message(Random random) {
    List<StunAttribute> attributes = new ArrayList<>();
    for (int i = random.nextInt(8); i > 0; i--) {
      attributes.add(attribute(random));
    }
    return new StunMessage(
        StunClass.ofBits(random.nextInt(4)),
        random.nextInt(0x1000),
        TransactionId.generate(random),
        attributes);
  }

  private static StunAttribute attribute(Random random) {
    return switch (random.nextInt(35)) {
      case 0 -> new MappedAddress(address(random));
      case 1 -> new XorMappedAddress(address(random));
      case 2 -> new XorPeerAddress(address(random));
      case 3 -> new XorRelayedAddress(address(random));
      case 4 -> new AlternateServer(address(random));
      case 5 -> new Username(text(random));
      case 6 -> new Realm(text(random));
      case 7 -> new Nonce(text(random));
      case 8 -> new Software(text(random));
      case 9 -> new AlternateDomain(text(random));
      case 10 -> new UserHash(octets(random, 32));
      case 11 -> new Data(octets(random, random.nextInt(100)));
      case 12 -> new ReservationToken(octets(random, 8));
      case 13 -> new Priority(random.nextInt() & 0xffff_ffffL);
      case 14 -> new IceControlled(random.nextLong());
      case 15 -> new IceControlling(random.nextLong());
      case 16 -> new Lifetime(random.nextInt() & 0xffff_ffffL);
      case 17 -> new ChannelNumber(random.nextInt(0x10000));
      case 18 -> new RequestedTransport(random.nextInt(256));
      case 19 -> new RequestedAddressFamily(random.nextInt(256));
      case 20 -> new AdditionalAddressFamily(random.nextInt(256));
      case 21 -> new Icmp(random.nextInt(256), random.nextInt(256), random.nextInt());
      case 22 -> new EvenPort(random.nextBoolean() ? EvenPort.Next.RESERVE : EvenPort.Next.LEAVE);
      case 23 -> new UseCandidate();
      case 24 -> new DontFragment();
      case 25 -> new ErrorCode(300 + random.nextInt(400), text(random));
      case 26 -> new AddressErrorCode(random.nextInt(256), 300 + random.nextInt(400), text(random));
      case 27 -> new UnknownAttributes(List.of(random.nextInt(0x10000), random.nextInt(0x10000)));
      case 28 -> new PasswordAlgorithm(entry(random));
      case 29 -> new PasswordAlgorithms(List.of(entry(random), entry(random)));
      case 30 -> new ChangeRequest(random.nextInt(8));
      case 31 -> new OtherAddress(address(random));
      case 32 -> new ResponseOrigin(address(random));
      default ->
          new UnknownAttribute(
              random.nextBoolean() ? 0x7f00 : 0xff00, octets(random, random.nextInt(20)));
    };
  }

  private static PasswordAlgorithms.Entry entry(Random random) {
    return new PasswordAlgorithms.Entry(random.nextInt(0x10000), octets(random, random.nextInt(9)));
  }

  private static Octets octets(Random random, int length) {
    byte[] bytes = new byte[length];
    random.nextBytes(bytes);
    return Octets.of(bytes);
  }

  private static String text(Random random) {
    var text = new StringBuilder();
    for (int i = random.nextInt(40); i > 0; i--) {
      text.append("aZ9:/+ é☃".charAt(random.nextInt(9)));
    }
    return text.toString();
  }

  private static InetSocketAddress address(Random random) {
    byte[] bytes = new byte[random.nextBoolean() ? 4 : 16];
    random.nextBytes(bytes);
    try {
      return new InetSocketAddress(InetAddress.getByAddress(bytes), random.nextInt(0x10000));
    } catch (UnknownHostException e) {
      throw new AssertionError(e);
    }
  }
}
