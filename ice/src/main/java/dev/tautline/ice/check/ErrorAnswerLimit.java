package dev.tautline.ice.check;

/** Lets ten error answers to unauthenticated checks through in a second. */
final class ErrorAnswerLimit {
  private static final int PER_SECOND = 10;
  private static final long SECOND = 1_000_000_000;

  private long windowStartNanos;
  private int inWindow;

  boolean allows(long nowNanos) {
    if (nowNanos - windowStartNanos >= SECOND) {
      windowStartNanos = nowNanos;
      inWindow = 0;
    }
    return inWindow++ < PER_SECOND;
  }
}
