package dev.tautline.datachannel.transport;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * Something that a thread other than the loop's wants done on the loop. It is its own link in the
 * queue, so that a message on its way costs no further object.
 */
public abstract class LoopEntry {
  static final VarHandle NEXT;

  static {
    try {
      NEXT = MethodHandles.lookup().findVarHandle(LoopEntry.class, "next", LoopEntry.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  @SuppressWarnings("unused") // Accessed by the handle.
  private volatile @Nullable LoopEntry next;

  /** Is queued at most once. */
  protected LoopEntry() {}

  /** Does it, on the loop. */
  protected abstract void run();
}
