package dev.tautline.sctp.tx;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class RackTest {
  private static final long MS = 1_000_000;

  private final Rack rack = new Rack();
  private long orders;

  private OutstandingChunk sent(long tsn, long sentNanos, int transmissions) {
    var chunk = new OutstandingChunk();
    chunk.tsn = tsn;
    chunk.sentNanos = sentNanos;
    chunk.transmissions = transmissions;
    chunk.sendOrder = orders++;
    return chunk;
  }

  @Test
  void whatWasSentBeforeSomethingAcknowledgedIsOvertaken() {
    OutstandingChunk first = sent(1, 0, 1);
    OutstandingChunk second = sent(2, 0, 1);
    OutstandingChunk third = sent(3, 0, 1);

    rack.acked(second, 100 * MS, false);

    assertThat(rack.isOvertaken(first)).isTrue();
    assertThat(rack.isOvertaken(third)).isFalse();
    assertThat(rack.lostAtNanos(first, 25 * MS)).isEqualTo(125 * MS);
  }

  @Test
  void anAcknowledgementTooEarlyForTheRetransmissionSaysNothing() {
    rack.acked(sent(1, 0, 1), 100 * MS, false);
    OutstandingChunk other = sent(2, 100 * MS, 1);

    // 10 ms after it was sent again: that was the first copy's.
    rack.acked(sent(3, 110 * MS, 2), 120 * MS, false);

    assertThat(rack.isOvertaken(other)).isFalse();
  }

  @Test
  void toleratesNoReorderingInRecoveryUntilSomeWasSeen() {
    OutstandingChunk late = sent(1, 0, 1);
    rack.acked(sent(2, 0, 1), 100 * MS, false);

    assertThat(rack.reorderingWindowNanos(true, 1, 100 * MS)).isZero();
    assertThat(rack.reorderingWindowNanos(false, 3, 100 * MS)).isZero();
    // Outside of recovery and with few gaps, a quarter of the round trip.
    assertThat(rack.reorderingWindowNanos(false, 1, 100 * MS)).isEqualTo(25 * MS);

    rack.acked(late, 110 * MS, true);

    assertThat(rack.reorderingWindowNanos(true, 3, 100 * MS)).isEqualTo(25 * MS);
  }

  @Test
  void duplicatesWidenTheWindowOnceARoundTripAndUpToTheRoundTrip() {
    rack.acked(sent(2, 0, 1), 100 * MS, false);
    rack.duplicatesReported(10, 20);
    rack.duplicatesReported(15, 30);
    assertThat(rack.reorderingWindowNanos(false, 0, 100 * MS)).isEqualTo(50 * MS);

    for (int i = 2; i < 20; i++) {
      rack.duplicatesReported(10 * i, 10 * i + 10);
    }
    assertThat(rack.reorderingWindowNanos(false, 0, 100 * MS)).isEqualTo(100 * MS);
  }

  @Test
  void theWindowNarrowsAfterSixteenRecoveries() {
    rack.acked(sent(2, 0, 1), 100 * MS, false);
    rack.duplicatesReported(10, 20);

    for (int i = 0; i < 15; i++) {
      rack.recovered();
    }
    assertThat(rack.reorderingWindowNanos(false, 0, 100 * MS)).isEqualTo(50 * MS);
    rack.recovered();
    assertThat(rack.reorderingWindowNanos(false, 0, 100 * MS)).isEqualTo(25 * MS);
  }
}
