package dev.tautline.dtls.bc;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tautline.dtls.DtlsCertificate;
import dev.tautline.dtls.DtlsCipherSuite;
import dev.tautline.dtls.DtlsEngine;
import dev.tautline.dtls.DtlsEngines;
import dev.tautline.dtls.DtlsEvent;
import dev.tautline.dtls.DtlsFailure;
import dev.tautline.dtls.DtlsHandshakes;
import dev.tautline.dtls.DtlsOptions;
import dev.tautline.dtls.DtlsOptions.ExtendedMasterSecret;
import dev.tautline.dtls.DtlsRole;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Our engine against Bouncy Castle's own DTLS, in real time, since the library reads the clock. The
 * test's thread is the loop.
 */
@Tag("dtls")
@Timeout(30)
class StockPeerTest {
  private static final DtlsCertificate OURS = DtlsCertificate.generate();
  private static final DtlsCertificate THEIRS = DtlsCertificate.generate();
  private static final Runnable NOTHING = () -> {};

  private final DtlsHandshakes handshakes = DtlsHandshakes.create();
  private final BlockingQueue<Runnable> loop = new LinkedBlockingQueue<>();
  private final List<byte[]> received = new ArrayList<>();
  private final List<DtlsEvent> events = new ArrayList<>();
  private final List<byte[]> sentByPeer = new CopyOnWriteArrayList<>();
  private final long startNanos = System.nanoTime();
  private Predicate<byte[]> losesOfOurs = datagram -> false;
  private StockPeer peer;
  private DtlsEngine engine;

  @AfterEach
  void ends() throws Exception {
    engine.close(now());
    peer.close();
    handshakes.close();
  }

  private long now() {
    return System.nanoTime() - startNanos;
  }

  private void ours(DtlsRole role, DtlsOptions options, int peerSendLimit) {
    peer =
        new StockPeer(
            datagram -> {
              sentByPeer.add(datagram);
              loop.add(() -> engine.receive(now(), datagram, 0, datagram.length));
            },
            THEIRS,
            peerSendLimit);
    engine =
        DtlsEngines.bouncyCastle(
            options,
            role,
            OURS,
            handshakes,
            () -> loop.add(NOTHING),
            (now, buffer, offset, length) ->
                received.add(Arrays.copyOfRange(buffer, offset, offset + length)));
    engine.setRemoteFingerprints(List.of(THEIRS.fingerprint()));
    engine.start(now());
  }

  private void runUntil(BooleanSupplier done) throws InterruptedException {
    while (!done.getAsBoolean()) {
      drain();
      long waitNanos =
          Math.min(engine.nextDeadlineNanos() - now(), TimeUnit.MILLISECONDS.toNanos(50));
      Runnable task = loop.poll(Math.max(0, waitNanos), TimeUnit.NANOSECONDS);
      if (task != null) {
        task.run();
      }
      engine.advanceTo(now());
    }
    drain();
  }

  private void drain() {
    for (DtlsEvent event = engine.pollEvent(); event != null; event = engine.pollEvent()) {
      events.add(event);
    }
    byte[] out = new byte[1500];
    for (int length = engine.pollPacket(now(), out, 0, out.length);
        length > 0;
        length = engine.pollPacket(now(), out, 0, out.length)) {
      byte[] datagram = Arrays.copyOf(out, length);
      if (!losesOfOurs.test(datagram)) {
        peer.datagram(datagram);
      }
    }
  }

  private void send(String text) {
    byte[] plaintext = text.getBytes(UTF_8);
    byte[] record = new byte[engine.headroom() + plaintext.length + 16];
    System.arraycopy(plaintext, 0, record, engine.headroom(), plaintext.length);
    int length = engine.seal(record, engine.headroom(), plaintext.length);
    peer.datagram(Arrays.copyOf(record, length));
  }

  private void talks() throws Exception {
    runUntil(() -> !events.isEmpty() && peer.connected().isDone());
    assertThat(events).hasSize(1).first().isInstanceOf(DtlsEvent.Established.class);
    send("from ours");
    assertThat(peer.receive()).isEqualTo("from ours".getBytes(UTF_8));
    peer.send("from stock".getBytes(UTF_8));
    runUntil(() -> !received.isEmpty());
    assertThat(received).containsExactly("from stock".getBytes(UTF_8));

    peer.close();
    runUntil(() -> events.size() > 1);
    assertThat(events).endsWith(new DtlsEvent.PeerClosed());
  }

  @ParameterizedTest
  @EnumSource(mode = Mode.MATCH_ALL, names = ".*ECDSA.*")
  void asServer(DtlsCipherSuite suite) throws Exception {
    ours(DtlsRole.SERVER, DtlsOptions.defaults(), 1200);
    peer.connect(suite.code(), StockPeer.Flavour.PLAIN);

    talks();
  }

  @ParameterizedTest
  @EnumSource(mode = Mode.MATCH_ALL, names = ".*ECDSA.*")
  void asClient(DtlsCipherSuite suite) throws Exception {
    ours(DtlsRole.CLIENT, DtlsOptions.defaults(), 1200);
    peer.accept(suite.code());

    talks();
  }

  @ParameterizedTest
  @ValueSource(ints = {100, 300, 1200})
  void aClientHelloAsBrowsersSendItIsReassembledAndAnsweredWithOneDotTwo(int sendLimit)
      throws Exception {
    ours(DtlsRole.SERVER, DtlsOptions.defaults(), sendLimit);
    peer.connect(DtlsCipherSuite.ECDHE_ECDSA_AES_128_GCM.code(), StockPeer.Flavour.BROWSER);

    talks();

    // Behind the record header the message type: both datagrams are parts of one ClientHello.
    assertThat(sentByPeer.get(0)[13]).isEqualTo((byte) 1);
    assertThat(sentByPeer.get(1)[13]).isEqualTo((byte) 1);
  }

  @ParameterizedTest
  @ValueSource(ints = {60, 200})
  void serversThatCutTheirFlightsSmallAreFollowed(int sendLimit) throws Exception {
    ours(DtlsRole.CLIENT, DtlsOptions.defaults(), sendLimit);
    peer.accept(DtlsCipherSuite.ECDHE_ECDSA_AES_128_GCM.code());

    talks();
  }

  @Test
  void aPeerThatAsksForShortRecordsDoesNotGetThem() throws Exception {
    ours(DtlsRole.SERVER, DtlsOptions.defaults(), 1200);
    peer.connect(DtlsCipherSuite.ECDHE_ECDSA_AES_128_GCM.code(), StockPeer.Flavour.SHORT_RECORDS);

    talks();
  }

  @Test
  void itsFinishedComesAgainWhenOursWasLost() throws Exception {
    var lost = new ArrayList<byte[]>();
    // Change of cipher and Finished travel together: their datagram starts with type 20.
    losesOfOurs =
        datagram -> {
          boolean lose = datagram[0] == 20 && lost.isEmpty();
          if (lose) {
            lost.add(datagram);
          }
          return lose;
        };
    ours(DtlsRole.SERVER, DtlsOptions.defaults(), 1200);
    peer.connect(DtlsCipherSuite.ECDHE_ECDSA_AES_128_GCM.code(), StockPeer.Flavour.PLAIN);

    talks();

    assertThat(lost).hasSize(1);
    assertThat(engine.statistics().flightRetransmissions()).isEqualTo(1);
  }

  @Test
  void aPeerWithoutExtendedMasterSecretIsRefused() throws Exception {
    ours(DtlsRole.SERVER, DtlsOptions.defaults(), 1200);
    peer.connect(
        DtlsCipherSuite.ECDHE_ECDSA_AES_128_GCM.code(),
        StockPeer.Flavour.WITHOUT_EXTENDED_MASTER_SECRET);
    runUntil(() -> !events.isEmpty());

    assertThat(events)
        .singleElement()
        .isInstanceOfSatisfying(
            DtlsEvent.Failed.class,
            failed -> assertThat(failed.code()).isEqualTo(DtlsFailure.HANDSHAKE_FAILED));
  }

  @Test
  void aPeerWithoutExtendedMasterSecretIsTakenWhereTheOptionSaysSo() throws Exception {
    ours(
        DtlsRole.SERVER,
        DtlsOptions.builder().extendedMasterSecret(ExtendedMasterSecret.PREFERRED).build(),
        1200);
    peer.connect(
        DtlsCipherSuite.ECDHE_ECDSA_AES_128_GCM.code(),
        StockPeer.Flavour.WITHOUT_EXTENDED_MASTER_SECRET);

    talks();
  }

  @Test
  void aPeerWithoutASuiteOfOursIsRefusedWithAnAlert() throws Exception {
    ours(DtlsRole.SERVER, DtlsOptions.defaults(), 1200);
    // TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA
    peer.connect(0xc009, StockPeer.Flavour.PLAIN);
    runUntil(() -> !events.isEmpty() && peer.connected().isDone());

    assertThat(events)
        .singleElement()
        .isInstanceOfSatisfying(
            DtlsEvent.Failed.class,
            failed -> {
              assertThat(failed.code()).isEqualTo(DtlsFailure.HANDSHAKE_FAILED);
              assertThat(failed.detail()).contains("handshake_failure");
            });
    assertThat(peer.connected()).isCompletedExceptionally();
  }
}
