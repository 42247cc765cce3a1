package dev.tautline.rpc.expose;

import dev.tautline.rpc.codec.Decoder;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** An entry of a table. */
sealed interface Member {
  /**
   * A value.
   *
   * @param getter reads it; null: it can only be written
   * @param setter writes it; null: it is read-only
   * @param written how an assigned value is converted
   */
  record Property(
      @Nullable Invoker getter,
      ResultShape shape,
      @Nullable Invoker setter,
      @Nullable Decoder written)
      implements Member {}

  /** A sub-object: paths lead through it. Its table is built when the outer one has been. */
  record SubObject(Invoker getter, Supplier<ExposedType> type) implements Member {}

  /** A function. */
  record Operation(List<Overload> overloads) implements Member {
    public Operation {
      overloads = List.copyOf(overloads);
    }
  }

  /** A function reached with {@code new}. */
  record Factory(List<Overload> overloads) implements Member {
    public Factory {
      overloads = List.copyOf(overloads);
    }
  }
}
