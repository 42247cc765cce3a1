package dev.tautline.rpc;

import java.lang.reflect.Type;

/**
 * An object marked to be sent by reference; {@link Rpc#proxy} makes it.
 *
 * @param type the interface that says what is reachable
 * @param object the object
 */
public record RpcProxy(Type type, Object object) {}
