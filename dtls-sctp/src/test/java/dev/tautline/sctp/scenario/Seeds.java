package dev.tautline.sctp.scenario;

/**
 * Seeds of tests. A plain run has always the same ones; {@code -Dtautline.run=N} shifts them all,
 * so that each of {@link RepeatedRuns} has its own.
 */
public final class Seeds {
  /** Names the run: 0 by default. */
  public static final String RUN = "tautline.run";

  /** Far enough apart that the small numbers of tests do not meet those of another run. */
  private static final long STRIDE = 1_000_003;

  private Seeds() {}

  /** The seed that stands for {@code seed} in this run; shown when the test fails. */
  public static long of(long seed) {
    long run = Long.getLong(RUN, 0);
    long shifted = seed + run * STRIDE;
    Ladder.current().ifPresent(ladder -> ladder.usesSeed(shifted));
    return shifted;
  }
}
