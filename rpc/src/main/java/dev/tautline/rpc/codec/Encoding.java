package dev.tautline.rpc.codec;

import dev.tautline.rpc.BinaryKind;
import dev.tautline.rpc.JsValue;
import dev.tautline.rpc.LongPolicy;
import dev.tautline.rpc.NonFinite;
import dev.tautline.rpc.Remote;
import dev.tautline.rpc.RpcData;
import dev.tautline.rpc.RpcExposed;
import dev.tautline.rpc.RpcHandler;
import dev.tautline.rpc.RpcName;
import dev.tautline.rpc.RpcObject;
import dev.tautline.rpc.RpcProxy;
import dev.tautline.rpc.message.Refusal;
import dev.tautline.rpc.message.WireValue;
import dev.tautline.rpc.session.RawPort;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.Array;
import java.lang.reflect.Method;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.lang.reflect.TypeVariable;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.ZonedDateTime;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Date;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Java values to wire values, by what the value is. What JSON can say is said in plain JSON; what
 * it cannot say is refused, so that nothing is lost silently. Beans are refused: reflection on
 * arbitrary classes leaks fields.
 */
final class Encoding {
  private static final Logger LOG = LoggerFactory.getLogger(Encoding.class);
  private static final BigInteger MAX_SAFE = BigInteger.valueOf((1L << 53) - 1);
  private static final long MAX_SAFE_LONG = (1L << 53) - 1;
  private static final int MAX_STREAM_ITEMS = 1 << 20;
  private static final String HANDLER_BIGINT = "java.bigint";

  private final ValueCodec.Settings settings;

  Encoding(ValueCodec.Settings settings) {
    this.settings = settings;
  }

  WireValue topLevel(@Nullable Object value, @Nullable Type byReference, EncodeContext context) {
    if (value == null) {
      return new WireValue.Raw(JsValue.nullValue());
    }
    if (byReference != null) {
      return proxy(context.export(byReference, value));
    }
    if (value instanceof RpcProxy marked) {
      return proxy(context.export(marked.type(), marked.object()));
    }
    if (value instanceof RpcObject object) {
      return proxy(context.export(RpcObject.class, object));
    }
    for (RpcHandler<?> handler : settings.handlers()) {
      if (handler.type().isInstance(value)) {
        return new WireValue.Handler(handler.name(), plain(serialise(handler, value), context, 0));
      }
    }
    if (settings.longPolicy() == LongPolicy.BIGINT
        && (value instanceof Long || value instanceof BigInteger)
        && !isSafe(value)
        && context.peerKnows(HANDLER_BIGINT)) {
      return new WireValue.Handler(
          HANDLER_BIGINT, JsValue.object(Map.of("b", JsValue.of(value.toString()))));
    }
    Type exposed = exposedType(value);
    if (exposed != null) {
      return proxy(context.export(exposed, value));
    }
    return new WireValue.Raw(plain(value, context, 0));
  }

  private static <T> Object serialise(RpcHandler<T> handler, Object value) {
    return handler.serialise(handler.type().cast(value));
  }

  private static WireValue proxy(JsValue.Port port) {
    return new WireValue.Handler(WireValue.PROXY, port);
  }

  static boolean isByReference(Class<?> raw) {
    if (!raw.isInterface()
        || raw.isAnnotationPresent(RpcData.class)
        || ValueCodec.isRemoteType(raw)
        || JsValue.class.isAssignableFrom(raw)) {
      return false;
    }
    if (raw.isAnnotationPresent(RpcExposed.class)) {
      return true;
    }
    // Iterable and Comparable have one method each, and mean data.
    boolean callback =
        !raw.getName().startsWith("java.") || raw.isAnnotationPresent(FunctionalInterface.class);
    return callback && Types.functionalMethod(raw).isPresent();
  }

  /** The interface through which an object of a class is sent by reference, told by the class. */
  private static final ClassValue<Optional<Class<?>>> EXPOSED_INTERFACE =
      new ClassValue<>() {
        @Override
        protected Optional<Class<?>> computeValue(Class<?> type) {
          List<Class<?>> found = new ArrayList<>();
          collect(type, found);
          if (found.size() == 1) {
            return Optional.of(found.get(0));
          }
          // Lambdas: a hidden or synthetic class with one functional interface.
          if (found.isEmpty()
              && (type.isHidden() || type.isSynthetic())
              && type.getInterfaces().length == 1
              && isByReference(type.getInterfaces()[0])) {
            return Optional.of(type.getInterfaces()[0]);
          }
          return Optional.empty();
        }

        private void collect(Class<?> type, List<Class<?>> found) {
          if (type.isInterface() && type.isAnnotationPresent(RpcExposed.class)) {
            if (!found.contains(type)) {
              found.add(type);
            }
            return;
          }
          for (Class<?> parent : type.getInterfaces()) {
            collect(parent, found);
          }
          Class<?> parent = type.getSuperclass();
          if (parent != null) {
            collect(parent, found);
          }
        }
      };

  private static @Nullable Type exposedType(Object value) {
    if (value instanceof CharSequence || value instanceof Number || value instanceof Remote) {
      return null;
    }
    return EXPOSED_INTERFACE.get(value.getClass()).orElse(null);
  }

  JsValue plain(@Nullable Object value, EncodeContext context, int depth) {
    if (value == null) {
      return JsValue.nullValue();
    }
    if (depth > settings.maxDepth()) {
      // A cycle, or something that no peer would take.
      throw Refusal.unserialisable();
    }
    if (value instanceof CharSequence text) {
      return JsValue.of(text.toString());
    }
    if (value instanceof Boolean bool) {
      return JsValue.of(bool);
    }
    if (value instanceof Number number) {
      return number(number);
    }
    if (value instanceof JsValue js) {
      return fromJs(js, context, depth);
    }
    if (value instanceof Map<?, ?> map) {
      return map(map, context, depth);
    }
    if (value instanceof Collection<?> items) {
      return iterate(items.iterator(), context, depth);
    }
    if (value instanceof Record data) {
      return record(data, context, depth);
    }
    if (value instanceof Enum<?> constant) {
      return JsValue.of(enumName(constant));
    }
    if (value instanceof byte[] bytes) {
      return new JsValue.Binary(BinaryKind.UINT8_ARRAY, bytes.clone());
    }
    if (value instanceof ByteBuffer buffer) {
      byte[] bytes = new byte[buffer.remaining()];
      buffer.duplicate().get(bytes);
      return new JsValue.Binary(BinaryKind.UINT8_ARRAY, bytes);
    }
    if (value.getClass().isArray()) {
      return array(value, context, depth);
    }
    if (value instanceof Optional<?> optional) {
      return plain(optional.orElse(null), context, depth);
    }
    if (value instanceof OptionalInt optional) {
      return optional.isPresent() ? JsValue.of((long) optional.getAsInt()) : JsValue.nullValue();
    }
    if (value instanceof OptionalLong optional) {
      return optional.isPresent() ? number(optional.getAsLong()) : JsValue.nullValue();
    }
    if (value instanceof OptionalDouble optional) {
      return optional.isPresent() ? number(optional.getAsDouble()) : JsValue.nullValue();
    }
    if (value instanceof Character
        || value instanceof UUID
        || value instanceof URI
        || value instanceof Instant
        || value instanceof OffsetDateTime
        || value instanceof ZonedDateTime
        || value instanceof LocalDate
        || value instanceof LocalTime
        || value instanceof LocalDateTime
        || value instanceof Duration) {
      return JsValue.of(value.toString());
    }
    if (value instanceof Locale locale) {
      return JsValue.of(locale.toLanguageTag());
    }
    if (value instanceof Date date) {
      return JsValue.of(date.toInstant().toString());
    }
    if (value instanceof RawPort port) {
      return context.attach(port);
    }
    if (value instanceof Stream<?> stream) {
      try (Stream<?> closing = stream) {
        return iterate(closing.limit(MAX_STREAM_ITEMS + 1L).iterator(), context, depth);
      }
    }
    Optional<Class<?>> data = DATA_INTERFACE.get(value.getClass());
    if (data.isPresent()) {
      return context.dataOf(data.get(), value);
    }
    LOG.debug("no form on the wire for {}", value.getClass().getName());
    throw Refusal.unserialisable();
  }

  private static final ClassValue<Optional<Class<?>>> DATA_INTERFACE =
      new ClassValue<>() {
        @Override
        protected Optional<Class<?>> computeValue(Class<?> type) {
          for (Class<?> c = type; c != null; c = c.getSuperclass()) {
            for (Class<?> parent : c.getInterfaces()) {
              if (parent.isAnnotationPresent(RpcData.class)) {
                return Optional.of(parent);
              }
            }
          }
          return Optional.empty();
        }
      };

  private JsValue fromJs(JsValue value, EncodeContext context, int depth) {
    if (depth > settings.maxDepth()
        || value instanceof JsValue.Proxy
        || value instanceof JsValue.Custom) {
      throw Refusal.unserialisable();
    }
    if (value instanceof JsValue.Port port) {
      if (port.port() instanceof RawPort raw) {
        return context.attach(raw);
      }
      throw Refusal.unserialisable();
    }
    if (value instanceof JsValue.Arr array) {
      List<JsValue> items = new ArrayList<>(array.items().size());
      for (JsValue item : array.items()) {
        items.add(fromJs(item, context, depth + 1));
      }
      return new JsValue.Arr(items);
    }
    if (value instanceof JsValue.Obj object) {
      Map<String, JsValue> members = new LinkedHashMap<>();
      for (Map.Entry<String, JsValue> member : object.members().entrySet()) {
        members.put(member.getKey(), fromJs(member.getValue(), context, depth + 1));
      }
      return new JsValue.Obj(members);
    }
    return value;
  }

  private static boolean isSafe(Object value) {
    if (value instanceof BigInteger big) {
      return big.abs().compareTo(MAX_SAFE) <= 0;
    }
    return !(value instanceof Long n) || (n >= -MAX_SAFE_LONG && n <= MAX_SAFE_LONG);
  }

  private JsValue number(Number number) {
    if (number instanceof Double || number instanceof Float) {
      double value = number.doubleValue();
      if (!Double.isFinite(value)) {
        if (settings.nonFinite() == NonFinite.NULL) {
          return JsValue.nullValue();
        }
        throw Refusal.typeError("NaN and infinities cannot be sent");
      }
      return number instanceof Float
          ? JsValue.of(Double.parseDouble(number.toString()))
          : JsValue.of(value);
    }
    if (number instanceof BigDecimal decimal) {
      double value = decimal.doubleValue();
      return settings.bigDecimalAsNumber() && Double.isFinite(value)
          ? JsValue.of(value)
          : JsValue.of(decimal.toString());
    }
    if (number instanceof BigInteger || number instanceof Long) {
      boolean safe = isSafe(number);
      if (!safe && settings.longPolicy() == LongPolicy.ERROR) {
        throw Refusal.rangeError("integer beyond 2^53 - 1");
      }
      return safe && settings.longPolicy() != LongPolicy.ALWAYS_STRING
          ? JsValue.of(number.longValue())
          : JsValue.of(number.toString());
    }
    return JsValue.of(number.longValue());
  }

  private JsValue iterate(Iterator<?> items, EncodeContext context, int depth) {
    List<JsValue> result = new ArrayList<>();
    while (items.hasNext()) {
      if (result.size() >= MAX_STREAM_ITEMS) {
        throw Refusal.rangeError("more than " + MAX_STREAM_ITEMS + " items");
      }
      result.add(plain(items.next(), context, depth + 1));
    }
    return new JsValue.Arr(result);
  }

  private JsValue map(Map<?, ?> map, EncodeContext context, int depth) {
    Map<String, JsValue> members = new LinkedHashMap<>();
    for (Map.Entry<?, ?> entry : map.entrySet()) {
      Object key = entry.getKey();
      String name;
      if (key instanceof CharSequence || key instanceof Number || key instanceof UUID) {
        name = key.toString();
      } else if (key instanceof Enum<?> constant) {
        name = enumName(constant);
      } else {
        throw Refusal.unserialisable();
      }
      members.put(name, plain(entry.getValue(), context, depth + 1));
    }
    return new JsValue.Obj(members);
  }

  private JsValue array(Object array, EncodeContext context, int depth) {
    if (settings.typedArrays()) {
      JsValue typed = typedArray(array);
      if (typed != null) {
        return typed;
      }
    }
    int length = Array.getLength(array);
    List<JsValue> items = new ArrayList<>(length);
    for (int i = 0; i < length; i++) {
      items.add(plain(Array.get(array, i), context, depth + 1));
    }
    return new JsValue.Arr(items);
  }

  private static @Nullable JsValue typedArray(Object array) {
    if (array instanceof int[] values) {
      byte[] bytes = bytes(values.length * 4L);
      littleEndian(bytes).asIntBuffer().put(values);
      return new JsValue.Binary(BinaryKind.INT32_ARRAY, bytes);
    }
    if (array instanceof double[] values) {
      byte[] bytes = bytes(values.length * 8L);
      littleEndian(bytes).asDoubleBuffer().put(values);
      return new JsValue.Binary(BinaryKind.FLOAT64_ARRAY, bytes);
    }
    if (array instanceof float[] values) {
      byte[] bytes = bytes(values.length * 4L);
      littleEndian(bytes).asFloatBuffer().put(values);
      return new JsValue.Binary(BinaryKind.FLOAT32_ARRAY, bytes);
    }
    if (array instanceof long[] values) {
      byte[] bytes = bytes(values.length * 8L);
      littleEndian(bytes).asLongBuffer().put(values);
      return new JsValue.Binary(BinaryKind.BIGINT64_ARRAY, bytes);
    }
    if (array instanceof short[] values) {
      byte[] bytes = bytes(values.length * 2L);
      littleEndian(bytes).asShortBuffer().put(values);
      return new JsValue.Binary(BinaryKind.INT16_ARRAY, bytes);
    }
    return null;
  }

  private static byte[] bytes(long count) {
    if (count > 1 << 30) {
      throw Refusal.rangeError("array of " + count + " bytes");
    }
    return new byte[(int) count];
  }

  private static ByteBuffer littleEndian(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  static String enumName(Enum<?> constant) {
    try {
      RpcName name =
          constant.getDeclaringClass().getField(constant.name()).getAnnotation(RpcName.class);
      return name == null ? constant.name() : name.value();
    } catch (NoSuchFieldException e) {
      throw new IllegalStateException("an enum constant is a public field", e);
    }
  }

  /** The components of a record class, resolved once. */
  private record Accessors(List<String> names, List<MethodHandle> getters) {}

  private static final ClassValue<Accessors> ACCESSORS =
      new ClassValue<>() {
        @Override
        protected Accessors computeValue(Class<?> type) {
          RecordComponent[] parts = type.getRecordComponents();
          List<String> names = new ArrayList<>();
          List<MethodHandle> getters = new ArrayList<>();
          for (int i = 0; i < parts.length; i++) {
            RpcName name = parts[i].getAnnotation(RpcName.class);
            names.add(name == null ? parts[i].getName() : name.value());
            Method accessor = parts[i].getAccessor();
            accessor.trySetAccessible();
            try {
              getters.add(
                  MethodHandles.lookup()
                      .unreflect(accessor)
                      .asType(MethodType.methodType(Object.class, Object.class)));
            } catch (IllegalAccessException e) {
              throw new IllegalStateException(
                  "record " + type.getName() + " is not open to this module", e);
            }
          }
          return new Accessors(names, getters);
        }
      };

  private JsValue record(Record data, EncodeContext context, int depth) {
    Accessors accessors = ACCESSORS.get(data.getClass());
    Map<String, JsValue> members = new LinkedHashMap<>();
    for (int i = 0; i < accessors.names.size(); i++) {
      Object component;
      try {
        component = (Object) accessors.getters.get(i).invokeExact((Object) data);
      } catch (RuntimeException | Error e) {
        throw e;
      } catch (Throwable e) {
        throw new IllegalStateException(e);
      }
      members.put(accessors.names.get(i), plain(component, context, depth + 1));
    }
    return new JsValue.Obj(members);
  }

  /** What the type of a component of a generic record means for one use of the record. */
  static Type componentType(Type use, Class<?> record, RecordComponent part) {
    Type declared = part.getGenericType();
    if (use instanceof ParameterizedType p && declared instanceof TypeVariable<?> variable) {
      TypeVariable<?>[] variables = record.getTypeParameters();
      for (int i = 0; i < variables.length; i++) {
        if (variables[i].equals(variable)) {
          return Types.argument(p, i);
        }
      }
    }
    return declared;
  }
}
