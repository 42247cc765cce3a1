package dev.tautline.ice.candidate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tautline.ice.IceCandidateType;
import java.math.BigInteger;
import java.util.Random;
import org.junit.jupiter.api.Test;

class PrioritiesTest {
  @Test
  void aHostCandidateWithTheHighestLocalPreferenceAsInRfc8445() {
    assertThat(Priorities.candidate(IceCandidateType.HOST, 65_535)).isEqualTo(2130706431L);
    assertThat(Priorities.candidate(IceCandidateType.SERVER_REFLEXIVE, 65_535))
        .isEqualTo(1694498815L);
    assertThat(Priorities.peerReflexive(2130706431L)).isEqualTo(1862270975L);
  }

  @Test
  void pairPrioritiesAreRightInAllSixtyFourBits() {
    var random = new Random(6123);
    for (int i = 0; i < 10_000; i++) {
      long g = random.nextInt() & 0xffff_ffffL;
      long d = random.nextInt() & 0xffff_ffffL;
      BigInteger expected =
          BigInteger.TWO
              .pow(32)
              .multiply(BigInteger.valueOf(Math.min(g, d)))
              .add(BigInteger.TWO.multiply(BigInteger.valueOf(Math.max(g, d))))
              .add(g > d ? BigInteger.ONE : BigInteger.ZERO)
              .mod(BigInteger.TWO.pow(64));
      assertThat(new BigInteger(Long.toUnsignedString(Priorities.pair(g, d)))).isEqualTo(expected);
    }
  }
}
