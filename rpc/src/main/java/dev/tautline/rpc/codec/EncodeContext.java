package dev.tautline.rpc.codec;

import dev.tautline.rpc.JsValue;
import dev.tautline.rpc.session.RawPort;
import java.lang.reflect.Type;

/** What encoding needs from a connection. */
public interface EncodeContext {
  /** Makes the object reachable through the interface; the port has no connection part. */
  JsValue.Port export(Type api, Object object);

  /** Gives a raw port a place on this connection. */
  JsValue.Port attach(RawPort port);

  /** The properties of an object of an interface that is declared as data. */
  JsValue dataOf(Class<?> api, Object object);

  /** Whether the peer said that it knows the handler. */
  boolean peerKnows(String handler);
}
