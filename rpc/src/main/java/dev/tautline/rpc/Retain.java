package dev.tautline.rpc;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * How long a callback or object passed as this argument stays reachable for the other side. Without
 * it: until the receiver releases it, which a page does by itself when its proxy is garbage.
 */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.PARAMETER)
public @interface Retain {
  /** The end of the time. */
  Until value();

  /** The end of the time. */
  enum Until {
    /** The call it was passed to has been answered. */
    CALL,
    /** The receiver has released it. */
    RELEASE
  }
}
