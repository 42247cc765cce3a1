package dev.tautline.ice.mdns;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tautline.base.Timer;
import dev.tautline.base.WireFormatException;
import dev.tautline.base.WireReader;
import dev.tautline.base.WireWriter;
import dev.tautline.ice.mdns.MdnsLink.Family;
import dev.tautline.ice.mdns.MdnsMessage.AddressRecord;
import dev.tautline.ice.mdns.MdnsResponder.Transmit;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class MdnsResponderTest {
  private static final long SECOND = 1_000_000_000;
  private static final int MULTICAST = 0x0001;
  private static final int UNICAST = 0x8001;

  private static final InetAddress OURS = address("192.0.2.2");
  private static final InetAddress OURS_IPV6 = address("2001:db8::2");
  private static final InetSocketAddress NEIGHBOUR =
      new InetSocketAddress(address("192.0.2.77"), 5353);
  private static final InetSocketAddress SIMPLE_NEIGHBOUR =
      new InetSocketAddress(address("192.0.2.77"), 40_000);
  private static final MdnsLink ETH0 =
      new MdnsLink(
          2,
          List.of(new MdnsLink.Subnet(OURS, 24), new MdnsLink.Subnet(OURS_IPV6, 64)),
          EnumSet.allOf(Family.class));

  private final MdnsResponder responder = new MdnsResponder();
  private final Random random = new Random(5);
  private final OwnName name = OwnName.random(OURS, random);
  private final OwnName name6 = OwnName.random(OURS_IPV6, random);

  private static InetAddress address(String text) {
    try {
      return InetAddress.getByName(text);
    } catch (UnknownHostException e) {
      throw new AssertionError(e);
    }
  }

  @BeforeEach
  void register() {
    responder.links(List.of(ETH0));
    responder.register(0, name);
    responder.register(0, name6);
    // Their announcements; a minute later nothing is left of them.
    responder.advanceTo(SECOND);
    drain();
  }

  private static final long LATER = 60 * SECOND;

  private List<Transmit> drain() {
    List<Transmit> all = new ArrayList<>();
    for (Transmit t = responder.pollTransmit(); t != null; t = responder.pollTransmit()) {
      all.add(t);
    }
    return all;
  }

  private static byte[] query(int id, int type, int dnsClass, String... names) {
    var out = new WireWriter(9000);
    MdnsMessage.header(out, id, 0, names.length, 0, 0);
    for (String one : names) {
      MdnsMessage.writeName(out, one);
      out.u16(type).u16(dnsClass);
    }
    return Arrays.copyOf(out.array(), out.written());
  }

  private List<Transmit> ask(long now, InetSocketAddress from, byte[] query) {
    responder.receive(now, query, 0, query.length, from);
    return drain();
  }

  private static List<AddressRecord> addresses(Transmit transmit) {
    try {
      return MdnsMessageTest.parse(transmit.bytes()).addresses();
    } catch (WireFormatException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void aNameIsAnnouncedOnceASecondLaterOnEveryWay() {
    var fresh = new MdnsResponder();
    fresh.links(List.of(ETH0));
    fresh.register(5 * SECOND, name);
    assertThat(fresh.pollTransmit()).isNull();
    assertThat(fresh.nextDeadlineNanos()).isEqualTo(6 * SECOND);
    fresh.advanceTo(6 * SECOND);
    List<Family> families = new ArrayList<>();
    for (Transmit t = fresh.pollTransmit(); t != null; t = fresh.pollTransmit()) {
      families.add(t.family());
      assertThat(t.to()).isEmpty();
      assertThat(addresses(t)).containsExactly(new AddressRecord(name.name(), OURS, 120));
    }
    assertThat(families).containsExactlyInAnyOrder(Family.IPV4, Family.IPV6);
    fresh.advanceTo(LATER);
    assertThat(fresh.pollTransmit()).isNull();
    assertThat(fresh.nextDeadlineNanos()).isEqualTo(Timer.NOT_RUNNING);
  }

  @Test
  void aNameThatWasAskedForIsNotAnnouncedBesides() {
    var fresh = new MdnsResponder();
    fresh.links(List.of(new MdnsLink(2, ETH0.subnets(), Set.of(Family.IPV4))));
    fresh.register(0, name);
    byte[] query = query(0, MdnsType.A, MULTICAST, name.name());
    fresh.receive(SECOND / 10, query, 0, query.length, NEIGHBOUR);
    assertThat(fresh.pollTransmit()).isNotNull();
    fresh.advanceTo(LATER);
    assertThat(fresh.pollTransmit()).isNull();
  }

  /** RFC 6762 section 18: id 0, authoritative; section 10.2: the cache-flush bit; TTL 120. */
  @Test
  void aQuestionIsAnsweredAtOnceToTheGroup() {
    List<Transmit> sent = ask(LATER, NEIGHBOUR, query(9, MdnsType.A, MULTICAST, name.name()));
    assertThat(sent).hasSize(1);
    Transmit answer = sent.get(0);
    assertThat(answer.to()).isEmpty();
    assertThat(answer.family()).isEqualTo(Family.IPV4);
    String expected =
        "0000 8400 0000 0001 0000 0000"
            + "24"
            + HexFormat.of().formatHex(name.name().substring(0, 36).getBytes())
            + "05 6c6f63616c 00"
            + "0001 8001 00000078 0004 c0000202";
    assertThat(HexFormat.of().formatHex(answer.bytes())).isEqualTo(expected.replace(" ", ""));
  }

  @Test
  void lettersMayBeLargeInTheQuestion() {
    String large = name.name().toUpperCase(Locale.ROOT);
    assertThat(ask(LATER, NEIGHBOUR, query(0, MdnsType.A, MULTICAST, large))).hasSize(1);
  }

  /** Section 6.1: who asks for the other family is told at once that there is none. */
  @Test
  void aQuestionForTheOtherFamilyIsAnsweredThatThereIsNone() throws WireFormatException {
    assertThat(noOther(LATER, name, MdnsType.AAAA)).isEqualTo("000140");
    assertThat(noOther(LATER, name6, MdnsType.A)).isEqualTo("000400000008");
    assertThat(noOther(2 * LATER, name, 16)).isEqualTo("000140");
  }

  private String noOther(long now, OwnName asked, int type) throws WireFormatException {
    List<Transmit> sent = ask(now, NEIGHBOUR, query(0, type, MULTICAST, asked.name()));
    assertThat(sent).hasSize(1);
    assertThat(addresses(sent.get(0))).isEmpty();
    var reader = new WireReader(sent.get(0).bytes());
    reader.skip(12 + 44);
    assertThat(reader.u16()).isEqualTo(MdnsType.NSEC);
    assertThat(reader.u16()).isEqualTo(0x8001);
    assertThat(reader.u32()).isEqualTo(120);
    assertThat(reader.u16()).isEqualTo(reader.remaining());
    reader.skip(44);
    return HexFormat.of().formatHex(reader.copyRemaining());
  }

  @Test
  void aQuestionForAnythingGetsTheAddress() {
    List<Transmit> sent = ask(LATER, NEIGHBOUR, query(0, MdnsType.ANY, 255, name6.name()));
    assertThat(addresses(sent.get(0)))
        .containsExactly(new AddressRecord(name6.name(), OURS_IPV6, 120));
  }

  @Test
  void severalQuestionsInOneDatagramAreAnsweredInOne() {
    List<Transmit> sent =
        ask(
            LATER,
            NEIGHBOUR,
            query(0, MdnsType.ANY, MULTICAST, name.name(), "printer.local", name6.name()));
    assertThat(sent).hasSize(1);
    assertThat(addresses(sent.get(0)))
        .extracting(AddressRecord::name)
        .containsExactlyInAnyOrder(name.name(), name6.name());
  }

  @Test
  void whoDoesNotKnowANameLearnsNothing() {
    for (String other : List.of("local", "printer.local", "_services._dns-sd._udp.local")) {
      assertThat(ask(LATER, NEIGHBOUR, query(0, MdnsType.ANY, UNICAST, other))).isEmpty();
    }
    assertThat(ask(LATER, NEIGHBOUR, query(0, MdnsType.A, 3, name.name()))).isEmpty();
  }

  /** Section 6: "at least one second has elapsed"; what is asked for meanwhile comes then. */
  @Test
  void aRecordIsMulticastOnceASecondAndWhoAsksMeanwhileGetsTheNext() {
    byte[] query = query(0, MdnsType.A, MULTICAST, name.name());
    assertThat(ask(LATER, NEIGHBOUR, query)).hasSize(1);
    for (int i = 1; i < 100; i++) {
      assertThat(ask(LATER + i * SECOND / 100, NEIGHBOUR, query)).isEmpty();
    }
    assertThat(responder.nextDeadlineNanos()).isEqualTo(LATER + SECOND);
    responder.advanceTo(LATER + SECOND);
    assertThat(drain()).hasSize(1);
    responder.advanceTo(LATER + 10 * SECOND);
    assertThat(drain()).isEmpty();
  }

  @Test
  void eachFamilyHasItsOwnSecond() {
    byte[] query = query(0, MdnsType.A, MULTICAST, name.name());
    assertThat(ask(LATER, NEIGHBOUR, query)).hasSize(1);
    List<Transmit> sent = ask(LATER, new InetSocketAddress(address("2001:db8::9"), 5353), query);
    assertThat(sent).extracting(Transmit::family).containsExactly(Family.IPV6);
  }

  /** Section 5.4: by unicast if all have heard it within a quarter of its time, else to all. */
  @Test
  void whoWantsItByUnicastGetsItSoWhenAllHaveHeardItLately() {
    byte[] query = query(0, MdnsType.A, UNICAST, name.name());
    assertThat(ask(LATER, NEIGHBOUR, query)).allMatch(t -> t.to().isEmpty()).hasSize(1);
    List<Transmit> sent = ask(LATER + SECOND / 2, NEIGHBOUR, query);
    assertThat(sent).hasSize(1);
    assertThat(sent.get(0).to()).contains(NEIGHBOUR);
    assertThat(addresses(sent.get(0))).extracting(AddressRecord::ttlSeconds).containsExactly(120L);
    assertThat(ask(LATER + 31 * SECOND, NEIGHBOUR, query)).allMatch(t -> t.to().isEmpty());
  }

  /** Section 6.7: id and question repeated, no cache-flush bit, at most 10 seconds. */
  @Test
  void aSimpleResolverGetsAPlainAnswerOfItsOwn() throws WireFormatException {
    byte[] query = query(0x4711, MdnsType.A, MULTICAST, name.name());
    List<Transmit> sent = ask(LATER, SIMPLE_NEIGHBOUR, query);
    assertThat(sent).hasSize(1);
    assertThat(sent.get(0).to()).contains(SIMPLE_NEIGHBOUR);
    MdnsMessage answer = MdnsMessageTest.parse(sent.get(0).bytes());
    assertThat(answer.id()).isEqualTo(0x4711);
    assertThat(answer.questions()).isEqualTo(MdnsMessageTest.parse(query).questions());
    assertThat(answer.addresses()).containsExactly(new AddressRecord(name.name(), OURS, 10));
    // The class of the answer: after the header, the question and the name.
    var reader = new WireReader(sent.get(0).bytes());
    reader.skip(12 + 48 + 44 + 2);
    assertThat(reader.u16()).isEqualTo(1);
  }

  /** Section 7.1. */
  @Test
  void whatIsKnownAlreadyIsNotSaidUnlessItIsAboutToEnd() {
    assertThat(ask(LATER, NEIGHBOUR, knowing(name, OURS, 60))).isEmpty();
    assertThat(ask(LATER, NEIGHBOUR, knowing(name, address("192.0.2.9"), 120))).hasSize(1);
    assertThat(ask(2 * LATER, NEIGHBOUR, knowing(name, OURS, 59))).hasSize(1);
  }

  private static byte[] knowing(OwnName name, InetAddress address, int ttlSeconds) {
    var out = new WireWriter(512);
    MdnsMessage.header(out, 0, 0, 1, 1, 0);
    MdnsMessage.writeName(out, name.name());
    out.u16(MdnsType.A).u16(MULTICAST);
    out.u16(0xc00c).u16(MdnsType.A).u16(1).u32(ttlSeconds).u16(4).bytes(address.getAddress());
    return Arrays.copyOf(out.array(), out.written());
  }

  /** Section 11. */
  @Test
  void whoIsNotOnTheLinkGetsNothing() throws UnknownHostException {
    byte[] query = query(0, MdnsType.A, MULTICAST, name.name());
    byte[] linkLocal = address("fe80::9").getAddress();
    assertThat(ask(LATER, new InetSocketAddress(address("192.0.3.1"), 5353), query)).isEmpty();
    assertThat(ask(LATER, new InetSocketAddress(address("2001:db8:1::1"), 5353), query)).isEmpty();
    assertThat(ask(LATER, new InetSocketAddress(address("127.0.0.1"), 5353), query)).isEmpty();
    var otherLink = Inet6Address.getByAddress(null, linkLocal, 3);
    assertThat(ask(LATER, new InetSocketAddress(otherLink, 5353), query)).isEmpty();
    assertThat(responder.drops().of(MdnsDrop.OFF_LINK)).isEqualTo(4);
    var thisLink = Inet6Address.getByAddress(null, linkLocal, 2);
    assertThat(ask(LATER, new InetSocketAddress(thisLink, 5353), query)).hasSize(1);
  }

  @Test
  void aLoopbackAddressIsToldThisHostAlone() {
    OwnName local = OwnName.random(address("127.0.0.1"), random);
    responder.register(0, local);
    byte[] query = query(0, MdnsType.A, MULTICAST, local.name());
    assertThat(ask(LATER, NEIGHBOUR, query)).isEmpty();
    assertThat(ask(LATER, new InetSocketAddress(OURS, 40_000), query))
        .anyMatch(t -> addresses(t).toString().contains("127.0.0.1"));
  }

  /** Section 10.1. */
  @Test
  void aNameTakesItsLeaveAndIsNotAnsweredForAnyMore() {
    responder.unregister(name);
    List<Transmit> sent = drain();
    assertThat(sent).hasSize(2).allMatch(t -> t.to().isEmpty());
    assertThat(addresses(sent.get(0))).containsExactly(new AddressRecord(name.name(), OURS, 0));
    assertThat(ask(LATER, NEIGHBOUR, query(0, MdnsType.A, MULTICAST, name.name()))).isEmpty();
    assertThat(responder.isEmpty()).isFalse();
    responder.unregister(name);
    assertThat(drain()).isEmpty();
    responder.unregisterAll();
    assertThat(drain()).hasSize(2);
    assertThat(responder.isEmpty()).isTrue();
  }

  @Test
  void aNameThatNobodyWasToldLeavesInSilence() {
    OwnName third = OwnName.random(OURS, random);
    responder.register(LATER, third);
    responder.unregister(third);
    responder.advanceTo(2 * LATER);
    assertThat(drain()).isEmpty();
  }

  @Test
  void manyNamesAreAnnouncedInDatagramsThatEveryLinkCarries() {
    for (int i = 0; i < 100; i++) {
      responder.register(LATER, OwnName.random(i % 2 == 0 ? OURS : OURS_IPV6, random));
    }
    responder.advanceTo(LATER + SECOND);
    List<Transmit> announced = drain();
    assertThat(announced).hasSizeLessThan(50).allMatch(t -> t.bytes().length <= 1232);
    assertThat(announced.stream().mapToInt(t -> addresses(t).size()).sum()).isEqualTo(200);
    responder.unregisterAll();
    assertThat(drain()).hasSizeLessThan(20).allMatch(t -> t.bytes().length <= 1232);
  }

  @Test
  void rubbishIsCountedAndNothingElse() {
    for (int length = 0; length < 300; length++) {
      byte[] bytes = new byte[length];
      random.nextBytes(bytes);
      responder.receive(LATER, bytes, 0, length, NEIGHBOUR);
    }
    assertThat(drain()).isEmpty();
    assertThat(responder.drops().of(MdnsDrop.MALFORMED)).isGreaterThan(200);
  }

  @Test
  void answersOfOthersAreNoQuestions() {
    byte[] response = MdnsResponse.goodbyes(List.of(name)).get(0);
    assertThat(ask(LATER, NEIGHBOUR, response)).isEmpty();
    assertThat(responder.drops().snapshot()).isEmpty();
  }

  /** Someone on the link who asks without end, from forged addresses, too. */
  @Test
  void aFloodIsBoundedAndPasses() {
    byte[] simple = query(1, MdnsType.A, MULTICAST, name.name());
    int unicasts = 0;
    for (int i = 0; i < 10_000; i++) {
      var from = new InetSocketAddress(NEIGHBOUR.getAddress(), 10_000 + i);
      unicasts += ask(LATER, from, simple).size();
    }
    assertThat(unicasts).isEqualTo(100);
    assertThat(responder.drops().of(MdnsDrop.UNICAST_LIMIT)).isEqualTo(900);
    assertThat(responder.drops().of(MdnsDrop.FLOOD)).isEqualTo(9_000);
    assertThat(ask(LATER + SECOND, SIMPLE_NEIGHBOUR, simple)).hasSize(1);
  }

  @Test
  void oneDatagramWithTheSameQuestionManyTimesGetsOneAnswer() {
    String[] names = new String[180];
    Arrays.fill(names, name.name());
    List<Transmit> sent = ask(LATER, NEIGHBOUR, query(0, MdnsType.A, MULTICAST, names));
    assertThat(sent).hasSize(1);
    assertThat(addresses(sent.get(0))).hasSize(1);
    sent = ask(LATER, SIMPLE_NEIGHBOUR, query(0, MdnsType.A, MULTICAST, names));
    assertThat(sent).hasSize(1);
    assertThat(sent.get(0).bytes().length).isLessThan(300);
  }
}
