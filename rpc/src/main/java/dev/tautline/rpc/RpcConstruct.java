package dev.tautline.rpc;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * The method is a factory: the peer reaches it with {@code new}, and the result is always sent as a
 * proxy. Its return type is an interface.
 */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.METHOD)
public @interface RpcConstruct {
  /** The JavaScript class name; empty: the method's name. */
  String value() default "";
}
