package dev.tautline.sctp.tx;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class DeliveryRateTest {
  private static final long MS = 1_000_000;

  private final DeliveryRate rate = new DeliveryRate();
  private final AckSummary ack = new AckSummary();
  private long orders;

  private OutstandingChunk send(long nowNanos, long flightBytes) {
    var chunk = new OutstandingChunk();
    chunk.chunkBytes = 1000;
    chunk.sentNanos = nowNanos;
    chunk.sendOrder = orders++;
    rate.sent(chunk, nowNanos, flightBytes);
    return chunk;
  }

  private double ackAt(long nowNanos, OutstandingChunk... chunks) {
    rate.beginAck();
    for (OutstandingChunk chunk : chunks) {
      rate.acked(chunk.chunkBytes, nowNanos);
      rate.acked(chunk);
    }
    ack.nowNanos = nowNanos;
    rate.endAck(ack, 0);
    return ack.deliveryRate;
  }

  @Test
  void isWhatWasAcknowledgedOverTheTimeItTook() {
    OutstandingChunk first = send(0, 0);
    OutstandingChunk second = send(0, 1000);

    assertThat(ackAt(100 * MS, first, second)).isEqualTo(20_000);
  }

  @Test
  void acknowledgementsThatComeCompressedDoNotInflateIt() {
    OutstandingChunk first = send(0, 0);
    OutstandingChunk second = send(100 * MS, 1000);
    OutstandingChunk third = send(200 * MS, 2000);

    ackAt(210 * MS, first);
    // All three were sent over 200 ms, whenever the SACKs came.
    assertThat(ackAt(211 * MS, second, third)).isLessThan(15_001);
  }

  @Test
  void saysWhenItIsTheApplicationsRate() {
    rate.applicationLimited(0);
    OutstandingChunk limited = send(0, 0);
    ackAt(100 * MS, limited);
    assertThat(ack.applicationLimited).isTrue();

    OutstandingChunk next = send(100 * MS, 0);
    ackAt(200 * MS, next);
    assertThat(ack.applicationLimited).isFalse();
  }

  @Test
  void aSackWithoutNewsMeasuresNothing() {
    ackAt(100 * MS, send(0, 0));

    assertThat(ackAt(200 * MS)).isZero();
    assertThat(ack.deliveredAtSend).isEqualTo(AckSummary.NOT_MEASURED);
  }
}
