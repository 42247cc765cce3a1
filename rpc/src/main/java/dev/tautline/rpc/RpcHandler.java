package dev.tautline.rpc;

/**
 * A transfer handler: a type of the application that travels under a name of its own. Both sides
 * must have registered the same name; as in Comlink it applies to whole arguments, assigned values
 * and results only, never inside them.
 *
 * @param <T> the Java type
 */
public interface RpcHandler<T> {
  /** The name on the wire; not {@code proxy} or {@code throw}. */
  String name();

  /** The Java type; its subclasses are taken too. */
  Class<T> type();

  /** What is sent: anything that could be an argument, except proxies. */
  Object serialise(T value);

  /** The value again; an exception refuses it. */
  T deserialise(JsValue value);
}
