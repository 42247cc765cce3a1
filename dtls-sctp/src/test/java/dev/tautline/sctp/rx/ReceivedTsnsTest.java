package dev.tautline.sctp.rx;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.TreeSet;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ReceivedTsnsTest {
  private static List<String> rangesOf(ReceivedTsns received) {
    var ranges = new ArrayList<String>();
    for (int i = 0; i < received.ranges(); i++) {
      ranges.add(received.start(i) + "-" + received.end(i));
    }
    return ranges;
  }

  private static List<String> rangesOf(TreeSet<Long> tsns, long cumulative) {
    var ranges = new ArrayList<String>();
    Long next = tsns.higher(cumulative);
    while (next != null) {
      long end = next;
      while (tsns.contains(end + 1)) {
        end++;
      }
      ranges.add(next + "-" + end);
      next = tsns.higher(end);
    }
    return ranges;
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void equalsANaiveSetAfterAnySteps(long seed) {
    var random = new SplittableRandom(seed);
    var received = new ReceivedTsns(1, 8_192);
    var naive = new TreeSet<Long>();
    long cumulative = 0;
    for (int step = 0; step < 5_000; step++) {
      if (random.nextInt(50) == 0) {
        long to = cumulative + random.nextInt(10);
        received.forwardTo(to);
        for (long tsn = cumulative + 1; tsn <= to; tsn++) {
          naive.add(tsn);
        }
      } else {
        long tsn = cumulative + 1 + random.nextInt(60);
        assertThat(received.contains(tsn)).isEqualTo(naive.contains(tsn));
        if (!naive.contains(tsn)) {
          assertThat(received.takes(tsn)).isTrue();
          received.add(tsn);
          naive.add(tsn);
        }
      }
      while (naive.contains(cumulative + 1)) {
        cumulative++;
      }
      assertThat(received.cumulative()).as("seed %d step %d", seed, step).isEqualTo(cumulative);
      assertThat(rangesOf(received))
          .as("seed %d step %d", seed, step)
          .isEqualTo(rangesOf(naive, cumulative));
    }
  }
}
