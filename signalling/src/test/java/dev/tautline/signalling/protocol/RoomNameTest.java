package dev.tautline.signalling.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RoomNameTest {
  @ParameterizedTest
  @ValueSource(strings = {"a", "7", "kitchen", "Kitchen-2_b.c~d", "0-"})
  void takesUnreservedCharacters(String name) {
    assertThat(new RoomName(name).value()).isEqualTo(name);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "", ".", "..", "-a", "~a", "a b", "a/b", "a%20b", "küche", "a\n", "a\u0000", "a?b"
      })
  void refusesEverythingElse(String name) {
    assertThat(RoomName.isValid(name)).isFalse();
    assertThatThrownBy(() -> new RoomName(name))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("1 to 64");
  }

  @Test
  void takesUpTo64Characters() {
    assertThat(RoomName.isValid("x".repeat(64))).isTrue();
    assertThat(RoomName.isValid("x".repeat(65))).isFalse();
  }
}
