package dev.tautline.dtls.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tautline.base.DropCounters;
import dev.tautline.base.WireWriter;
import dev.tautline.dtls.DtlsDrop;
import dev.tautline.dtls.engine.HandshakeReassembly.Taken;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("dtls")
class HandshakeReassemblyTest {
  private static final int CERTIFICATE = 11;

  private final DropCounters<DtlsDrop> drops = new DropCounters<>(DtlsDrop.class);
  private final HandshakeReassembly reassembly = new HandshakeReassembly(drops::count);

  private static byte[] body(int length, int seed) {
    byte[] body = new byte[length];
    new Random(seed).nextBytes(body);
    return body;
  }

  private static byte[] fragment(int type, int seq, int total, int offset, byte[] part) {
    return new WireWriter(12 + part.length)
        .u8(type)
        .u8(total >>> 16)
        .u16(total)
        .u16(seq)
        .u8(offset >>> 16)
        .u16(offset)
        .u8(part.length >>> 16)
        .u16(part.length)
        .bytes(part)
        .array();
  }

  private static byte[] slice(int type, int seq, byte[] body, int from, int to) {
    return fragment(type, seq, body.length, from, Arrays.copyOfRange(body, from, to));
  }

  private Taken take(byte[] fragment) {
    return reassembly.take(fragment, 0, fragment.length);
  }

  private static byte[] whole(int type, int seq, byte[] body) {
    return slice(type, seq, body, 0, body.length);
  }

  @Test
  void handsOutWholeMessagesInOrder() {
    byte[] one = body(100, 1);
    byte[] two = body(50, 2);
    take(whole(CERTIFICATE, 1, two));
    assertThat(reassembly.poll()).isNull();
    take(slice(2, 0, one, 60, 100));
    assertThat(reassembly.poll()).isNull();
    take(slice(2, 0, one, 0, 60));

    assertThat(reassembly.poll()).isEqualTo(whole(2, 0, one));
    assertThat(reassembly.poll()).isEqualTo(whole(CERTIFICATE, 1, two));
    assertThat(reassembly.poll()).isNull();
  }

  @Test
  void anEmptyMessageIsWhole() {
    take(whole(HandshakeReassembly.SERVER_HELLO_DONE, 0, new byte[0]));

    assertThat(reassembly.poll()).hasSize(12);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void anyCutsOverlapsRepeatsAndOrdersGiveTheSame(long seed) {
    var random = new Random(seed);
    var fragments = new ArrayList<byte[]>();
    var expected = new ArrayList<byte[]>();
    for (int seq = 0; seq < 5; seq++) {
      byte[] body = body(1 + random.nextInt(2000), seq);
      expected.add(whole(CERTIFICATE, seq, body));
      int at = 0;
      while (at < body.length) {
        int from = Math.max(0, at - random.nextInt(30));
        int to = Math.min(body.length, at + 1 + random.nextInt(400));
        fragments.add(slice(CERTIFICATE, seq, body, from, to));
        if (random.nextInt(3) == 0) {
          fragments.add(slice(CERTIFICATE, seq, body, from, to));
        }
        at = to;
      }
    }
    Collections.shuffle(fragments, random);
    var out = new ArrayList<byte[]>();
    for (byte[] fragment : fragments) {
      take(fragment);
      for (byte[] message = reassembly.poll(); message != null; message = reassembly.poll()) {
        out.add(message);
      }
    }

    assertThat(out).as("seed %d", seed).containsExactlyElementsOf(expected);
  }

  @Test
  void nobodyChangesAByteThatIsThere() {
    byte[] body = body(40, 1);
    byte[] other = body(40, 2);
    take(slice(CERTIFICATE, 0, body, 10, 30));
    take(slice(CERTIFICATE, 0, other, 0, 20));
    take(slice(CERTIFICATE, 0, body, 0, 40));

    byte[] expected = body.clone();
    System.arraycopy(other, 0, expected, 0, 10);
    assertThat(reassembly.poll()).isEqualTo(whole(CERTIFICATE, 0, expected));
  }

  @Test
  void severalMessagesMayShareARecord() {
    byte[] one = whole(2, 0, body(10, 1));
    byte[] two = whole(CERTIFICATE, 1, body(20, 2));
    byte[] record = Arrays.copyOf(one, one.length + two.length);
    System.arraycopy(two, 0, record, one.length, two.length);
    take(record);

    assertThat(reassembly.poll()).isEqualTo(one);
    assertThat(reassembly.poll()).isEqualTo(two);
  }

  @Test
  void aRepetitionOfTheLastMessageIsTold() {
    byte[] one = whole(2, 0, body(10, 1));
    assertThat(take(one)).isEqualTo(Taken.OK);
    assertThat(reassembly.poll()).isNotNull();
    assertThat(take(one)).isEqualTo(Taken.REPEATED_LAST);
    take(whole(CERTIFICATE, 1, body(10, 2)));
    assertThat(reassembly.poll()).isNotNull();
    assertThat(take(one)).isEqualTo(Taken.OK);
    assertThat(reassembly.poll()).isNull();
  }

  @Test
  void claimsAboveTheLimitTakeNoMemory() {
    take(fragment(CERTIFICATE, 0, HandshakeReassembly.MAX_MESSAGE_BYTES + 1, 0, new byte[10]));
    take(fragment(CERTIFICATE, 0, 0xff_ffff, 0, new byte[10]));
    take(fragment(CERTIFICATE, 60_000, 10, 0, new byte[10]));

    assertThat(drops.of(DtlsDrop.HANDSHAKE_LIMIT)).isEqualTo(3);
    // Nothing was begun: a sound message of that number is taken.
    take(whole(CERTIFICATE, 0, body(10, 1)));
    assertThat(reassembly.poll()).isNotNull();
  }

  @Test
  void theGreatestMessageIsTaken() {
    byte[] body = body(HandshakeReassembly.MAX_MESSAGE_BYTES, 1);
    take(slice(CERTIFICATE, 0, body, 0, 16_000));
    take(slice(CERTIFICATE, 0, body, 16_000, 32_000));
    take(slice(CERTIFICATE, 0, body, 32_000, body.length));

    assertThat(reassembly.poll()).isEqualTo(whole(CERTIFICATE, 0, body));
  }

  @Test
  void moreThanMayWaitIsAnOverflow() {
    Taken last = Taken.OK;
    for (int seq = 1; seq <= 5; seq++) {
      assertThat(last).isEqualTo(Taken.OK);
      last = take(fragment(CERTIFICATE, seq, 32 * 1024, 0, new byte[1]));
    }
    assertThat(last).isEqualTo(Taken.OVERFLOW);
  }

  @Test
  void fragmentsThatContradictAreDropped() {
    byte[] body = body(40, 1);
    take(slice(CERTIFICATE, 0, body, 0, 20));
    take(fragment(CERTIFICATE, 0, 41, 20, new byte[21]));
    take(fragment(CERTIFICATE + 1, 0, 40, 20, new byte[20]));
    take(fragment(CERTIFICATE, 0, 40, 30, new byte[11]));
    assertThat(reassembly.poll()).isNull();
    assertThat(drops.of(DtlsDrop.MALFORMED_HANDSHAKE)).isEqualTo(3);
    take(slice(CERTIFICATE, 0, body, 20, 40));
    assertThat(reassembly.poll()).isEqualTo(whole(CERTIFICATE, 0, body));
  }

  @Test
  void onlyTheFirstClientHelloCounts() {
    byte[] mine = body(100, 1);
    byte[] other = body(100, 2);
    take(slice(HandshakeReassembly.CLIENT_HELLO, 0, mine, 0, 60));
    take(whole(HandshakeReassembly.CLIENT_HELLO, 0, other));
    assertThat(reassembly.poll()).isNull();
    take(slice(HandshakeReassembly.CLIENT_HELLO, 0, mine, 60, 100));
    assertThat(reassembly.poll()).isEqualTo(whole(HandshakeReassembly.CLIENT_HELLO, 0, mine));
    assertThat(take(whole(HandshakeReassembly.CLIENT_HELLO, 0, other))).isEqualTo(Taken.OK);
    assertThat(take(whole(HandshakeReassembly.CLIENT_HELLO, 0, mine)))
        .isEqualTo(Taken.REPEATED_LAST);
    assertThat(drops.of(DtlsDrop.OTHER_CLIENT_HELLO)).isEqualTo(2);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4})
  void anyBytesAreSurvived(long seed) {
    var random = new Random(seed);
    for (int i = 0; i < 20_000; i++) {
      byte[] bytes = new byte[random.nextInt(64)];
      random.nextBytes(bytes);
      if (bytes.length > 12 && random.nextBoolean()) {
        // Close to sound: small lengths and offsets.
        bytes[1] = 0;
        bytes[2] = 0;
        bytes[4] = 0;
        bytes[5] = (byte) random.nextInt(4);
        bytes[6] = 0;
        bytes[7] = 0;
        bytes[9] = 0;
        bytes[10] = 0;
      }
      take(bytes);
      reassembly.poll();
    }
    assertThat(drops.total()).isPositive();
  }
}
