package dev.tautline.signalling.protocol;

/**
 * A place in a room. Who sits in the lower one of two slots offers.
 *
 * @param index 0 for the first slot, at most {@value #MAX_INDEX}
 */
public record Slot(int index) implements Comparable<Slot> {
  /** The highest index: one letter names a slot. */
  public static final int MAX_INDEX = 25;

  /** The first slot: its member offers. */
  public static final Slot A = new Slot(0);

  /** The second slot: its member waits for the offer. */
  public static final Slot B = new Slot(1);

  /** Checks the range. */
  public Slot {
    if (index < 0 || index > MAX_INDEX) {
      throw new IllegalArgumentException("slot index " + index + ", must be 0 to " + MAX_INDEX);
    }
  }

  /**
   * The slot of a letter.
   *
   * @throws IllegalArgumentException when the text is not one letter from {@code a} to {@code z}
   */
  public static Slot parse(String letter) {
    if (letter.length() != 1 || letter.charAt(0) < 'a' || letter.charAt(0) > 'z') {
      throw new IllegalArgumentException("A slot is one letter from a to z");
    }
    return new Slot(letter.charAt(0) - 'a');
  }

  /** Whether this slot's member makes the offer to the other slot's. */
  public boolean offersTo(Slot other) {
    return index < other.index;
  }

  @Override
  public int compareTo(Slot other) {
    return Integer.compare(index, other.index);
  }

  /** The slot's letter. */
  @Override
  public String toString() {
    return String.valueOf((char) ('a' + index));
  }
}
