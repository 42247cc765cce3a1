package dev.tautline.dtls.record;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("dtls")
class ReplayWindowTest {
  @Test
  void aNumberIsNewOnce() {
    var window = new ReplayWindow();
    assertThat(window.isNew(0)).isTrue();
    window.mark(0);
    assertThat(window.isNew(0)).isFalse();
    assertThat(window.isNew(1)).isTrue();
  }

  @Test
  void knowsTheLast64AtLeast() {
    var window = new ReplayWindow();
    window.mark(100_000);
    for (long sequence = 100_000 - 63; sequence < 100_000; sequence++) {
      assertThat(window.isNew(sequence)).isTrue();
      window.mark(sequence);
      assertThat(window.isNew(sequence)).isFalse();
    }
  }

  @Test
  void whatIsTooOldIsNotNew() {
    var window = new ReplayWindow();
    window.mark(ReplayWindow.SIZE * 10L);
    assertThat(window.isNew(0)).isFalse();
    assertThat(window.isNew(ReplayWindow.SIZE * 9L)).isFalse();
  }

  @Test
  void aLeapToTheEndForgetsNothingWrongly() {
    var window = new ReplayWindow();
    window.mark(5);
    window.mark(RecordNumbers.END - 1);
    assertThat(window.isNew(RecordNumbers.END - 1)).isFalse();
    assertThat(window.isNew(RecordNumbers.END - 2)).isTrue();
    assertThat(window.isNew(6)).isFalse();
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5})
  void neverSaysNewTwiceAndAgreesWithANaiveSet(long seed) {
    var random = new Random(seed);
    var window = new ReplayWindow();
    var seen = new HashSet<Long>();
    long highest = -1;
    long middle = 0;
    for (int i = 0; i < 50_000; i++) {
      middle += random.nextInt(100) == 0 ? random.nextInt(3000) : random.nextInt(3);
      long sequence = Math.max(0, middle + random.nextInt(1600) - 1500);
      boolean isNew = window.isNew(sequence);
      if (seen.contains(sequence)) {
        assertThat(isNew).as("seed %d, number %d", seed, sequence).isFalse();
      } else if (sequence > highest - 900) {
        assertThat(isNew).as("seed %d, number %d", seed, sequence).isTrue();
      }
      if (isNew) {
        window.mark(sequence);
        seen.add(sequence);
        highest = Math.max(highest, sequence);
      }
    }
  }
}
