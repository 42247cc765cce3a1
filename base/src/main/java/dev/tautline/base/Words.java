package dev.tautline.base;

import java.util.ArrayList;
import java.util.List;

/** Splits lines of text protocols into words. */
public final class Words {
  private Words() {}

  /**
   * The words between separators; never an empty one, however many separators stand side by side.
   *
   * @param separators each of these characters separates
   */
  public static String[] of(String text, String separators) {
    List<String> words = new ArrayList<>();
    int start = -1;
    for (int i = 0; i < text.length(); i++) {
      boolean separates = separators.indexOf(text.charAt(i)) >= 0;
      if (separates && start >= 0) {
        words.add(text.substring(start, i));
        start = -1;
      } else if (!separates && start < 0) {
        start = i;
      }
    }
    if (start >= 0) {
      words.add(text.substring(start));
    }
    return words.toArray(new String[0]);
  }
}
