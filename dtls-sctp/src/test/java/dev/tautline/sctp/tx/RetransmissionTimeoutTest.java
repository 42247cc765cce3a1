package dev.tautline.sctp.tx;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class RetransmissionTimeoutTest {
  private static final long MS = 1_000_000;

  private final RetransmissionTimeout rto =
      new RetransmissionTimeout(500 * MS, 400 * MS, 3_000 * MS);

  @Test
  void startsWithTheInitialValue() {
    assertThat(rto.rtoNanos()).isEqualTo(500 * MS);
    assertThat(rto.isMeasured()).isFalse();
  }

  @Test
  void theFirstMeasurementSetsSrttAndHalfOfItAsVariation() {
    rto.measured(300 * MS);

    assertThat(rto.srttNanos()).isEqualTo(300 * MS);
    // SRTT + 4 * RTTVAR = 300 + 4 * 150
    assertThat(rto.rtoNanos()).isEqualTo(900 * MS);
  }

  @Test
  void furtherMeasurementsCountAnEighthAndAQuarter() {
    rto.measured(400 * MS);
    rto.measured(480 * MS);

    // RTTVAR = 3/4 * 200 + 1/4 * 80 = 170, SRTT = 7/8 * 400 + 1/8 * 480 = 410
    assertThat(rto.srttNanos()).isEqualTo(410 * MS);
    assertThat(rto.rtoNanos()).isEqualTo((410 + 4 * 170) * MS);
  }

  @Test
  void staysWithinItsLimits() {
    rto.measured(1 * MS);
    assertThat(rto.rtoNanos()).isEqualTo(400 * MS);
    rto.measured(60_000 * MS);
    assertThat(rto.rtoNanos()).isEqualTo(3_000 * MS);
  }

  @Test
  void backsOffAndCollapsesAtTheNextMeasurement() {
    rto.measured(100 * MS);
    rto.backOff();
    rto.backOff();
    assertThat(rto.rtoNanos()).isEqualTo(1_600 * MS);

    rto.measured(100 * MS);

    assertThat(rto.rtoNanos()).isEqualTo(400 * MS);
  }
}
