package dev.tautline.rpc.expose;

import dev.tautline.rpc.JsValue;
import dev.tautline.rpc.RemotePort;
import dev.tautline.rpc.RpcData;
import dev.tautline.rpc.RpcExposed;
import dev.tautline.rpc.RpcObject;
import dev.tautline.rpc.RpcProxy;
import dev.tautline.rpc.codec.Types;
import dev.tautline.rpc.codec.ValueCodec;
import java.lang.reflect.Type;
import java.net.URI;
import java.nio.ByteBuffer;
import java.util.Collection;
import java.util.Date;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What a declared result type means on the wire.
 *
 * @param isVoid the reply is {@code undefined}, whatever is returned
 * @param byReference the interface through which the result is exposed; null: sent as a value
 */
public record ResultShape(boolean isVoid, @Nullable Type byReference) {
  /** A value whose class says how it is sent. */
  public static final ResultShape VALUE = new ResultShape(false, null);

  private static final Set<Class<?>> CONTAINERS =
      Set.of(Optional.class, Collection.class, List.class, Set.class, Stream.class);

  private static final Set<Class<?>> SCALARS =
      Set.of(
          Object.class,
          Boolean.class,
          Character.class,
          UUID.class,
          URI.class,
          Locale.class,
          Date.class,
          ByteBuffer.class,
          OptionalInt.class,
          OptionalLong.class,
          OptionalDouble.class,
          RemotePort.class,
          RpcObject.class,
          RpcProxy.class);

  /** The type inside a future, or the type itself. */
  public static Type awaited(Type type) {
    Class<?> raw = Types.raw(type);
    return raw == CompletableFuture.class || raw == CompletionStage.class || raw == Future.class
        ? Types.argument(type, 0)
        : type;
  }

  /**
   * The shape of a declared type.
   *
   * @throws IllegalArgumentException if objects of that type can never be sent
   */
  static ResultShape of(ValueCodec codec, Type declared) {
    Type type = awaited(declared);
    Class<?> raw = Types.raw(type);
    if (raw == void.class || raw == Void.class) {
      return new ResultShape(true, null);
    }
    if (ValueCodec.isByReference(type)) {
      return new ResultShape(false, type);
    }
    check(codec, type);
    return VALUE;
  }

  private static void check(ValueCodec codec, Type type) {
    Class<?> raw = Types.raw(type);
    if (CONTAINERS.contains(raw) || Collection.class.isAssignableFrom(raw)) {
      check(codec, Types.argument(type, 0));
      return;
    }
    if (Map.class.isAssignableFrom(raw)) {
      check(codec, Types.argument(type, 1));
      return;
    }
    if (raw.isArray()) {
      check(codec, raw.getComponentType());
      return;
    }
    boolean known =
        raw.isPrimitive()
            || raw.isRecord()
            || raw.isEnum()
            || SCALARS.contains(raw)
            || Number.class.isAssignableFrom(raw)
            || CharSequence.class.isAssignableFrom(raw)
            || JsValue.class.isAssignableFrom(raw)
            || raw.getName().startsWith("java.time.")
            || raw.isAnnotationPresent(RpcData.class)
            || raw.isAnnotationPresent(RpcExposed.class)
            || codec.settings().handlers().stream().anyMatch(h -> raw.isAssignableFrom(h.type()));
    if (!known) {
      throw new IllegalArgumentException(
          raw.getName()
              + " cannot be sent; for objects by reference annotate an interface with @RpcExposed,"
              + " for data use a record or an interface with @RpcData");
    }
  }
}
