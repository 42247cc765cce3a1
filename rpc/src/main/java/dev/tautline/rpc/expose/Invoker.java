package dev.tautline.rpc.expose;

import org.jspecify.annotations.Nullable;

/** Runs one member of an object. */
@FunctionalInterface
interface Invoker {
  /** Whatever the member throws comes out as it is. */
  @Nullable Object invoke(Object target, @Nullable Object[] arguments) throws Throwable;
}
