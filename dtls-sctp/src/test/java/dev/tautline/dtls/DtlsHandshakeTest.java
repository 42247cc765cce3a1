package dev.tautline.dtls;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("dtls")
class DtlsHandshakeTest {
  private static boolean bothEstablished(DtlsPair pair) {
    return pair.client.engine.isEstablished() && pair.server.engine.isEstablished();
  }

  private static void talk(DtlsPair pair) {
    pair.sendData(pair.client, "to the server".getBytes(UTF_8));
    pair.sendData(pair.server, "to the client".getBytes(UTF_8));
    pair.settle();
    assertThat(pair.server.received).containsExactly("to the server".getBytes(UTF_8));
    assertThat(pair.client.received).containsExactly("to the client".getBytes(UTF_8));
  }

  @ParameterizedTest
  @EnumSource(mode = Mode.MATCH_ALL, names = ".*ECDSA.*")
  void twoEnginesAgreeAndExchangeData(DtlsCipherSuite suite) {
    var options = DtlsOptions.builder().cipherSuites(List.of(suite)).build();
    try (var pair = new DtlsPair(options, DtlsOptions.defaults()).established()) {
      var atClient = pair.client.event(DtlsEvent.Established.class).orElseThrow();
      assertThat(atClient.cipherSuite()).isEqualTo(suite.ianaName());
      assertThat(atClient.role()).isEqualTo(DtlsRole.CLIENT);
      assertThat(atClient.peerCertificate())
          .isEqualTo(DtlsPair.SERVER_CERTIFICATE.certificateDer());
      var atServer = pair.server.event(DtlsEvent.Established.class).orElseThrow();
      assertThat(atServer.peerCertificate())
          .isEqualTo(DtlsPair.CLIENT_CERTIFICATE.certificateDer());
      assertThat(pair.client.engine.headroom())
          .isEqualTo(suite.name().contains("CHACHA20") ? 13 : 21);

      talk(pair);
    }
  }

  @Test
  void aFastPathNeedsNoRetransmission() {
    try (var pair = new DtlsPair().established()) {
      assertThat(pair.client.engine.statistics().flightRetransmissions()).isZero();
      assertThat(pair.server.engine.statistics().flightRetransmissions()).isZero();
      assertThat(pair.client.engine.statistics().dropped()).isEmpty();
      assertThat(pair.server.engine.statistics().dropped()).isEmpty();
    }
  }

  @Test
  void aPreparedSideSendsNothingBeforeItStarts() {
    try (var pair = new DtlsPair()) {
      pair.client.engine.prepare();
      pair.server.engine.prepare();
      // Much longer than a handshake may take: no limit runs yet.
      assertThat(pair.runUntil(() -> bothEstablished(pair), Duration.ofMinutes(5))).isFalse();
      assertThat(pair.client.sent).isEmpty();
      assertThat(pair.server.sent).isEmpty();
      assertThat(pair.client.events).isEmpty();
      assertThat(pair.server.events).isEmpty();

      pair.established();

      assertThat(pair.client.sent).hasSize(2);
      assertThat(pair.client.engine.statistics().flightRetransmissions()).isZero();
      talk(pair);
    }
  }

  @Test
  void aPreparedSideThatIsClosedLeavesWithoutAWord() {
    try (var pair = new DtlsPair()) {
      pair.client.engine.prepare();
      pair.server.engine.prepare();
      pair.awaitIdle();
      pair.client.engine.close(pair.nowNanos);
      pair.server.engine.close(pair.nowNanos);
      assertThat(pair.client.takeDatagrams()).isEmpty();
      assertThat(pair.server.takeDatagrams()).isEmpty();
    }
  }

  @Test
  void aPreparedServerThatNobodySpokeToIsAsSilentAsAnUnpreparedOne() {
    try (var pair = new DtlsPair()) {
      pair.server.engine.prepare();
      pair.server.engine.start(pair.nowNanos);
      pair.awaitIdle();
      // A fatal alert left over from another association.
      byte[] alert = {21, (byte) 0xfe, (byte) 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 2, 40};
      pair.server.receive(alert);
      assertThat(pair.server.events).isEmpty();
      assertThat(pair.server.engine.statistics().dropped()).containsEntry(DtlsDrop.EARLY_ALERT, 1L);

      pair.server.engine.close(pair.nowNanos);
      assertThat(pair.server.takeDatagrams()).isEmpty();
    }
  }

  @Test
  void aFlightTravelsInAsFewDatagramsAsFit() {
    try (var pair = new DtlsPair().established()) {
      // ClientHello; certificate to Finished. ServerHello to ServerHelloDone; Finished.
      assertThat(pair.client.sent).hasSize(2);
      assertThat(pair.server.sent).hasSize(2);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {256, 400, 1200})
  void handshakeDatagramsHaveALimit(int bytes) {
    var options = DtlsOptions.builder().maxHandshakeDatagramBytes(bytes).build();
    try (var pair = new DtlsPair(options, options).established()) {
      var all = new ArrayList<>(pair.client.sent);
      all.addAll(pair.server.sent);
      assertThat(all).allSatisfy(d -> assertThat(d.length).isLessThanOrEqualTo(bytes));
      talk(pair);
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
  void survivesThirtyPercentLoss(long seed) {
    var random = new Random(seed);
    try (var pair = new DtlsPair()) {
      pair.network =
          (from, number, datagram) ->
              random.nextInt(100) < 30 ? List.of() : List.of(Duration.ofMillis(20));
      pair.start();

      assertThat(pair.runUntil(() -> bothEstablished(pair), Duration.ofSeconds(30)))
          .as("seed %d: %s %s", seed, pair.client.events, pair.server.events)
          .isTrue();

      pair.network = DtlsPair.Network.PERFECT;
      talk(pair);
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void survivesReorderingAndDuplicatesOfSmallFragments(long seed) {
    var random = new Random(seed);
    var options = DtlsOptions.builder().maxHandshakeDatagramBytes(256).build();
    try (var pair = new DtlsPair(options, options)) {
      pair.network =
          (from, number, datagram) ->
              random.nextInt(4) == 0
                  ? List.of(
                      Duration.ofMillis(random.nextInt(90)), Duration.ofMillis(random.nextInt(90)))
                  : List.of(Duration.ofMillis(random.nextInt(90)));
      pair.start();

      assertThat(pair.runUntil(() -> bothEstablished(pair), Duration.ofSeconds(30)))
          .as("seed %d: %s %s", seed, pair.client.events, pair.server.events)
          .isTrue();

      pair.network = DtlsPair.Network.PERFECT;
      pair.settle();
      talk(pair);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {300, 1_000, 2_000, 4_000})
  void succeedsWithRoundTripsAboveTheFirstTimer(int roundTripMillis) {
    try (var pair = new DtlsPair()) {
      pair.network = (from, number, datagram) -> List.of(Duration.ofMillis(roundTripMillis / 2));
      pair.start();

      // Two round trips, and no loss of time to retransmissions that cross answers.
      assertThat(
              pair.runUntil(
                  () -> bothEstablished(pair), Duration.ofMillis(roundTripMillis * 2L + 50)))
          .as("%s %s", pair.client.events, pair.server.events)
          .isTrue();
      pair.network = DtlsPair.Network.PERFECT;
      talk(pair);
    }
  }

  @Test
  void theIntervalOfRetransmissionsDoublesUpToTheCap() {
    try (var pair = new DtlsPair()) {
      var times = new ArrayList<Long>();
      pair.network =
          (from, number, datagram) -> {
            times.add(pair.nowNanos / 1_000_000);
            return List.of();
          };
      pair.start();
      pair.runUntil(() -> false, Duration.ofSeconds(5));

      assertThat(times).containsExactly(0L, 150L, 450L, 1_050L, 2_050L, 3_050L, 4_050L);
    }
  }

  @Test
  void theServersLostLastFlightIsRepeated() {
    try (var pair = new DtlsPair()) {
      var lost = new ArrayList<byte[]>();
      pair.network =
          (from, number, datagram) -> {
            if (from == DtlsRole.SERVER
                && Records.holdsSealedHandshake(datagram)
                && lost.size() < 2) {
              lost.add(datagram);
              return List.of();
            }
            return List.of(Duration.ofMillis(1));
          };
      pair.start();

      assertThat(pair.runUntil(() -> bothEstablished(pair), Duration.ofSeconds(5))).isTrue();

      assertThat(lost).hasSize(2);
      assertThat(pair.server.engine.statistics().flightRetransmissions()).isEqualTo(2);
      talk(pair);
    }
  }

  @Test
  void theFinalFlightArrivingManyTimesDoesNoHarm() {
    try (var pair = new DtlsPair()) {
      pair.network =
          (from, number, datagram) ->
              List.of(
                  Duration.ofMillis(1),
                  Duration.ofMillis(2),
                  Duration.ofMillis(60),
                  Duration.ofMillis(300));
      pair.start();

      assertThat(pair.runUntil(() -> bothEstablished(pair), Duration.ofSeconds(5))).isTrue();
      pair.settle();
      pair.network = DtlsPair.Network.PERFECT;
      talk(pair);
    }
  }

  @Test
  void aServerWaitsForItsClientHelloAndThenGivesUp() {
    try (var pair = new DtlsPair()) {
      pair.network = (from, number, datagram) -> List.of();
      pair.start();
      pair.runUntil(() -> !pair.server.events.isEmpty(), Duration.ofSeconds(40));

      assertThat(pair.nowNanos).isEqualTo(Duration.ofSeconds(30).toNanos());
      assertThat(pair.server.event(DtlsEvent.Failed.class).orElseThrow().code())
          .isEqualTo(DtlsFailure.TIMEOUT);
      assertThat(pair.client.event(DtlsEvent.Failed.class).orElseThrow().code())
          .isEqualTo(DtlsFailure.TIMEOUT);
    }
  }

  @Test
  void aHandshakeThatStandsStillEndsEarly() {
    try (var pair = new DtlsPair()) {
      // The server hears the ClientHello and then nothing.
      pair.network =
          (from, number, datagram) ->
              from == DtlsRole.CLIENT && number == 0 ? List.of(Duration.ofMillis(1)) : List.of();
      pair.start();
      pair.runUntil(() -> !pair.server.events.isEmpty(), Duration.ofSeconds(40));

      assertThat(pair.nowNanos).isLessThan(Duration.ofSeconds(11).toNanos());
      assertThat(pair.server.event(DtlsEvent.Failed.class).orElseThrow().code())
          .isEqualTo(DtlsFailure.TIMEOUT);
    }
  }

  @Test
  void aSecondClientHelloOfSomebodyElseIsIgnored() {
    try (var pair = new DtlsPair();
        var other = new DtlsPair()) {
      pair.start();
      other.start();
      other.runUntil(() -> !other.client.sent.isEmpty(), Duration.ofSeconds(1));
      byte[] foreign = other.client.sent.get(0);
      pair.network =
          (from, number, datagram) -> {
            if (from == DtlsRole.SERVER) {
              pair.server.receive(foreign);
            }
            return List.of(Duration.ofMillis(1));
          };

      assertThat(pair.runUntil(() -> bothEstablished(pair), Duration.ofSeconds(5))).isTrue();

      assertThat(pair.server.engine.statistics().dropped())
          .containsKey(DtlsDrop.OTHER_CLIENT_HELLO);
      // And after the handshake: a peer that restarted does not get at a living association.
      pair.server.receive(foreign);
      pair.network = DtlsPair.Network.PERFECT;
      talk(pair);
    }
  }

  @Test
  void anAlertBeforeTheClientHelloIsOfAnotherAssociation() {
    try (var pair = new DtlsPair()) {
      pair.start();
      pair.server.receive(Records.plain(21, 0, (byte) 2, (byte) 40));
      pair.server.receive(Records.plain(21, 1, (byte) 1, (byte) 0));

      assertThat(pair.runUntil(() -> bothEstablished(pair), Duration.ofSeconds(5))).isTrue();
      assertThat(pair.server.engine.statistics().dropped()).containsEntry(DtlsDrop.EARLY_ALERT, 2L);
    }
  }

  @Test
  void aFatalAlertDuringTheHandshakeEndsIt() {
    try (var pair = new DtlsPair()) {
      pair.network = (from, number, datagram) -> List.of();
      pair.start();
      pair.runUntil(() -> !pair.client.sent.isEmpty(), Duration.ofMillis(1));
      pair.client.receive(Records.plain(21, 0, (byte) 2, (byte) 40));
      pair.runUntil(() -> !pair.client.events.isEmpty(), Duration.ofSeconds(1));

      var failed = pair.client.event(DtlsEvent.Failed.class).orElseThrow();
      assertThat(failed.code()).isEqualTo(DtlsFailure.PEER_ALERT);
      assertThat(failed.detail()).contains("handshake_failure");
    }
  }

  @Test
  void closingDuringTheHandshakeTellsThePeer() {
    try (var pair = new DtlsPair()) {
      pair.start();
      pair.runUntil(() -> !pair.server.sent.isEmpty(), Duration.ofSeconds(1));
      pair.client.engine.close(pair.nowNanos);
      pair.settle();

      assertThat(pair.client.events).isEmpty();
      assertThat(pair.server.event(DtlsEvent.Failed.class)).isPresent();
    }
  }

  @Test
  void nothingIsSealedBeforeEstablished() {
    try (var pair = new DtlsPair()) {
      pair.start();
      assertThatIllegalStateException().isThrownBy(() -> pair.client.seal(new byte[10]));
    }
  }

  @Test
  void startsOnce() {
    try (var pair = new DtlsPair()) {
      pair.start();
      assertThatIllegalStateException().isThrownBy(() -> pair.client.engine.start(1));
    }
  }

  @Test
  void tellsKeysOnlyToWhomAsked() {
    var lines = new ArrayList<String>();
    var options = DtlsOptions.builder().keyLog(lines::add).build();
    try (var pair = new DtlsPair(options, DtlsOptions.defaults()).established()) {
      assertThat(lines)
          .singleElement()
          .asString()
          .matches("CLIENT_RANDOM [0-9a-f]{64} [0-9a-f]{96}");
      assertThat(pair.client.events.toString() + pair.server.events)
          .doesNotContain(lines.get(0).substring(80));
    }
  }

  @Test
  void garbageNeverThrowsAndNeverStopsAHandshake() {
    var random = new Random(7);
    try (var pair = new DtlsPair()) {
      pair.network =
          (from, number, datagram) -> {
            // Mutated copies travel in front of the true datagram; only headers are spared that
            // would make a plaintext message a different one, since plaintext is believed.
            for (int i = 0; i < 20; i++) {
              byte[] garbage = new byte[1 + random.nextInt(200)];
              random.nextBytes(garbage);
              garbage[0] = (byte) (20 + random.nextInt(44));
              (from == DtlsRole.CLIENT ? pair.server : pair.client).receive(garbage);
            }
            return List.of(Duration.ofMillis(1));
          };
      pair.start();

      assertThat(pair.runUntil(() -> bothEstablished(pair), Duration.ofSeconds(5))).isTrue();
    }
  }
}
