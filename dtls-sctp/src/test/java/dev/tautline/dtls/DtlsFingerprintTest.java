package dev.tautline.dtls;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.time.Duration;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("dtls")
class DtlsFingerprintTest {
  private static final byte[] DER = DtlsPair.SERVER_CERTIFICATE.certificateDer();
  private static final Fingerprint WRONG = Fingerprint.ofCertificate(new byte[] {1});

  private static DtlsFailure failureOf(DtlsPair.Side side) {
    return side.event(DtlsEvent.Failed.class).orElseThrow().code();
  }

  @ParameterizedTest
  @ValueSource(strings = {"sha-256", "sha-384", "sha-512", "sha-1"})
  void matchesInAnyLetterCase(String hash) {
    Fingerprint fingerprint = Fingerprint.ofCertificate(hash, DER);

    assertThat(fingerprint.matches(DER)).isTrue();
    String sdp = fingerprint.toSdp();
    assertThat(Fingerprint.parse(sdp.toLowerCase(Locale.ROOT))).isEqualTo(fingerprint);
    assertThat(Fingerprint.parse(sdp.toUpperCase(Locale.ROOT))).isEqualTo(fingerprint);
    assertThat(fingerprint.matches(new byte[] {1})).isFalse();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"sha-256", "sha-256 ", "sha-256 AB", "sha-256 ABCD", "sha-256 GG:00", " : ", ""})
  void refusesWhatIsNoFingerprint(String value) {
    assertThatIllegalArgumentException().isThrownBy(() -> Fingerprint.parse(value));
  }

  @Test
  void onlyTheStrongestHashCounts() {
    var good256 = Fingerprint.ofCertificate("sha-256", DER);
    var wrong512 = Fingerprint.ofCertificate("sha-512", new byte[] {1});
    var good512 = Fingerprint.ofCertificate("sha-512", DER);
    var md5 = Fingerprint.parse("md5 00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF");

    assertThat(Fingerprint.strongest(List.of(good256, wrong512))).containsExactly(wrong512);
    assertThat(Fingerprint.strongest(List.of(good256, wrong512, good512)))
        .containsExactly(wrong512, good512);
    assertThat(Fingerprint.strongest(List.of(md5, good256))).containsExactly(good256);
    assertThat(Fingerprint.strongest(List.of(md5))).isEmpty();
    assertThat(md5.matches(DER)).isFalse();
  }

  @Test
  void noSupportedHashIsAMistakeOfTheCaller() {
    var md5 = Fingerprint.parse("md5 00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF");
    try (var pair = new DtlsPair()) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> pair.client.engine.setRemoteFingerprints(List.of(md5)));
      assertThatIllegalArgumentException()
          .isThrownBy(() -> pair.client.engine.setRemoteFingerprints(List.of()));
    }
  }

  @Test
  void oneOfSeveralIsEnough() {
    try (var pair = new DtlsPair()) {
      pair.client.engine.setRemoteFingerprints(
          List.of(WRONG, DtlsPair.SERVER_CERTIFICATE.fingerprint()));
      pair.server.engine.setRemoteFingerprints(List.of(DtlsPair.CLIENT_CERTIFICATE.fingerprint()));
      pair.startWithoutFingerprints();

      assertThat(pair.runUntil(pair.client.engine::isEstablished, Duration.ofSeconds(5))).isTrue();
    }
  }

  @Test
  void aWrongServerIsRefusedByTheClient() {
    try (var pair = new DtlsPair()) {
      pair.client.engine.setRemoteFingerprints(List.of(WRONG));
      pair.server.engine.setRemoteFingerprints(List.of(DtlsPair.CLIENT_CERTIFICATE.fingerprint()));
      pair.startWithoutFingerprints();
      pair.runUntil(
          () -> !pair.client.events.isEmpty() && !pair.server.events.isEmpty(),
          Duration.ofSeconds(5));

      assertThat(failureOf(pair.client)).isEqualTo(DtlsFailure.FINGERPRINT_MISMATCH);
      var atServer = pair.server.event(DtlsEvent.Failed.class).orElseThrow();
      assertThat(atServer.code()).isEqualTo(DtlsFailure.PEER_ALERT);
      assertThat(atServer.detail()).contains("bad_certificate");
    }
  }

  @Test
  void aWrongClientIsRefusedByTheServer() {
    try (var pair = new DtlsPair()) {
      pair.client.engine.setRemoteFingerprints(List.of(DtlsPair.SERVER_CERTIFICATE.fingerprint()));
      pair.server.engine.setRemoteFingerprints(List.of(WRONG));
      pair.startWithoutFingerprints();
      pair.runUntil(
          () -> !pair.client.events.isEmpty() && !pair.server.events.isEmpty(),
          Duration.ofSeconds(5));

      assertThat(failureOf(pair.server)).isEqualTo(DtlsFailure.FINGERPRINT_MISMATCH);
      assertThat(failureOf(pair.client)).isEqualTo(DtlsFailure.PEER_ALERT);
      assertThat(pair.client.event(DtlsEvent.Established.class)).isEmpty();
    }
  }

  @Test
  void aFingerprintThatComesLateEstablishesAndHandsUpWhatWasHeld() {
    try (var pair = new DtlsPair()) {
      pair.client.engine.setRemoteFingerprints(List.of(DtlsPair.SERVER_CERTIFICATE.fingerprint()));
      pair.startWithoutFingerprints();
      pair.runUntil(pair.client.engine::isEstablished, Duration.ofSeconds(5));
      pair.sendData(pair.client, "early".getBytes(UTF_8));
      pair.settle();
      assertThat(pair.server.engine.isEstablished()).isFalse();
      assertThat(pair.server.received).isEmpty();
      assertThat(pair.server.events).isEmpty();

      pair.server.engine.setRemoteFingerprints(List.of(DtlsPair.CLIENT_CERTIFICATE.fingerprint()));

      assertThat(pair.server.engine.isEstablished()).isTrue();
      assertThat(pair.server.received).isEmpty();
      // The driver sees the event first, then the data.
      assertThat(pair.server.engine.pollEvent()).isInstanceOf(DtlsEvent.Established.class);
      assertThat(pair.server.received).isEmpty();
      assertThat(pair.server.engine.nextDeadlineNanos()).isLessThanOrEqualTo(pair.nowNanos);
      pair.server.engine.advanceTo(pair.nowNanos);
      assertThat(pair.server.received).containsExactly("early".getBytes(UTF_8));
    }
  }

  @Test
  void aWrongFingerprintThatComesLateEndsTheAssociationAndNothingIsHandedUp() {
    try (var pair = new DtlsPair()) {
      pair.client.engine.setRemoteFingerprints(List.of(DtlsPair.SERVER_CERTIFICATE.fingerprint()));
      pair.startWithoutFingerprints();
      pair.runUntil(pair.client.engine::isEstablished, Duration.ofSeconds(5));
      pair.sendData(pair.client, "secret".getBytes(UTF_8));
      pair.settle();

      pair.server.engine.setRemoteFingerprints(List.of(WRONG));
      pair.settle();

      assertThat(failureOf(pair.server)).isEqualTo(DtlsFailure.FINGERPRINT_MISMATCH);
      assertThat(pair.server.received).isEmpty();
      assertThat(pair.client.event(DtlsEvent.Failed.class).orElseThrow().detail())
          .contains("bad_certificate");
    }
  }

  @Test
  void whatIsHeldHasALimit() {
    try (var pair = new DtlsPair()) {
      pair.client.engine.setRemoteFingerprints(List.of(DtlsPair.SERVER_CERTIFICATE.fingerprint()));
      pair.startWithoutFingerprints();
      pair.runUntil(pair.client.engine::isEstablished, Duration.ofSeconds(5));
      for (int i = 0; i < 40; i++) {
        pair.sendData(pair.client, new byte[1188]);
      }
      pair.settle();
      pair.server.engine.setRemoteFingerprints(List.of(DtlsPair.CLIENT_CERTIFICATE.fingerprint()));
      pair.settle();

      assertThat(pair.server.received).hasSize(16);
      assertThat(pair.server.engine.statistics().dropped())
          .containsEntry(DtlsDrop.HELD_DATA_OVERFLOW, 24L);
    }
  }

  @Test
  void aFingerprintThatNeverComesEndsTheWait() {
    try (var pair = new DtlsPair()) {
      pair.client.engine.setRemoteFingerprints(List.of(DtlsPair.SERVER_CERTIFICATE.fingerprint()));
      pair.startWithoutFingerprints();
      pair.runUntil(() -> !pair.server.events.isEmpty(), Duration.ofSeconds(40));

      assertThat(failureOf(pair.server)).isEqualTo(DtlsFailure.TIMEOUT);
    }
  }
}
