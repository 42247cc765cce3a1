package dev.tautline.rpc;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Objects of this interface go to the peer by reference: as a result or argument they become a
 * proxy, and the peer reaches the interface's methods. Functional interfaces do so without it.
 *
 * <p>If the interface extends {@link AutoCloseable}, {@code close()} is not callable by the peer:
 * it runs once when the peer has released the last proxy or the channel is closed.
 */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.TYPE)
public @interface RpcExposed {}
