package dev.tautline.rpc.codec;

import dev.tautline.rpc.JsValue;

/** What a value is on the wire: enough to tell overloads apart. */
public enum Kind {
  BOOLEAN,
  NUMBER,
  TEXT,
  ARRAY,
  OBJECT,
  BINARY,
  PROXY,
  PORT,
  /** {@code null} or {@code undefined}. */
  ABSENT;

  /** The kind of a value. */
  public static Kind of(JsValue value) {
    if (value instanceof JsValue.Num) {
      return NUMBER;
    }
    if (value instanceof JsValue.Text) {
      return TEXT;
    }
    if (value instanceof JsValue.Bool) {
      return BOOLEAN;
    }
    if (value instanceof JsValue.Arr) {
      return ARRAY;
    }
    if (value instanceof JsValue.Obj || value instanceof JsValue.Custom) {
      return OBJECT;
    }
    if (value instanceof JsValue.Binary) {
      return BINARY;
    }
    if (value instanceof JsValue.Proxy) {
      return PROXY;
    }
    return value instanceof JsValue.Port ? PORT : ABSENT;
  }
}
