package dev.tautline.cli;

import java.time.Duration;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Waits for one phase of a command, and says which one it was when its time is over. */
final class Limit {
  private final Duration limit;

  Limit(Duration limit) {
    this.limit = limit;
  }

  static Limit ofSeconds(int seconds) {
    if (seconds < 1 || seconds > 86_400) {
      throw new CommandFailure(
          "A time limit of " + seconds + " s is not between 1 and 86400; choose another one");
    }
    return new Limit(Duration.ofSeconds(seconds));
  }

  Duration duration() {
    return limit;
  }

  /**
   * The result of the phase.
   *
   * @param phase what is waited for, as the subject of "did not happen within 30 s"
   * @param advice what to do next
   */
  <T> T await(CompletionStage<T> stage, String phase, String advice) throws InterruptedException {
    try {
      return stage.toCompletableFuture().get(limit.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      throw new CommandFailure(
          phase + " did not happen within " + limit.toSeconds() + " s; " + advice, e);
    } catch (ExecutionException e) {
      String why = CommandFailure.sentence(e).replaceAll("[.;\\s]+$", "");
      throw new CommandFailure(phase + " failed: " + why + "; " + advice, e);
    }
  }

  /**
   * The result of something whose phases have limits of their own and say so when these strike.
   *
   * @param phase what is waited for, as the subject of "failed: why"
   */
  <T> T outcome(CompletionStage<T> stage, String phase) throws InterruptedException {
    try {
      return stage.toCompletableFuture().get();
    } catch (ExecutionException e) {
      throw new CommandFailure(phase + " failed: " + CommandFailure.sentence(e), e);
    }
  }
}
