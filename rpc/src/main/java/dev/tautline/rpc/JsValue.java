package dev.tautline.rpc;

import dev.tautline.rpc.codec.ValueCodec;
import dev.tautline.rpc.message.Refusal;
import java.math.BigInteger;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A value as a JavaScript peer sends or receives it. Immutable, except that the array of a {@link
 * Binary} is not copied.
 *
 * <p>The dynamic half of the API speaks in these; the typed half converts them by declared types.
 * {@link #undefined()} and {@link #nullValue()} are two different values, as in JavaScript.
 */
public sealed interface JsValue {
  /** The type of {@link #undefined()}. */
  enum Undefined implements JsValue {
    INSTANCE;

    @Override
    public String toString() {
      return "undefined";
    }
  }

  /** The type of {@link #nullValue()}. */
  enum Null implements JsValue {
    INSTANCE;

    @Override
    public String toString() {
      return "null";
    }
  }

  /** A boolean. */
  record Bool(boolean value) implements JsValue {
    @Override
    public String toString() {
      return Boolean.toString(value);
    }
  }

  /**
   * A finite number.
   *
   * @param value a {@code Long} where the text was an integer that fits, a {@code BigInteger} where
   *     it was a larger one, else a {@code Double}
   */
  record Num(Number value) implements JsValue {
    public Num {
      if (!(value instanceof Long || value instanceof BigInteger || value instanceof Double)) {
        throw new IllegalArgumentException("Long, BigInteger or Double, not " + value.getClass());
      }
      if (value instanceof Double d && !Double.isFinite(d)) {
        throw new IllegalArgumentException("JSON has no " + d);
      }
    }

    @Override
    public String toString() {
      return value.toString();
    }
  }

  /** A string; may hold lone surrogates, as JavaScript's can. */
  record Text(String value) implements JsValue {
    @Override
    public String toString() {
      return '"' + value + '"';
    }
  }

  /** An array. */
  record Arr(List<JsValue> items) implements JsValue {
    public Arr {
      items = Collections.unmodifiableList(items);
    }

    @Override
    public String toString() {
      return items.toString();
    }
  }

  /** A plain object; members keep their order. */
  record Obj(Map<String, JsValue> members) implements JsValue {
    public Obj {
      members = Collections.unmodifiableMap(members);
    }

    @Override
    public String toString() {
      return members.toString();
    }
  }

  /**
   * Bytes, with the class they have on the page.
   *
   * @param kind the JavaScript class
   * @param bytes exactly the window of the view; not copied
   */
  @SuppressWarnings("ArrayRecordComponent") // equals and hashCode compare the content
  record Binary(BinaryKind kind, byte[] bytes) implements JsValue {
    public Binary {
      if (bytes.length % kind.elementBytes() != 0) {
        throw new IllegalArgumentException(
            bytes.length + " bytes are not whole elements of " + kind);
      }
    }

    @Override
    public boolean equals(@Nullable Object other) {
      return other instanceof Binary that && kind == that.kind && Arrays.equals(bytes, that.bytes);
    }

    @Override
    public int hashCode() {
      return 31 * kind.hashCode() + Arrays.hashCode(bytes);
    }

    @Override
    public String toString() {
      return kind + "(" + bytes.length + " bytes)";
    }
  }

  /** An object or function that lives at the peer. */
  record Proxy(Remote remote) implements JsValue {
    @Override
    public String toString() {
      return "[proxy]";
    }
  }

  /**
   * A raw message port.
   *
   * @param id the port's name on the wire
   * @param port the port; null only inside the module, before the port is bound to a connection
   */
  record Port(String id, @Nullable RemotePort port) implements JsValue {
    @Override
    public String toString() {
      return "[port]";
    }
  }

  /**
   * A value that a transfer handler of the application made.
   *
   * @param handler the handler's name
   * @param value what it made
   */
  record Custom(String handler, Object value) implements JsValue {
    @Override
    public String toString() {
      return "[" + handler + "]";
    }
  }

  /** The missing value: what {@code void} methods give. A single object. */
  static JsValue undefined() {
    // No constant of this interface: it would have to be made while its own class is.
    return Undefined.INSTANCE;
  }

  /** JavaScript's {@code null}. A single object. */
  static JsValue nullValue() {
    return Null.INSTANCE;
  }

  /** A string as a value. */
  static JsValue of(String value) {
    return new Text(value);
  }

  /** A boolean as a value. */
  static JsValue of(boolean value) {
    return new Bool(value);
  }

  /** An integer as a value. Above 2^53 the page sees the nearest double. */
  static JsValue of(long value) {
    return new Num(value);
  }

  /** A finite number as a value. */
  static JsValue of(double value) {
    return new Num(value);
  }

  /** An array of the given values. */
  static JsValue array(JsValue... items) {
    return new Arr(List.of(items));
  }

  /** A copy of the map as an object. */
  static JsValue object(Map<String, ? extends JsValue> members) {
    return new Obj(new LinkedHashMap<>(members));
  }

  /** Whether this is {@code undefined}. */
  default boolean isUndefined() {
    return this == Undefined.INSTANCE;
  }

  /** Whether this is {@code undefined} or {@code null}. */
  default boolean isNullish() {
    return this == Undefined.INSTANCE || this == Null.INSTANCE;
  }

  /** The member, or {@link #undefined()} where there is none. */
  default JsValue get(String name) {
    if (this instanceof Obj object) {
      return object.members().getOrDefault(name, Undefined.INSTANCE);
    }
    return Undefined.INSTANCE;
  }

  /** The element, or {@link #undefined()} where there is none. */
  default JsValue get(int index) {
    if (this instanceof Arr array && index >= 0 && index < array.items().size()) {
      return array.items().get(index);
    }
    return Undefined.INSTANCE;
  }

  /** Elements of an array or members of an object, else 0. */
  default int size() {
    if (this instanceof Arr array) {
      return array.items().size();
    }
    return this instanceof Obj object ? object.members().size() : 0;
  }

  /**
   * This value as a Java type, by the rules for arguments: nothing is truncated or guessed.
   *
   * @throws RpcException with {@link RpcException.Code#CONVERSION} when it does not fit; {@code
   *     undefined} and {@code null} fit only types that have an empty value, such as {@code
   *     Optional}
   */
  default <T> T as(Class<T> type) {
    try {
      @SuppressWarnings("unchecked")
      T result = (T) ValueCodec.DEFAULT.decoder(type).decode(this);
      if (result == null) {
        throw new RpcException(RpcException.Code.CONVERSION, "a value is required, not " + this);
      }
      return result;
    } catch (Refusal e) {
      throw new RpcException(RpcException.Code.CONVERSION, e.getMessage(), e);
    }
  }

  /** This value as an {@code int}. */
  default int asInt() {
    return as(Integer.class);
  }

  /** This value as a {@code long}. */
  default long asLong() {
    return as(Long.class);
  }

  /** This value as a {@code double}. */
  default double asDouble() {
    return as(Double.class);
  }

  /** This value as a {@code boolean}. */
  default boolean asBoolean() {
    return as(Boolean.class);
  }

  /** This value as a string; numbers and booleans are not turned into text. */
  default String asString() {
    return as(String.class);
  }

  /** The bytes of a {@link Binary}. */
  default byte[] asBytes() {
    return as(byte[].class);
  }

  /** The proxy of a {@link Proxy}. */
  default Remote asRemote() {
    return as(Remote.class);
  }

  /** The port of a {@link Port}. */
  default RemotePort asPort() {
    return as(RemotePort.class);
  }
}
