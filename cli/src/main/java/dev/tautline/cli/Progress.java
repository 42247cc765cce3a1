package dev.tautline.cli;

import java.io.PrintStream;
import java.util.Locale;

/**
 * Progress of something with a known size: a bar that redraws itself on a terminal, a plain line at
 * every quarter in a pipe. Used by one thread.
 */
final class Progress {
  private static final int BAR = 30;
  private static final long REDRAW_NANOS = 100_000_000;

  private final PrintStream out;
  private final boolean terminal;
  private final String what;
  private final long total;
  private final long startNanos = System.nanoTime();
  private long drawnNanos;
  private int quarter;

  Progress(PrintStream out, boolean terminal, String what, long total) {
    this.out = out;
    this.terminal = terminal;
    this.what = what;
    this.total = total;
  }

  /** Whether standard output is a terminal. */
  @SuppressWarnings("SystemConsoleNull") // null up to JDK 21, asked for a terminal from 22 on
  static boolean onTerminal() {
    var console = System.console();
    if (console == null) {
      return false;
    }
    try {
      return (Boolean) java.io.Console.class.getMethod("isTerminal").invoke(console);
    } catch (ReflectiveOperationException olderJdk) {
      return true;
    }
  }

  void update(long done) {
    long now = System.nanoTime();
    if (terminal) {
      if (now - drawnNanos >= REDRAW_NANOS || done >= total) {
        drawnNanos = now;
        out.print("\r" + bar(done) + " " + figures(done, now));
        if (done >= total) {
          out.println();
        }
        out.flush();
      }
    } else {
      int reached = (int) (done * 4 / total);
      if (reached > quarter) {
        quarter = reached;
        out.println(what + " " + quarter * 25 + " %: " + figures(done, now));
      }
    }
  }

  private String bar(long done) {
    int filled = (int) (done * BAR / total);
    return what + " [" + "#".repeat(filled) + " ".repeat(BAR - filled) + "]";
  }

  private String figures(long done, long now) {
    double seconds = Math.max(1e-9, (now - startNanos) / 1e9);
    return String.format(
        Locale.ROOT, "%d of %d MiB, %.0f MB/s", done >> 20, total >> 20, done / 1e6 / seconds);
  }
}
