package dev.tautline.dtls;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Handshake datagrams with a flipped bit or a cut end. Plaintext is believed, so a handshake may
 * fail of it; it may not throw, hang, or end as a fault of ours, and no two sides may believe in
 * different things.
 */
@Tag("dtls")
class MalformedHandshakeTest {
  @ParameterizedTest
  @CsvSource({"CLIENT,0", "SERVER,0", "CLIENT,1", "SERVER,1"})
  void flippedBitsAndCutsAreSurvived(DtlsRole sender, int datagramNumber) {
    for (int seed = 0; seed < 100; seed++) {
      var random = new Random(seed);
      try (var pair = new DtlsPair()) {
        pair.network =
            (from, number, datagram) -> {
              if (from == sender && number == datagramNumber) {
                byte[] changed =
                    random.nextInt(4) == 0
                        ? Arrays.copyOf(datagram, random.nextInt(datagram.length))
                        : datagram.clone();
                if (changed.length == datagram.length) {
                  changed[random.nextInt(changed.length)] ^= (byte) (1 << random.nextInt(8));
                }
                (from == DtlsRole.CLIENT ? pair.server : pair.client).receive(changed);
                return List.of();
              }
              return List.of(Duration.ofMillis(1));
            };
        pair.start();
        boolean ended =
            pair.runUntil(
                () -> !pair.client.events.isEmpty() && !pair.server.events.isEmpty(),
                Duration.ofSeconds(60));

        assertThat(ended).as("seed %d", seed).isTrue();
        for (var side : List.of(pair.client, pair.server)) {
          assertThat(side.event(DtlsEvent.Failed.class).map(DtlsEvent.Failed::code))
              .as("seed %d: %s %s", seed, pair.client.events, pair.server.events)
              .isNotEqualTo(java.util.Optional.of(DtlsFailure.INTERNAL_ERROR));
        }
        if (pair.client.engine.isEstablished() && pair.server.engine.isEstablished()) {
          pair.network = DtlsPair.Network.PERFECT;
          pair.sendData(pair.client, new byte[] {1});
          pair.settle();
          assertThat(pair.server.received).as("seed %d", seed).hasSize(1);
        }
      }
    }
  }
}
