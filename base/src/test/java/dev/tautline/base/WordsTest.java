package dev.tautline.base;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class WordsTest {
  @Test
  void separatorsInARowBeforeAndBehindMakeNoEmptyWords() {
    assertThat(Words.of(" \ta  bc\t \td ", " \t")).containsExactly("a", "bc", "d");
  }

  @Test
  void onlyTheCharactersNamedSeparate() {
    assertThat(Words.of("a\tb,c d", " ,")).containsExactly("a\tb", "c", "d");
  }

  @Test
  void aTextWithoutWordsHasNone() {
    assertThat(Words.of("", " ")).isEmpty();
    assertThat(Words.of("   ", " ")).isEmpty();
  }
}
