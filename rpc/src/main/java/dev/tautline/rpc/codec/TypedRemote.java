package dev.tautline.rpc.codec;

import java.lang.reflect.Type;

/** What a proxy must be able to do so that it can be an argument of an interface type. */
public interface TypedRemote {
  /** The object at the peer seen through the interface. */
  Object typed(Type api);
}
