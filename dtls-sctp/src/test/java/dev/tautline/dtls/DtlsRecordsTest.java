package dev.tautline.dtls;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.tautline.dtls.record.RecordHeader;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@Tag("dtls")
class DtlsRecordsTest {
  private static byte[] text(String text) {
    return text.getBytes(UTF_8);
  }

  private static byte[] join(byte[]... parts) {
    byte[] all = new byte[Arrays.stream(parts).mapToInt(p -> p.length).sum()];
    int at = 0;
    for (byte[] part : parts) {
      System.arraycopy(part, 0, all, at, part.length);
      at += part.length;
    }
    return all;
  }

  @Test
  void aRecordIsTakenOnce() {
    try (var pair = new DtlsPair().established()) {
      byte[] record = pair.client.seal(text("once"));
      pair.server.receive(record.clone());
      pair.server.receive(record.clone());

      assertThat(pair.server.received).hasSize(1);
      assertThat(pair.server.engine.statistics().dropped()).containsEntry(DtlsDrop.REPLAYED, 1L);
    }
  }

  @Test
  void recordsOutOfOrderAreTaken() {
    try (var pair = new DtlsPair().established()) {
      var records = new ArrayList<byte[]>();
      for (int i = 0; i < 100; i++) {
        records.add(pair.client.seal(new byte[] {(byte) i}));
      }
      for (int i = 99; i >= 0; i--) {
        pair.server.receive(records.get(i));
      }

      assertThat(pair.server.received).hasSize(100);
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = DtlsCipherSuite.class,
      names = {"ECDHE_ECDSA_AES_128_GCM", "ECDHE_ECDSA_CHACHA20_POLY1305"})
  void everyFlippedBitIsNoticedAndHurtsOnlyItsRecord(DtlsCipherSuite suite) {
    var options = DtlsOptions.builder().cipherSuites(List.of(suite)).build();
    try (var pair = new DtlsPair(options, options).established()) {
      byte[] record = pair.client.seal(text("corrupt me"));
      for (int bit = 0; bit < record.length * 8; bit++) {
        byte[] flipped = record.clone();
        flipped[bit / 8] ^= (byte) (1 << bit % 8);
        pair.server.receive(flipped);
      }
      assertThat(pair.server.received).isEmpty();
      assertThat(pair.server.events).hasSize(1);
      assertThat(pair.server.takeDatagrams()).isEmpty();

      pair.server.receive(record);
      assertThat(pair.server.received).containsExactly(text("corrupt me"));
    }
  }

  @Test
  void everyTruncationIsDropped() {
    try (var pair = new DtlsPair().established()) {
      byte[] record = pair.client.seal(text("cut me"));
      for (int length = 0; length < record.length; length++) {
        pair.server.receive(Arrays.copyOf(record, length));
      }
      assertThat(pair.server.received).isEmpty();

      pair.server.receive(record);
      assertThat(pair.server.received).hasSize(1);
    }
  }

  @Test
  void recordsOfOneDatagramAreWalkedAndABadLengthCostsTheRestOfItAlone() {
    try (var pair = new DtlsPair().established()) {
      byte[] first = pair.client.seal(text("1"));
      byte[] corrupt = pair.client.seal(text("2"));
      corrupt[corrupt.length - 1] ^= 1;
      byte[] third = pair.client.seal(text("3"));
      byte[] tooLong = pair.client.seal(text("4"));
      tooLong[12] += 1;
      pair.server.receive(join(first, corrupt, third, tooLong));
      pair.server.receive(pair.client.seal(text("5")));

      assertThat(pair.server.received).containsExactly(text("1"), text("3"), text("5"));
      assertThat(pair.server.engine.statistics().dropped())
          .containsEntry(DtlsDrop.BAD_RECORD, 1L)
          .containsEntry(DtlsDrop.MALFORMED_RECORD, 1L);
    }
  }

  @Test
  void plaintextAlertsAfterTheHandshakeAreNotObeyed() {
    try (var pair = new DtlsPair().established()) {
      pair.server.receive(Records.plain(21, 500, (byte) 2, (byte) 40));
      pair.server.receive(Records.plain(21, 501, (byte) 1, (byte) 0));
      pair.client.receive(Records.plain(21, 500, (byte) 1, (byte) 0));
      pair.sendData(pair.client, text("still here"));
      pair.settle();

      assertThat(pair.server.received).containsExactly(text("still here"));
      assertThat(pair.server.engine.statistics().dropped())
          .containsEntry(DtlsDrop.PLAINTEXT_AFTER_HANDSHAKE, 2L);
    }
  }

  @ParameterizedTest
  @EnumSource
  void closeNotifyIsToldAndAnswered(DtlsRole closing) {
    try (var pair = new DtlsPair().established()) {
      var closer = closing == DtlsRole.CLIENT ? pair.client : pair.server;
      var other = closing == DtlsRole.CLIENT ? pair.server : pair.client;
      pair.sendData(closer, text("last words"));
      int closerSent = closer.sent.size();
      int otherSent = other.sent.size();
      closer.engine.close(pair.nowNanos);
      closer.engine.close(pair.nowNanos);
      pair.settle();

      assertThat(other.received).containsExactly(text("last words"));
      assertThat(other.events).endsWith(new DtlsEvent.PeerClosed());
      assertThat(closer.sent.size() - closerSent).as("one close_notify").isEqualTo(1);
      assertThat(other.sent.size() - otherSent).as("its answer").isEqualTo(1);
      assertThat(closer.events).hasSize(1);
      assertThatIllegalStateException().isThrownBy(() -> closer.seal(new byte[1]));
      assertThatIllegalStateException().isThrownBy(() -> other.seal(new byte[1]));
    }
  }

  @Test
  void nothingIsHandedUpAfterClose() {
    try (var pair = new DtlsPair().established()) {
      byte[] late = pair.client.seal(text("late"));
      pair.server.engine.close(pair.nowNanos);
      pair.server.receive(late);

      assertThat(pair.server.received).isEmpty();
    }
  }

  @Test
  void anEmptyRecordIsNotData() {
    try (var pair = new DtlsPair().established()) {
      byte[] buffer = new byte[100];
      org.assertj.core.api.Assertions.assertThatIllegalArgumentException()
          .isThrownBy(() -> pair.client.engine.seal(buffer, 21, 0));
    }
  }

  @Test
  void sealsInPlaceAndTouchesNothingElse() {
    try (var pair = new DtlsPair().established()) {
      byte[] buffer = new byte[200];
      Arrays.fill(buffer, (byte) 0x55);
      byte[] plaintext = text("in place");
      System.arraycopy(plaintext, 0, buffer, 60, plaintext.length);
      int length = pair.client.engine.seal(buffer, 60, plaintext.length);

      assertThat(length).isEqualTo(21 + plaintext.length + 16);
      for (int i = 0; i < 60 - 21; i++) {
        assertThat(buffer[i]).isEqualTo((byte) 0x55);
      }
      for (int i = 60 - 21 + length; i < buffer.length; i++) {
        assertThat(buffer[i]).isEqualTo((byte) 0x55);
      }
      pair.server.receive(Arrays.copyOfRange(buffer, 39, 39 + length));
      assertThat(pair.server.received).containsExactly(plaintext);
    }
  }

  @Test
  void aSliceDiesWhenTheSinkReturnsButTheDatagramStaysAsItWas() {
    try (var pair = new DtlsPair().established()) {
      byte[] record = pair.client.seal(text("keep the input"));
      byte[] copy = record.clone();
      pair.server.receive(record);

      assertThat(record).isEqualTo(copy);
    }
  }

  /**
   * Loss makes both threads seal: the handshake's Finished, the loop's repetitions, data, alerts.
   */
  @ParameterizedTest
  @EnumSource(
      value = DtlsCipherSuite.class,
      names = {
        "ECDHE_ECDSA_AES_128_GCM",
        "ECDHE_ECDSA_AES_256_GCM",
        "ECDHE_ECDSA_CHACHA20_POLY1305"
      })
  void noRecordNumberIsUsedTwiceAndTheHeaderSaysTheNonce(DtlsCipherSuite suite) {
    var options = DtlsOptions.builder().cipherSuites(List.of(suite)).build();
    for (int seed = 0; seed < 4; seed++) {
      var random = new Random(seed);
      try (var pair = new DtlsPair(options, options)) {
        pair.network =
            (from, number, datagram) ->
                random.nextInt(100) < 40 ? List.of() : List.of(Duration.ofMillis(200));
        pair.start();
        pair.runUntil(
            () -> pair.client.engine.isEstablished() && pair.server.engine.isEstablished(),
            Duration.ofSeconds(30));
        assertThat(pair.client.engine.isEstablished()).as("seed %d", seed).isTrue();
        for (int i = 0; i < 50; i++) {
          pair.sendData(pair.client, new byte[100]);
          pair.sendData(pair.server, new byte[100]);
        }
        pair.client.engine.close(pair.nowNanos);
        pair.settle();

        for (var side : List.of(pair.client, pair.server)) {
          var used = new HashSet<Long>();
          int sealed = 0;
          for (byte[] record : Records.of(side.sent)) {
            assertThat(used.add(RecordHeader.number(record, 0)))
                .as("number %x, seed %d", RecordHeader.number(record, 0), seed)
                .isTrue();
            if (Records.epoch(record) == 1) {
              sealed++;
              if (suite != DtlsCipherSuite.ECDHE_ECDSA_CHACHA20_POLY1305) {
                assertThat(Arrays.copyOfRange(record, 13, 21))
                    .as("the explicit nonce is the record number")
                    .isEqualTo(Arrays.copyOfRange(record, 3, 11));
              }
            }
          }
          assertThat(sealed).isGreaterThan(50);
        }
      }
    }
  }
}
