package dev.tautline.dtls.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.tautline.dtls.DtlsDrop;
import dev.tautline.dtls.DtlsEvent;
import dev.tautline.dtls.DtlsFailure;
import dev.tautline.dtls.DtlsOptions;
import dev.tautline.dtls.DtlsRole;
import dev.tautline.dtls.Fingerprint;
import dev.tautline.dtls.record.AeadAlgorithm;
import dev.tautline.dtls.record.RecordHeader;
import dev.tautline.dtls.record.RecordNumbers;
import dev.tautline.dtls.record.RecordOpener;
import dev.tautline.dtls.record.RecordSealer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The engine after its handshake, with keys that this test chose: what a peer can do then. */
@Tag("dtls")
class RecordPhaseTest {
  private static final byte[] CERTIFICATE = {1, 2, 3};
  private static final long SECOND = 1_000_000_000L;

  private final RecordNumbers peerNumbers = new RecordNumbers(1);
  private final RecordSealer peer = sealer(7, peerNumbers);
  private final RecordOpener peerOpener =
      new RecordOpener(AeadAlgorithm.AES_128_GCM, key(8), new byte[4]);
  private final List<byte[]> received = new ArrayList<>();

  private static byte[] key(int value) {
    byte[] key = new byte[16];
    Arrays.fill(key, (byte) value);
    return key;
  }

  private static RecordSealer sealer(int key, RecordNumbers numbers) {
    return new RecordSealer(AeadAlgorithm.AES_128_GCM, key(key), new byte[4], numbers);
  }

  /** A server whose handshake is done as soon as a ClientHello came. */
  private Dtls12Engine established(long firstNumber) throws Exception {
    var engine =
        new Dtls12Engine(
            DtlsOptions.defaults(),
            DtlsRole.SERVER,
            (link, trust) -> handshake(link, firstNumber),
            () -> {},
            (now, buffer, offset, length) ->
                received.add(Arrays.copyOfRange(buffer, offset, offset + length)));
    engine.setRemoteFingerprints(List.of(Fingerprint.ofCertificate(CERTIFICATE)));
    engine.start(0);
    byte[] clientHello = new byte[12 + 40];
    clientHello[0] = HandshakeReassembly.CLIENT_HELLO;
    clientHello[3] = 40;
    clientHello[11] = 40;
    receive(engine, 0, RecordHeader.record(RecordHeader.HANDSHAKE, 0, clientHello));
    assertThat(engine.pollEvent()).isInstanceOf(DtlsEvent.Established.class);
    takePackets(engine, 0);
    return engine;
  }

  private static void handshake(HandshakeLink link, long firstNumber) {
    var numbers = new RecordNumbers(1, firstNumber);
    link.publish(new HandshakeOutcome.Keys(sealer(8, numbers)));
    link.sendPlain(RecordHeader.CHANGE_CIPHER_SPEC, new byte[] {1});
    byte[] finished = new byte[24];
    finished[0] = 20;
    try {
      link.sendSealed(
          RecordHeader.HANDSHAKE,
          finished,
          sealer(8, numbers).seal(RecordHeader.HANDSHAKE, finished));
    } catch (Exception e) {
      throw new AssertionError(e);
    }
    link.end(
        new HandshakeOutcome.Succeeded(
            "suite",
            CERTIFICATE,
            new RecordOpener(AeadAlgorithm.AES_128_GCM, key(7), new byte[4])));
  }

  private static void receive(Dtls12Engine engine, long now, byte[] datagram) {
    engine.receive(now, datagram, 0, datagram.length);
  }

  private static List<byte[]> takePackets(Dtls12Engine engine, long now) {
    var packets = new ArrayList<byte[]>();
    byte[] out = new byte[1500];
    for (int length = engine.pollPacket(now, out, 0, out.length);
        length > 0;
        length = engine.pollPacket(now, out, 0, out.length)) {
      packets.add(Arrays.copyOf(out, length));
    }
    return packets;
  }

  private byte[] opened(byte[] record) {
    byte[] out = new byte[100];
    int length =
        peerOpener.open(
            RecordHeader.type(record, 0),
            RecordHeader.number(record, 0),
            record,
            13,
            record.length - 13,
            out,
            0);
    assertThat(length).isNotNegative();
    return Arrays.copyOf(out, length);
  }

  private static byte[] message(int type) {
    byte[] message = new byte[24];
    message[0] = (byte) type;
    return message;
  }

  @Test
  void aRepeatedFinishedIsAnsweredByTheLastFlightUnderNewNumbers() throws Exception {
    Dtls12Engine engine = established(0);
    receive(engine, SECOND, peer.seal(RecordHeader.HANDSHAKE, message(20)));
    List<byte[]> answer = takePackets(engine, SECOND);

    assertThat(answer).hasSize(1);
    byte[] datagram = answer.get(0);
    assertThat(RecordHeader.type(datagram, 0)).isEqualTo(RecordHeader.CHANGE_CIPHER_SPEC);
    // 0 went out with the flight itself.
    assertThat(RecordHeader.number(datagram, 0)).isEqualTo(1);
    byte[] finished = Arrays.copyOfRange(datagram, 14, datagram.length);
    assertThat(RecordHeader.number(finished, 0)).isEqualTo(1L << 48 | 1);
    assertThat(opened(finished)).isEqualTo(message(20));
  }

  @Test
  void repeatedFinishedsAreAnsweredAtMostEveryFiftyMilliseconds() throws Exception {
    Dtls12Engine engine = established(0);
    int answers = 0;
    for (int millis = 1_000; millis < 2_000; millis += 10) {
      long now = millis * 1_000_000L;
      receive(engine, now, peer.seal(RecordHeader.HANDSHAKE, message(20)));
      answers += takePackets(engine, now).size();
    }
    assertThat(answers).isEqualTo(20);
  }

  @Test
  void aWishToRenegotiateIsDeclined() throws Exception {
    Dtls12Engine engine = established(0);
    receive(engine, SECOND, peer.seal(RecordHeader.HANDSHAKE, message(1)));
    receive(engine, SECOND, peer.seal(RecordHeader.HANDSHAKE, message(1)));
    List<byte[]> answer = takePackets(engine, SECOND);

    assertThat(answer).hasSize(1);
    assertThat(opened(answer.get(0))).containsExactly(1, 100);
    assertThat(engine.isEstablished()).isTrue();
  }

  @Test
  void otherHandshakeMessagesAndTypesAreIgnored() throws Exception {
    Dtls12Engine engine = established(0);
    receive(engine, SECOND, peer.seal(RecordHeader.HANDSHAKE, message(11)));
    receive(engine, SECOND, peer.seal(RecordHeader.HANDSHAKE, new byte[3]));
    receive(engine, SECOND, peer.seal(24, new byte[30]));
    receive(engine, SECOND, peer.seal(RecordHeader.CHANGE_CIPHER_SPEC, new byte[] {1}));

    assertThat(takePackets(engine, SECOND)).isEmpty();
    assertThat(engine.isEstablished()).isTrue();
    assertThat(engine.statistics().dropped()).containsEntry(DtlsDrop.UNEXPECTED_RECORD, 4L);
  }

  @Test
  void alertsBetweenDataEndOnlyWhatTheyName() throws Exception {
    Dtls12Engine engine = established(0);
    receive(engine, SECOND, peer.seal(RecordHeader.APPLICATION_DATA, new byte[] {1}));
    receive(engine, SECOND, peer.seal(RecordHeader.ALERT, new byte[] {1, 90}));
    receive(engine, SECOND, peer.seal(RecordHeader.ALERT, new byte[] {1, 100}));
    receive(engine, SECOND, peer.seal(RecordHeader.ALERT, new byte[] {2}));
    receive(engine, SECOND, peer.seal(RecordHeader.APPLICATION_DATA, new byte[] {2}));
    assertThat(received).containsExactly(new byte[] {1}, new byte[] {2});
    assertThat(engine.pollEvent()).isNull();

    receive(engine, SECOND, peer.seal(RecordHeader.ALERT, new byte[] {2, 80}));
    receive(engine, SECOND, peer.seal(RecordHeader.APPLICATION_DATA, new byte[] {3}));
    assertThat(engine.pollEvent())
        .isEqualTo(new DtlsEvent.Failed(DtlsFailure.PEER_ALERT, "the peer sent internal_error"));
    assertThat(received).hasSize(2);
    assertThat(engine.isEstablished()).isFalse();
  }

  @Test
  void emptyDataIsNotHandedUp() throws Exception {
    Dtls12Engine engine = established(0);
    receive(engine, SECOND, peer.seal(RecordHeader.APPLICATION_DATA, new byte[0]));

    assertThat(received).isEmpty();
    assertThat(engine.isEstablished()).isTrue();
  }

  @Test
  void theLastRecordNumberClosesTheAssociationWithACloseNotify() throws Exception {
    Dtls12Engine engine = established(RecordNumbers.END - RecordNumbers.RESERVE - 3);
    byte[] buffer = new byte[100];
    engine.seal(buffer, 40, 10);
    engine.seal(buffer, 40, 10);
    assertThatIllegalStateException().isThrownBy(() -> engine.seal(buffer, 40, 10));

    assertThat(engine.isEstablished()).isFalse();
    assertThat(engine.pollEvent())
        .isInstanceOfSatisfying(
            DtlsEvent.Failed.class,
            failed -> assertThat(failed.code()).isEqualTo(DtlsFailure.RECORD_NUMBERS_EXHAUSTED));
    List<byte[]> packets = takePackets(engine, SECOND);
    assertThat(packets).hasSize(1);
    assertThat(opened(packets.get(0))).containsExactly(1, 0);
  }

  @Test
  void aSmallRoomIsAMistakeOfTheCaller() throws Exception {
    Dtls12Engine engine = established(0);
    engine.close(SECOND);
    org.assertj.core.api.Assertions.assertThatIllegalArgumentException()
        .isThrownBy(() -> engine.pollPacket(SECOND, new byte[20], 0, 20));
  }
}
