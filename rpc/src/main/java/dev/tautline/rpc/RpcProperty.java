package dev.tautline.rpc;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * The method is a property, not a function: without parameters it reads, with one it writes. A
 * property is writable for the peer only if the interface declares the writing method. Prefixes
 * {@code get}, {@code is} and {@code set} are taken off unless the name is given.
 *
 * <p>A property whose type is another interface is a sub-object: paths lead through it.
 */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.METHOD)
public @interface RpcProperty {
  /** The member's name; empty: from the method. */
  String value() default "";
}
