package dev.tautline.datachannel.dcep;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tautline.datachannel.dcep.StreamIds.Parity;
import org.junit.jupiter.api.Test;

class StreamIdsTest {
  private final StreamIds ids = new StreamIds();

  @Test
  void theClientTakesEvenAndTheServerOddIds() {
    ids.ownParity(Parity.EVEN);
    assertThat(ids.takeLowest()).isZero();
    assertThat(ids.takeLowest()).isEqualTo(2);

    var server = new StreamIds();
    server.ownParity(Parity.ODD);
    assertThat(server.takeLowest()).isEqualTo(1);
    assertThat(server.takeLowest()).isEqualTo(3);
  }

  @Test
  void stepsOverIdsThatNegotiatedChannelsHave() {
    ids.take(0);
    ids.take(2);
    ids.take(3);
    ids.ownParity(Parity.EVEN);

    assertThat(ids.takeLowest()).isEqualTo(4);
  }

  @Test
  void aFreedIdIsTakenAgain() {
    ids.ownParity(Parity.EVEN);
    ids.takeLowest();
    ids.takeLowest();
    ids.free(0);

    assertThat(ids.takeLowest()).isZero();
    assertThat(ids.takeLowest()).isEqualTo(4);
  }

  @Test
  void anIdIsTakenOnce() {
    assertThat(ids.take(7)).isTrue();
    assertThat(ids.take(7)).isFalse();
    assertThat(ids.isTaken(7)).isTrue();
  }

  @Test
  void id65535IsNeverTaken() {
    assertThat(ids.take(65_534)).isTrue();
    assertThat(ids.take(65_535)).isFalse();
    assertThat(ids.take(-1)).isFalse();
  }

  @Test
  void allIdsOfOneParityCanBeTakenAndNoMore() {
    ids.ownParity(Parity.ODD);
    for (int i = 0; i < 32_767; i++) {
      assertThat(ids.takeLowest()).isEqualTo(2 * i + 1);
    }
    assertThat(ids.takeLowest()).isEqualTo(-1);
  }

  @Test
  void theAssociationLimitsTheIds() {
    ids.ownParity(Parity.EVEN);
    ids.maxChannels(3);

    assertThat(ids.takeLowest()).isZero();
    assertThat(ids.takeLowest()).isEqualTo(2);
    assertThat(ids.takeLowest()).isEqualTo(-1);
    assertThat(ids.take(3)).isFalse();
  }

  @Test
  void withoutARoleNoIdCanBeChosen() {
    assertThatThrownBy(ids::takeLowest).isInstanceOf(IllegalStateException.class);
  }
}
