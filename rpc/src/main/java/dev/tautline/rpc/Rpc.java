package dev.tautline.rpc;

import dev.tautline.rpc.endpoint.RpcEndpoint;
import dev.tautline.rpc.session.Session;

/**
 * The entry point: puts RPC on a channel.
 *
 * <pre>{@code
 * RpcConnection connection = Rpc.connect(DataChannelEndpoint.of(channel));
 * connection.expose(Greeter.class, name -> "Hello " + name);
 * Page page = connection.wrap(Page.class);      // typed
 * Remote any = connection.remote();             // dynamic
 * }</pre>
 */
public final class Rpc {
  private Rpc() {}

  /** A connection with the default options. */
  public static RpcConnection connect(RpcEndpoint endpoint) {
    return connect(endpoint, RpcOptions.defaults());
  }

  /**
   * A connection that serves and calls on the endpoint, which it owns from now on. Authorise the
   * peer before: every frame that comes is served by the rules of what is exposed.
   */
  public static RpcConnection connect(RpcEndpoint endpoint, RpcOptions options) {
    return Session.start(endpoint, options);
  }

  /** A connection that exposes one object. */
  public static <T> RpcConnection expose(RpcEndpoint endpoint, Class<T> api, T object) {
    return connect(endpoint).expose(api, object);
  }

  /** The peer's root object through an interface; {@link #connection} gives its connection. */
  public static <T> T wrap(RpcEndpoint endpoint, Class<T> api) {
    return connect(endpoint).wrap(api);
  }

  /** The peer's root object without an interface. */
  public static Remote wrap(RpcEndpoint endpoint) {
    return connect(endpoint).remote();
  }

  /**
   * Marks an object to be sent by reference, through the methods of the interface: as an argument
   * of a dynamic call, or as a result declared as {@code Object}.
   */
  public static <T> RpcProxy proxy(Class<T> api, T object) {
    return new RpcProxy(api, api.cast(object));
  }

  /** Marks an object built member by member to be sent by reference. */
  public static RpcProxy proxy(RpcObject object) {
    return new RpcProxy(RpcObject.class, object);
  }

  /** A callback for dynamic calls: takes what comes. */
  public static RpcProxy callback(RpcObject.Function function) {
    return proxy(RpcObject.function(function));
  }

  /**
   * The dynamic face of a typed proxy: to release it, or to reach its connection.
   *
   * @throws IllegalArgumentException if it is not a proxy that a connection made
   */
  public static Remote remote(Object typedProxy) {
    return Session.remoteOf(typedProxy);
  }

  /** The connection of a typed proxy. */
  public static RpcConnection connection(Object typedProxy) {
    return remote(typedProxy).connection();
  }

  /** Releases the port of a typed proxy without waiting for the peer. */
  public static void release(Object typedProxy) {
    remote(typedProxy).close();
  }
}
