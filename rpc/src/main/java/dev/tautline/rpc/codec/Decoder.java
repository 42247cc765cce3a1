package dev.tautline.rpc.codec;

import dev.tautline.rpc.JsValue;
import dev.tautline.rpc.message.Refusal;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Turns values into one declared Java type. Built once; safe for use by any thread. */
public interface Decoder {
  /**
   * The value as the type.
   *
   * @throws Refusal when it does not fit
   */
  @Nullable Object decode(JsValue value);

  /** What kinds of values may be taken; used to tell overloads apart. */
  Set<Kind> kinds();
}
