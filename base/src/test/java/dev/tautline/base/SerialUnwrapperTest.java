package dev.tautline.base;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SerialUnwrapperTest {
  @Test
  void countsOnAcrossTheWrap() {
    var tsn = SerialUnwrapper.of32Bits(0xfffffffeL);

    assertThat(tsn.unwrap(0xffffffff)).isEqualTo(0xffffffffL);
    assertThat(tsn.unwrap(0)).isEqualTo(0x1_0000_0000L);
    assertThat(tsn.unwrap(0xffffffff)).isEqualTo(0xffffffffL);
  }

  @Test
  void sixteenBitsIgnoreWhatLiesAbove() {
    var ssn = SerialUnwrapper.of16Bits(65535);

    assertThat(ssn.peek(0)).isEqualTo(65536);
    assertThat(ssn.unwrap(3)).isEqualTo(65539);
    assertThat(ssn.unwrap(65534)).isEqualTo(65534);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void followsAnyWalkOfStepsBelowHalfTheRange(long seed) {
    var random = new Random(seed);
    long truth = random.nextInt() & 0xffffffffL;
    var unwrapper = SerialUnwrapper.of32Bits(truth);
    for (int i = 0; i < 10_000; i++) {
      truth += random.nextLong(-(1L << 30), 1L << 31);
      assertThat(unwrapper.unwrap((int) truth)).isEqualTo(truth);
    }
  }
}
