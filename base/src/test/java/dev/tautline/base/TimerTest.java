package dev.tautline.base;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class TimerTest {
  @Test
  void doublesUpToTheCapCountingFromTheExpiration() {
    var timer = new Timer(Backoff.doublingTo(300));
    timer.start(1_000, 100);

    assertThat(timer.expire(1_099)).isFalse();
    assertThat(timer.expire(1_150)).isTrue();
    assertThat(timer.deadlineNanos()).isEqualTo(1_350);
    assertThat(timer.expire(1_350)).isTrue();
    assertThat(timer.deadlineNanos()).isEqualTo(1_650);
    assertThat(timer.expirations()).isEqualTo(2);
  }

  @Test
  void aStoppedTimerIsNeverDue() {
    var timer = new Timer(Backoff.none());

    assertThat(timer.expire(Long.MAX_VALUE - 1)).isFalse();
    timer.start(0, 5);
    timer.stop();
    assertThat(timer.isRunning()).isFalse();
    assertThat(timer.expire(Long.MAX_VALUE - 1)).isFalse();
  }

  @Test
  void longBackoffNeverOverflows() {
    var timer = new Timer(Backoff.doublingTo(Long.MAX_VALUE));
    timer.start(0, Long.MAX_VALUE / 2);
    for (int i = 0; i < 100; i++) {
      assertThat(timer.expire(Long.MAX_VALUE - 1)).isTrue();
      assertThat(timer.deadlineNanos()).isPositive();
      timer.stop();
      timer.start(0, Long.MAX_VALUE / 2);
    }
  }
}
