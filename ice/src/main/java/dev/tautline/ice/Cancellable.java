package dev.tautline.ice;

/** A task that was scheduled and can be taken back. */
@FunctionalInterface
public interface Cancellable {
  /** Takes the task back; nothing happens when it ran or was cancelled already. */
  void cancel();
}
